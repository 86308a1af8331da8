"""The states of a batch and of its registration window. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from enroll.moves import Moves


class BatchState(StrEnum):
    """How certain a dated run of a course is."""

    DRAFT = "draft"
    TENTATIVE = "tentative"
    CONFIRMED_TO_RUN = "confirmed_to_run"
    CALLED_OFF = "called_off"

    @property
    def is_public(self) -> bool:
        return self is not BatchState.DRAFT


BATCH_MOVES: Moves[BatchState] = Moves(
    {
        None: {BatchState.DRAFT: "staff plan it"},
        BatchState.DRAFT: {
            BatchState.TENTATIVE: "published, with a minimum to reach",
            BatchState.CONFIRMED_TO_RUN: "published, without a minimum",
        },
        BatchState.TENTATIVE: {
            BatchState.CONFIRMED_TO_RUN: "enough people, or staff decide so",
            BatchState.CALLED_OFF: "staff call it off",
        },
        BatchState.CONFIRMED_TO_RUN: {BatchState.CALLED_OFF: "staff call it off"},
    }
)


class Window(StrEnum):
    """What registering for a batch leads to at a given moment."""

    NOT_YET = "not_yet"
    OPEN = "open"
    WAITLIST = "waitlist"
    CLOSED = "closed"

    @property
    def takes_people(self) -> bool:
        return self in (Window.OPEN, Window.WAITLIST)


def window(
    state: BatchState,
    *,
    opens_at: datetime,
    closes_at: datetime,
    has_seat: bool,
    may_wait: bool = True,
    now: datetime,
) -> Window:
    """What a newcomer meets at `now`; `has_seat`: a seat is free and nobody waits for it.

    `may_wait`: the waitlist has room. Where neither is so, the batch takes nobody.
    """
    if state in (BatchState.DRAFT, BatchState.CALLED_OFF) or now >= closes_at:
        return Window.CLOSED
    if now < opens_at:
        return Window.NOT_YET
    if has_seat:
        return Window.OPEN
    return Window.WAITLIST if may_wait else Window.CLOSED
