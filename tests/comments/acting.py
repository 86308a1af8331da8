"""People who say something, and moderators who decide, by the program's own verbs."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import sqlalchemy as sa

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import moderation, posting
from enroll.comments.evidence import FormToken
from enroll.comments.models import Comment, CommentEvent, ModerationReason
from enroll.comments.moderation import Decision, Seen
from enroll.comments.states import CommentState, Verb
from enroll.comments.tickets import Ticket
from enroll.db import atomically, db
from enroll.mail.models import Letter
from tests.accounts.people import colleague

_numbers = itertools.count(1)
PAGE = "/roles/ml-engineer"
BROWSER = "browser-of-asha-0123456789"


def ticket(says: FormToken = FormToken.FRESH) -> Ticket:
    """A form that nobody has sent yet, shown a minute ago."""
    return Ticket(says, f"nonce-{next(_numbers)}", 60.0)


def post(body: str = "How long does the course take?", **changes: object) -> posting.Post:
    """What Asha sends."""
    given = {
        "page": PAGE,
        "name": "Asha",
        "email": "asha@example.org",
        "body": body,
        "language": "en_GB",
        "ticket": ticket(),
        "browser": BROWSER,
    } | changes
    return posting.Post(**given)


def say(
    body: str = "How long does the course take?", *, now: datetime | None = None, **changes: object
) -> Comment:
    """A comment as it stands after it was sent."""
    return atomically(posting.post, post=post(body, **changes), now=now or clock.now())


def confirmed(
    body: str = "How long does the course take?", *, now: datetime | None = None, **changes: object
) -> Comment:
    """A comment whose address was confirmed in the browser of `changes`."""
    sent = say(body, now=now, **changes)
    if sent.confirm_token is None:
        return sent
    browser = str(changes.get("browser", BROWSER))
    return atomically(
        posting.confirm, token=sent.confirm_token, browser=browser, now=now or clock.now()
    )


def published(
    body: str = "How long does the course take?",
    *,
    now: datetime | None = None,
    staff: int | None = None,
    **changes: object,
) -> Comment:
    """A comment that a moderator approved."""
    sent = confirmed(body, now=now, **changes)
    if sent.state is CommentState.PENDING:
        decide(Verb.APPROVE, sent, now=now, staff=staff)
    return again(sent)


def trusted(now: datetime | None = None, **changes: object) -> None:
    """Give the author three published comments."""
    for number in range(3):
        published(f"Something worth saying, number {number}.", now=now, **changes)


def moderator(email: str = "moderator@example.org") -> int:
    """The id of a moderator, hired if need be."""
    from enroll.accounts.models import Staff

    found = db.session.scalar(sa.select(Staff.id).where(Staff.email == email))
    return found or colleague(Duty.MODERATE, email=email)


def decide(
    verb: Verb,
    *comments: Comment,
    now: datetime | None = None,
    staff: int | None = None,
    **changes: object,
) -> Decision:
    """A moderator's press about these comments as they are in the hand."""
    seen = [Seen(comment.id, comment.version) for comment in comments]
    given = {"by": "Meera"} | ({"note": "Because."} if verb.needs_reason else {})
    return atomically(
        moderation.decide,
        verb=verb,
        seen=seen,
        staff_id=staff or moderator(),
        now=now or clock.now(),
        **(given | changes),
    )


def undo(act_id: int, now: datetime | None = None) -> Decision | None:
    """Take a press back."""
    return atomically(
        moderation.undo, act_id=act_id, staff_id=moderator(), by="Meera", now=now or clock.now()
    )


def again(comment: Comment) -> Comment:
    """The comment as the database has it now."""
    db.session.rollback()
    return db.session.get_one(Comment, comment.id, populate_existing=True)


def history(comment: Comment) -> list[str]:
    """The states it went through."""
    states = db.session.scalars(
        sa.select(CommentEvent.to_state)
        .where(CommentEvent.comment_id == comment.id)
        .order_by(CommentEvent.id)
    )
    return [state.value for state in states]


def letters(kind: str = "%", state: str | None = None) -> list[Letter]:
    """Letters about comments and questions, the oldest first."""
    db.session.rollback()
    found = sa.select(Letter).where(Letter.kind.like(kind)).order_by(Letter.id)
    rows = db.session.scalars(found).all()
    return [row for row in rows if state is None or row.state.value == state]


def reason(title: str = "Off the subject") -> int:
    """A reason that moderators may give."""

    def verb() -> int:
        row = ModerationReason(title=title, text="It is not about this page.")
        db.session.add(row)
        db.session.flush()
        return row.id

    return atomically(verb)


def later(now: datetime, **span: float) -> datetime:
    return now + timedelta(**span)
