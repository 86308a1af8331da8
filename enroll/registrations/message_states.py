"""To whom staff write, where such a message stands, and why somebody does not get it. Pure."""

from __future__ import annotations

from enum import StrEnum

from enroll.moves import Moves
from enroll.registrations.states import LIVE, State


class Audience(StrEnum):
    """Who in a batch is written to; `CHOSEN` are people picked one by one."""

    ENROLLED = "enrolled"
    HELD = "held"
    WAITING = "waiting"
    LIVE = "live"
    CHOSEN = "chosen"

    @property
    def states(self) -> frozenset[State]:
        """The states of whoever belongs to it; for people picked by hand any live one."""
        return _STATES.get(self, LIVE)


_STATES = {
    Audience.ENROLLED: frozenset({State.CONFIRMED}),
    Audience.HELD: frozenset({State.PENDING, State.OFFERED}),
    Audience.WAITING: frozenset({State.WAITLISTED}),
}


class MessageState(StrEnum):
    """Where a message of staff stands."""

    DRAFT = "draft"
    SENDING = "sending"
    SENT = "sent"
    STOPPED = "stopped"


class RecipientState(StrEnum):
    """Whether somebody's letter of a message is written; how it fares then is the letter's affair."""

    TO_WRITE = "to_write"
    WRITTEN = "written"
    LEFT_OUT = "left_out"


class LeftOut(StrEnum):
    """Why somebody gets no letter; whoever asks first names the reason that cannot be mended."""

    ERASED = "erased"
    ENDED = "ended"
    MOVED = "moved"
    NO_ADDRESS = "no_address"
    UNCONFIRMED = "unconfirmed"
    RETURNED = "returned"
    STOPPED = "stopped"


MESSAGE_MOVES: Moves[MessageState] = Moves(
    {
        None: {MessageState.DRAFT: "staff write it"},
        MessageState.DRAFT: {MessageState.SENDING: "staff press send: who gets it is fixed"},
        MessageState.SENDING: {
            MessageState.SENT: "the worker has written the last letter",
            MessageState.STOPPED: "staff press stop",
        },
        MessageState.SENT: {MessageState.STOPPED: "staff press stop before the letters went out"},
    }
)
