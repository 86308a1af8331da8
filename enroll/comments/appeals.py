"""A second pair of eyes: an author may ask once, and somebody else decides."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from enroll.comments import letters
from enroll.comments.models import Comment, CommentAuthor, CommentEvent
from enroll.comments.moving import asks, lock, move, teach
from enroll.comments.records import Appeal
from enroll.comments.states import TURNED_DOWN, CommentState
from enroll.db import db
from enroll.mail.outbox import post
from enroll.refusal import Refused

# So long only another moderator may decide; then an administrator may too, whoever it was.
ADMINISTRATOR_AFTER = timedelta(days=5)
DECIDED = "comment_appeal"


class AlreadyAppealed(Refused):
    """There is one appeal, and it has been made."""


class NothingToAppeal(Refused):
    """The comment is not turned down."""


class SamePerson(Refused):
    """Whoever turned the comment down does not decide about the appeal."""


def appeal(*, comment_id: int, text: str, now: datetime) -> Appeal:
    """Ask for another pair of eyes, once. Also what was taken for spam can be appealed."""
    comment = lock([comment_id])[comment_id]
    if comment.state not in TURNED_DOWN:
        raise NothingToAppeal
    if db.session.scalar(sa.select(Appeal.id).where(Appeal.comment_id == comment_id)):
        raise AlreadyAppealed
    made = Appeal(
        comment_id=comment_id, text=text, made_at=now, against_id=_turned_down_by(comment_id)
    )
    db.session.add(made)
    db.session.flush()
    return made


def may_decide(appeal: Appeal, *, staff_id: int, is_administrator: bool, now: datetime) -> bool:
    """Somebody else; after five days any administrator."""
    if appeal.against_id != staff_id:
        return True
    return is_administrator and now - appeal.made_at >= ADMINISTRATOR_AFTER


def decide_appeal(
    *,
    appeal_id: int,
    helps: bool,
    staff_id: int,
    is_administrator: bool,
    by: str,
    now: datetime,
) -> Appeal:
    """Publish the comment after all, or let the decision stand; the author is told. Twice is once.

    Refuses who turned it down (`SamePerson`).
    """
    comment_id = db.session.scalar(sa.select(Appeal.comment_id).where(Appeal.id == appeal_id))
    comment = lock([comment_id] if comment_id else []).get(comment_id or 0)
    if comment is None:
        raise NothingToAppeal
    found = db.session.get_one(Appeal, appeal_id, populate_existing=True, with_for_update=True)
    if found.decided_at is not None:
        return found
    if not may_decide(found, staff_id=staff_id, is_administrator=is_administrator, now=now):
        raise SamePerson
    found.decided_at, found.decided_by_id, found.helped = now, staff_id, helps
    if comment.state in TURNED_DOWN:
        _decide(comment, helps=helps, staff_id=staff_id, by=by, now=now)
        _tell(comment, helps=helps, now=now)
    db.session.flush()
    return found


def drop_appeals(*, comment_ids: Collection[int]) -> None:
    """Nobody needs to look at these any more."""
    db.session.execute(
        sa.delete(Appeal).where(Appeal.comment_id.in_(comment_ids), Appeal.decided_at.is_(None))
    )


def _decide(comment: Comment, *, helps: bool, staff_id: int, by: str, now: datetime) -> None:
    is_first = comment.published_at is None
    target = CommentState.APPROVED if helps else comment.state
    why = "appeal: published after all" if helps else "appeal: the decision stands"
    move(comment, target, by=by, why=why, now=now, staff_id=staff_id)
    comment.decided_at = now
    teach(comment)
    if helps:
        letters.drop_decisions(comment.id)
        comment.reason_id, comment.note = None, ""
        if is_first:
            if asks(comment):
                comment.asked_at = comment.asked_at or now
            letters.tell_replies(comment, now=now)


def _turned_down_by(comment_id: int) -> int | None:
    return db.session.scalar(
        sa.select(CommentEvent.staff_id)
        .where(CommentEvent.comment_id == comment_id, CommentEvent.to_state.in_(TURNED_DOWN))
        .order_by(CommentEvent.id.desc())
        .limit(1)
    )


def _tell(comment: Comment, *, helps: bool, now: datetime) -> None:
    author = db.session.get(CommentAuthor, comment.author_id) if comment.author_id else None
    if author is None or author.erased_at:
        return
    post(
        kind=DECIDED,
        about=letters.about(comment.id),
        recipient=author.email,
        language=author.language,
        context={
            "comment": {"id": comment.id, "page": comment.page},
            "token": author.token,
            "helped": helps,
        },
        dedupe_key=f"{letters.about(comment.id)}:appeal",
        now=now,
    )
