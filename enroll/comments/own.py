"""What authors may do with everything of theirs, by the mailed link: take back, take along, delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from enroll.comments import letters
from enroll.comments.appeals import drop_appeals
from enroll.comments.authors import MEMORY
from enroll.comments.editing import forget_text
from enroll.comments.models import (
    AuthorBrowser,
    Comment,
    CommentAuthor,
    CommentEvent,
    ModerationReason,
)
from enroll.comments.moving import lock, move
from enroll.comments.questions import about as about_question
from enroll.comments.records import Appeal, PrivateQuestion
from enroll.comments.states import GONE, CommentState, QuestionState
from enroll.db import db
from enroll.mail.outbox import forget, letters_about
from enroll.mail.subscriptions import forget_subscriptions

ERASED_DOMAIN = "erased.invalid"  # RFC 2606: an address that can never be written to


class Own(NamedTuple):
    """An author's comment with why it stands where it does, and the appeal if there is one."""

    comment: Comment
    reason: ModerationReason | None
    appeal: Appeal | None


def author_by_token(token: str) -> CommentAuthor | None:
    """Whose page this is; nobody's once it was erased."""
    return db.session.scalar(
        sa.select(CommentAuthor).where(
            CommentAuthor.token == token, CommentAuthor.erased_at.is_(None)
        )
    )


def author_of(author_id: int) -> CommentAuthor:
    """The author with this number."""
    return db.session.get_one(CommentAuthor, author_id)


def comment_of(author_id: int, comment_id: int) -> Comment | None:
    """A comment of this author that is not gone."""
    return db.session.scalar(
        sa.select(Comment).where(
            Comment.id == comment_id,
            Comment.author_id == author_id,
            Comment.state.not_in(GONE),
        )
    )


def everything(author_id: int) -> Sequence[Own]:
    """All comments of this author that are not gone, the newest first."""
    rows = db.session.execute(
        sa.select(Comment, ModerationReason, Appeal)
        .outerjoin(ModerationReason, ModerationReason.id == Comment.reason_id)
        .outerjoin(Appeal, Appeal.comment_id == Comment.id)
        .where(Comment.author_id == author_id, Comment.state.not_in(GONE))
        .order_by(Comment.id.desc())
    )
    return [Own(*row) for row in rows]


def questions(author_id: int) -> Sequence[PrivateQuestion]:
    """The author's private questions, the newest first."""
    return db.session.scalars(
        sa.select(PrivateQuestion)
        .where(PrivateQuestion.author_id == author_id)
        .order_by(PrivateQuestion.id.desc())
    ).all()


def withdraw(*, comment_id: int, now: datetime) -> bool:
    """Take a comment off the page and out of the queue; false if it was gone before.

    Replies stay, under a line that says so. Its text is emptied with it.
    """
    comment = lock([comment_id])[comment_id]
    if comment.state in GONE:
        return False
    move(comment, CommentState.WITHDRAWN, by="author", why="taken back", now=now)
    drop_appeals(comment_ids=[comment_id])
    forget_text(comment)
    comment.body = ""
    comment.asked_at = None
    return True


def export(author: CommentAuthor) -> dict[str, Any]:
    """Everything we keep about this author, as JSON can hold it (GDPR, Article 20)."""
    browsers = db.session.scalars(
        sa.select(AuthorBrowser.confirmed_at).where(AuthorBrowser.author_id == author.id)
    )
    return {
        "email": author.email,
        "language": author.language,
        "since": author.created_at.isoformat(),
        "confirmed_at": author.confirmed_at.isoformat() if author.confirmed_at else None,
        "browsers_known_until": [(at + MEMORY).isoformat() for at in browsers],
        "comments": [_comment(one) for one in everything(author.id)],
        "private_questions": [_question(one) for one in questions(author.id)],
    }


def erase(*, author_id: int, now: datetime) -> list[int] | None:
    """Delete everything of this author: comments are taken back and emptied, the address forgotten.

    Counts and histories stay, nobody stands in them. Answers the letters that were emptied; `None`
    if it was done before.
    """
    author = db.session.get_one(
        CommentAuthor, author_id, populate_existing=True, with_for_update=True
    )
    if author.erased_at is not None:
        return None
    ids = db.session.scalars(sa.select(Comment.id).where(Comment.author_id == author_id)).all()
    for comment in lock(ids).values():
        if comment.author_id != author_id:
            continue  # the thread it belongs to
        if comment.state not in GONE:
            move(comment, CommentState.WITHDRAWN, by="erasure", why="data deleted", now=now)
        _empty(comment)
    return forget_author(author, ids, now=now)


def forget_author(author: CommentAuthor, comment_ids: Sequence[int], *, now: datetime) -> list[int]:
    """Empty the author's row, private questions, browsers, subscriptions and letters."""
    asked = questions(author.id)
    for question in asked:
        if question.state in (QuestionState.UNCONFIRMED, QuestionState.OPEN):
            question.state = QuestionState.CLOSED
        question.name = question.body = question.answer = ""
        question.network = question.confirm_token = None
    concerned = [letters.about(number) for number in comment_ids]
    concerned += [about_question(question.id) for question in asked]
    gone = letters_about(about_in=concerned, recipients=[author.email])
    forget(about_in=concerned, recipients=[author.email])
    forget_subscriptions(email=author.email)
    db.session.execute(sa.delete(AuthorBrowser).where(AuthorBrowser.author_id == author.id))
    author.email = f"erased-{author.id}@{ERASED_DOMAIN}"
    author.token = f"erased-{author.id}"
    author.erased_at = now
    db.session.flush()
    return gone


def _empty(comment: Comment) -> None:
    forget_text(comment)
    comment.name = comment.body = ""
    comment.network = comment.nonce = comment.confirm_token = comment.asked_at = None
    comment.circumstances = {}
    drop_appeals(comment_ids=[comment.id])


def _comment(one: Own) -> dict[str, Any]:
    comment = one.comment
    history = db.session.execute(
        sa.select(CommentEvent.at, CommentEvent.to_state, CommentEvent.why)
        .where(CommentEvent.comment_id == comment.id)
        .order_by(CommentEvent.id)
    )
    return {
        "page": comment.page,
        "name": comment.name,
        "text": comment.body,
        "state": comment.state.value,
        "written_at": comment.created_at.isoformat(),
        "reason": one.reason.text if one.reason else None,
        "note": comment.note or None,
        "appeal": one.appeal.text if one.appeal else None,
        "history": [
            {"at": row.at.isoformat(), "to": row.to_state.value, "why": row.why} for row in history
        ],
    }


def _question(one: PrivateQuestion) -> dict[str, Any]:
    return {
        "page": one.page,
        "name": one.name,
        "question": one.body,
        "state": one.state.value,
        "asked_at": one.created_at.isoformat(),
        "answer": one.answer or None,
    }
