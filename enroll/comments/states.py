"""The states of a comment and the moves between them; the same for a private question. Pure."""

from __future__ import annotations

from enum import StrEnum

from enroll.moves import Moves


class CommentState(StrEnum):
    """Where a comment stands. `returned` is no rejection: its author is asked to reword it."""

    UNCONFIRMED = "unconfirmed"
    PENDING = "pending"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    SPAM = "spam"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"


S = CommentState
# Turned down: the author may ask once for another pair of eyes.
TURNED_DOWN = frozenset({S.REJECTED, S.SPAM})
# Nothing is decided about these any more.
GONE = frozenset({S.WITHDRAWN, S.REMOVED})

COMMENT_MOVES: Moves[CommentState] = Moves(
    {
        None: {
            S.UNCONFIRMED: "posted where the address is not confirmed",
            S.PENDING: "posted in the browser that confirmed the address",
            S.APPROVED: "posted there by a trusted author and doubted by no rule; or by staff",
            S.SPAM: "imported",
        },
        S.UNCONFIRMED: {
            S.PENDING: "address confirmed",
            S.APPROVED: "address confirmed by a trusted author, doubted by no rule",
            S.WITHDRAWN: "author, or whoever the address belongs to",
            S.REMOVED: "nobody confirmed in time",
        },
        S.PENDING: {
            S.APPROVED: "moderator",
            S.REJECTED: "moderator",
            S.SPAM: "moderator",
            S.RETURNED: "moderator: please reword",
            S.PENDING: "author edits",
            S.WITHDRAWN: "author",
            S.REMOVED: "moderator",
        },
        S.RETURNED: {
            S.PENDING: "author rewords; or undone",
            S.WITHDRAWN: "author",
            S.REMOVED: "moderator",
        },
        S.APPROVED: {
            S.PENDING: "author changes more than a little; or undone",
            S.APPROVED: "author corrects a little; moderator corrects a typing error",
            S.REJECTED: "moderator",
            S.SPAM: "moderator",
            S.RETURNED: "moderator: please reword",
            S.WITHDRAWN: "author",
            S.REMOVED: "moderator",
        },
        S.REJECTED: {
            S.APPROVED: "moderator; or the appeal",
            S.PENDING: "undone",
            S.SPAM: "moderator",
            S.REJECTED: "the appeal did not change it",
            S.WITHDRAWN: "author",
            S.REMOVED: "moderator",
        },
        S.SPAM: {
            S.APPROVED: "moderator; or the appeal",
            S.PENDING: "undone",
            S.REJECTED: "moderator",
            S.SPAM: "the appeal did not change it",
            S.WITHDRAWN: "author",
            S.REMOVED: "moderator",
        },
        S.WITHDRAWN: {S.REMOVED: "moderator"},
    }
)


class Verb(StrEnum):
    """What a moderator may decide about a comment."""

    APPROVE = "approve"
    REJECT = "reject"
    SPAM = "spam"
    RETURN = "return"

    @property
    def target(self) -> CommentState:
        return _TARGETS[self]

    @property
    def needs_reason(self) -> bool:
        """The author reads why."""
        return self in (Verb.REJECT, Verb.RETURN)


_TARGETS = {
    Verb.APPROVE: S.APPROVED,
    Verb.REJECT: S.REJECTED,
    Verb.SPAM: S.SPAM,
    Verb.RETURN: S.RETURNED,
}


class QuestionState(StrEnum):
    """Where a question asked privately stands; it is never published."""

    UNCONFIRMED = "unconfirmed"
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


Q = QuestionState

QUESTION_MOVES: Moves[QuestionState] = Moves(
    {
        None: {
            Q.UNCONFIRMED: "asked where the address is not confirmed",
            Q.OPEN: "asked in the browser that confirmed the address",
        },
        Q.UNCONFIRMED: {
            Q.OPEN: "address confirmed",
            Q.CLOSED: "author, or nobody confirmed in time",
        },
        Q.OPEN: {Q.ANSWERED: "staff answer", Q.CLOSED: "staff; or the author takes it back"},
        Q.ANSWERED: {},
        Q.CLOSED: {Q.OPEN: "staff take it up again"},
    }
)
