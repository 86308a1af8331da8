"""What a newcomer meets at a batch, at every moment of its life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from enroll.batches.states import BATCH_MOVES, BatchState, Window, window

OPENS = datetime(2027, 1, 1, 9, tzinfo=UTC)
CLOSES = datetime(2027, 2, 1, 18, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("now", "has_seat", "meets"),
    [
        (OPENS - TICK, True, Window.NOT_YET),
        (OPENS, True, Window.OPEN),
        (OPENS, False, Window.WAITLIST),
        (CLOSES - TICK, True, Window.OPEN),
        (CLOSES, True, Window.CLOSED),
        (CLOSES, False, Window.CLOSED),
    ],
)
@pytest.mark.parametrize("state", [BatchState.TENTATIVE, BatchState.CONFIRMED_TO_RUN])
def test_the_window_opens_and_closes_to_the_moment(
    state: BatchState, now: datetime, has_seat: bool, meets: Window
) -> None:
    found = window(state, opens_at=OPENS, closes_at=CLOSES, has_seat=has_seat, now=now)
    assert found is meets
    assert found.takes_people == (meets in (Window.OPEN, Window.WAITLIST))


@pytest.mark.parametrize("state", [BatchState.DRAFT, BatchState.CALLED_OFF])
def test_a_draft_and_a_batch_called_off_take_nobody(state: BatchState) -> None:
    for now in (OPENS - TICK, OPENS, CLOSES):
        found = window(state, opens_at=OPENS, closes_at=CLOSES, has_seat=True, now=now)
        assert found is Window.CLOSED


def test_a_batch_called_off_stays_so() -> None:
    assert not any(BATCH_MOVES.allows(BatchState.CALLED_OFF, state) for state in BatchState)
