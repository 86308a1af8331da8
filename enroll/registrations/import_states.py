"""The states of a list that is brought along, and of its rows; what becomes of a row. Pure."""

from __future__ import annotations

from enum import StrEnum

from enroll.moves import Moves


class ImportState(StrEnum):
    """How far a list is."""

    LOOKED_AT = "looked_at"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


IMPORT_MOVES: Moves[ImportState] = Moves(
    {
        None: {ImportState.LOOKED_AT: "staff bring a file"},
        ImportState.LOOKED_AT: {
            ImportState.RUNNING: "staff press the button",
            ImportState.STOPPED: "staff put it away",
        },
        ImportState.RUNNING: {
            ImportState.DONE: "the last row is decided",
            ImportState.STOPPED: "staff stop it",
        },
        ImportState.STOPPED: {ImportState.RUNNING: "staff let it go on"},
    }
)


class RowState(StrEnum):
    """Is a row decided?"""

    WAITING = "waiting"
    TAKEN = "taken"
    LEFT = "left"


class Fate(StrEnum):
    """What will become, or became, of a row."""

    ENROLLED = "enrolled"
    WAITS = "waits"
    HERE = "here"  # registered in this batch already
    TWICE = "twice"  # the same address stands further up
    NO_NAME = "no_name"
    NO_ADDRESS = "no_address"  # none, or none that mail can reach
    CLASH = "clash"  # enrolled in a batch whose sessions overlap
    LIST_FULL = "list_full"
    TOO_LATE = "too_late"  # the batch has begun, or was called off

    @property
    def is_taken(self) -> bool:
        return self in (Fate.ENROLLED, Fate.WAITS)
