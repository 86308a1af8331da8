"""What pages show of comments, each in a constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from enroll.comments.models import Comment, ModerationReason
from enroll.comments.states import CommentState
from enroll.db import Moment, db

PAGE = 50

_SHOWN = sa.and_(
    Comment.parent_id.is_(None),
    sa.or_(Comment.state == CommentState.APPROVED, Comment.replies > 0),
)


class Thread(NamedTuple):
    """A comment and what was replied. `comment` may be taken back: then only the replies are shown."""

    comment: Comment
    replies: Sequence[Comment]


class Talk(NamedTuple):
    """One page of the threads under a page of the site."""

    threads: Sequence[Thread]
    total: int  # published comments, with replies
    page: int
    pages: int
    newest_first: bool


def talk(path: str, *, page: int = 1, newest_first: bool = True) -> Talk:
    """What is published under this page; fifty threads at a time, replies in the order they came."""
    threads, total = _counts(path)
    pages = max(1, -(-threads // PAGE))
    page = min(max(page, 1), pages)
    order = Comment.id.desc() if newest_first else Comment.id
    roots = db.session.scalars(
        sa.select(Comment)
        .where(Comment.page == path, _SHOWN)
        .order_by(order)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    ).all()
    replies: dict[int, list[Comment]] = {root.id: [] for root in roots}
    if any(root.replies for root in roots):
        found = db.session.scalars(
            sa.select(Comment)
            .where(Comment.parent_id.in_(replies), Comment.state == CommentState.APPROVED)
            .order_by(Comment.id)
        )
        for reply in found:
            replies[reply.parent_id or 0].append(reply)
    shown = [Thread(root, replies[root.id]) for root in roots]
    return Talk(shown, total, page, pages, newest_first)


def _counts(path: str) -> tuple[int, int]:
    """Threads that are shown, and published comments in all."""
    row = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(
                sa.func.sum(
                    Comment.replies + sa.case((Comment.state == CommentState.APPROVED, 1), else_=0)
                ),
                0,
            ),
        ).where(Comment.page == path, _SHOWN)
    ).one()
    return row[0], row[1]


class Place(NamedTuple):
    """Where a published comment stands."""

    path: str
    page: int


def place(comment_id: int) -> Place | None:
    """On which page of which thread list, newest first; `None` if readers do not see it."""
    comment = db.session.get(Comment, comment_id)
    if comment is None or comment.state is not CommentState.APPROVED:
        return None
    newer = sa.select(sa.func.count()).where(
        Comment.page == comment.page, _SHOWN, Comment.id > (comment.parent_id or comment.id)
    )
    return Place(comment.page, (db.session.scalar(newer) or 0) // PAGE + 1)


def latest(path: str, *, limit: int = PAGE) -> Sequence[Comment]:
    """The newest published comments under this page, replies too: for its feed."""
    return db.session.scalars(
        sa.select(Comment)
        .where(Comment.page == path, Comment.state == CommentState.APPROVED)
        .order_by(Comment.id.desc())
        .limit(limit)
    ).all()


def published(comment_id: int) -> Comment | None:
    """A comment that readers see."""
    comment = db.session.get(Comment, comment_id)
    return comment if comment and comment.state is CommentState.APPROVED else None


def by_confirm_token(token: str) -> Comment | None:
    """The comment of a mailed link."""
    return db.session.scalar(
        sa.select(Comment).options(joinedload(Comment.author)).where(Comment.confirm_token == token)
    )


def reasons() -> Sequence[ModerationReason]:
    """The reasons that moderators may give just now, in their order."""
    return db.session.scalars(
        sa.select(ModerationReason)
        .where(ModerationReason.retired_at.is_(None))
        .order_by(ModerationReason.position, ModerationReason.id)
    ).all()


def last_published() -> dict[str, datetime]:
    """When a comment was last published or reworded under each page that has one."""
    at = sa.func.max(sa.func.coalesce(Comment.edited_at, Comment.published_at), type_=Moment())
    query = sa.select(Comment.page, at).where(
        Comment.state == CommentState.APPROVED, Comment.published_at.is_not(None)
    )
    rows = db.session.execute(query.group_by(Comment.page))
    return {row.page: row[1] for row in rows}
