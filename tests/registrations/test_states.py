"""The table of moves: what it allows, and that it refuses all the rest."""

from __future__ import annotations

import itertools

import pytest

from enroll.moves import IllegalMove
from enroll.registrations.states import LIVE, MOVES, SEATED, State

ALLOWED = {(source, target) for source, target, _by in MOVES}
FORBIDDEN = sorted(
    (pair for pair in itertools.product([None, *State], State) if pair not in ALLOWED),
    key=str,
)


def test_the_table_is_the_one_of_the_design() -> None:
    """And beyond it: a move from elsewhere, e-mails confirmed, corrected, a case never decided."""
    assert len(ALLOWED) == 4 + 7 + 5 + 6 + 6 + 3
    assert {State.PENDING, State.OFFERED, State.CONFIRMED} == SEATED
    assert SEATED | {State.APPLIED, State.WAITLISTED} == LIVE


@pytest.mark.parametrize(("source", "target"), FORBIDDEN)
def test_every_other_move_is_refused(source: State | None, target: State) -> None:
    with pytest.raises(IllegalMove):
        MOVES.check(source, target)


@pytest.mark.parametrize("ended", [state for state in State if not state.is_live])
def test_nothing_leads_out_of_an_ended_state(ended: State) -> None:
    assert not any(MOVES.allows(ended, target) for target in State)
