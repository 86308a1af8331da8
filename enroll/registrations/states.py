"""The states of a registration and the moves between them: the table of the design, in code. Pure."""

from __future__ import annotations

from enum import StrEnum

from enroll.moves import Moves


class State(StrEnum):
    """Where one person's request for a seat stands."""

    APPLIED = "applied"
    PENDING = "pending"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"

    @property
    def is_seated(self) -> bool:
        return self in SEATED

    @property
    def is_live(self) -> bool:
        return self in LIVE


SEATED = frozenset({State.PENDING, State.OFFERED, State.CONFIRMED})
LIVE = SEATED | {State.APPLIED, State.WAITLISTED}

MOVES: Moves[State] = Moves(
    {
        None: {
            State.PENDING: "registered: a seat is free",
            State.WAITLISTED: "registered: no seat is free",
            State.APPLIED: "registered: the batch asks for approval",
            State.CONFIRMED: "moved here from another batch, or registered by telephone",
        },
        State.APPLIED: {
            State.PENDING: "staff accept: a seat is free",
            State.WAITLISTED: "staff accept: no seat is free",
            State.REJECTED: "staff reject",
            State.APPLIED: "e-mail confirmed, or the address corrected",
            State.EXPIRED: "batch started undecided, or the address was not confirmed in time",
            State.WITHDRAWN: "student",
            State.CANCELLED: "staff",
        },
        State.PENDING: {
            State.CONFIRMED: "e-mail confirmed, or said yes on the telephone",
            State.PENDING: "the address was corrected",
            State.EXPIRED: "hold ran out",
            State.WITHDRAWN: "student",
            State.CANCELLED: "staff",
        },
        State.WAITLISTED: {
            State.OFFERED: "a seat freed",
            State.CONFIRMED: "said yes on the telephone",
            State.WAITLISTED: "e-mail confirmed or corrected, or skipped: the group does not fit,"
            " the next does",
            State.EXPIRED: "batch started, or the address was not confirmed in time",
            State.WITHDRAWN: "student",
            State.CANCELLED: "staff",
        },
        State.OFFERED: {
            State.CONFIRMED: "student accepts",
            State.OFFERED: "the address was corrected, or confirmed",
            State.WAITLISTED: "student passes, or lets it lapse once",
            State.EXPIRED: "offer lapsed again",
            State.WITHDRAWN: "student",
            State.CANCELLED: "staff",
        },
        State.CONFIRMED: {
            State.CONFIRMED: "the address was corrected, or confirmed",
            State.WITHDRAWN: "student",
            State.CANCELLED: "staff",
        },
    }
)
