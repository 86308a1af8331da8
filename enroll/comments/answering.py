"""Staff answer: under a comment with the institute's badge, or to a private question by e-mail."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from enroll.accounts.models import Staff
from enroll.comments import asked as questions
from enroll.comments import letters
from enroll.comments.indexing import index
from enroll.comments.likeness import likeness
from enroll.comments.models import Comment
from enroll.comments.moving import count_reply, lock, write_event
from enroll.comments.states import COMMENT_MOVES, CommentState
from enroll.db import db
from enroll.refusal import Refused


class NotPublished(Refused):
    """Only what readers see can be answered in front of them."""


class HasChanged(Refused):
    """A colleague has answered meanwhile, or the question is another one now."""


class AsSeen(NamedTuple):
    """A question as it stood before whoever answers: its version, and its latest answer's id or 0."""

    version: int
    last_answer: int


def as_seen(comment: Comment) -> AsSeen:
    """What stands before whoever opens the form now."""
    answers = questions.answers_to(comment)
    return AsSeen(comment.version, answers[-1].id if answers else 0)


def answer(
    *, comment_id: int, body: str, staff_id: int, now: datetime, seen: AsSeen | None = None
) -> Comment:
    """Publish the institute's answer; the asker gets it by mail, and whoever follows the thread.

    With `seen` it is compare-and-set: refuses what was answered or changed since (`HasChanged`).
    """
    asked = lock([comment_id])[comment_id]
    if asked.state is not CommentState.APPROVED:
        raise NotPublished
    if seen is not None and seen != as_seen(asked):
        raise HasChanged
    staff = db.session.get_one(Staff, staff_id)
    COMMENT_MOVES.check(None, CommentState.APPROVED)
    reply = Comment(
        page=asked.page,
        parent_id=asked.parent_id or asked.id,
        reply_to_id=asked.id,
        staff_id=staff_id,
        name=staff.name,
        body=body,
        state=CommentState.APPROVED,
        created_at=now,
        queued_at=now,
        published_at=now,
        likeness=likeness(body),
    )
    db.session.add(reply)
    db.session.flush()
    write_event(reply, None, by=staff.name, why="answer", now=now, staff_id=staff_id)
    count_reply(reply, None, CommentState.APPROVED)
    index(reply)
    asked.asked_at = None
    letters.tell_replies(reply, now=now)
    return reply


def ask_staff(*, comment_id: int, now: datetime) -> bool:
    """Put a comment on the list of what staff should answer; False if it is there already."""
    return bool(
        db.session.execute(
            sa.update(Comment)
            .where(Comment.id == comment_id, Comment.asked_at.is_(None))
            .values(asked_at=now)
            .execution_options(synchronize_session=False)
        ).rowcount
    )


def needs_no_answer(*, comment_id: int) -> bool:
    """Take it off that list; False if it is not on it."""
    return bool(
        db.session.execute(
            sa.update(Comment)
            .where(Comment.id == comment_id, Comment.asked_at.is_not(None))
            .values(asked_at=None)
            .execution_options(synchronize_session=False)
        ).rowcount
    )
