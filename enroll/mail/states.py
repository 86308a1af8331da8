"""The states of a letter on its way. Pure."""

from __future__ import annotations

from enum import StrEnum

from enroll.moves import Moves

# RFC 2606: nobody can ever be written to there. Who has no e-mail of their own has such an address.
NO_MAILBOX = "by-hand.invalid"
# Why a letter of theirs is not sent: somebody reads it to them. Until they have, that is a task.
BY_TELEPHONE = "no mailbox: told by telephone"


def is_unreachable(address: str) -> bool:
    """Does this address stand for somebody without a mailbox?"""
    return address.endswith(f"@{NO_MAILBOX}")


class LetterState(StrEnum):
    """Where a letter is between the business transaction and the other side's mail server."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


LETTER_MOVES: Moves[LetterState] = Moves(
    {
        None: {
            LetterState.QUEUED: "a verb writes it",
            LetterState.SUPPRESSED: "the person has no mailbox: it is told by telephone",
        },
        LetterState.QUEUED: {
            LetterState.CLAIMED: "a worker takes it, with a lease",
            LetterState.SUPPRESSED: "nobody is written to, or what it speaks of is over",
        },
        LetterState.CLAIMED: {
            LetterState.SENDING: "the text is about to be handed over",
            LetterState.SENT: "put into the local mailbox",
            LetterState.QUEUED: "4xx or no connection: later again; or the lease ran out",
            LetterState.FAILED: "5xx, or the ladder of tries has ended",
            LetterState.SUPPRESSED: "three unasked letters today already; or its data is deleted;"
            " or there is no mailbox",
        },
        LetterState.SENDING: {
            LetterState.SENT: "250: the other server has it",
            LetterState.QUEUED: "4xx: later again",
            LetterState.SUPPRESSED: "4xx, and by now its data is deleted",
            LetterState.FAILED: "5xx, or the ladder of tries has ended",
            LetterState.UNKNOWN: "the connection or the worker died after the text went out",
        },
        LetterState.SENT: {LetterState.FAILED: "a bounce came back"},
        # A slow worker, past its lease, gets the other server's answer after all.
        LetterState.UNKNOWN: {
            LetterState.SENT: "250: it arrived",
            LetterState.QUEUED: "4xx: it did not; later again",
            LetterState.SUPPRESSED: "4xx, and by now its data is deleted",
            LetterState.FAILED: "5xx, or the ladder of tries has ended",
            LetterState.UNKNOWN: "no answer came",
        },
    }
)
