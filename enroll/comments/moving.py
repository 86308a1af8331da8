"""Moves a comment from state to state, with its history row: the only file that does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from enroll.comments import learning
from enroll.comments.models import Comment, CommentEvent
from enroll.comments.states import COMMENT_MOVES, CommentState
from enroll.db import db


def lock(comment_ids: Collection[int]) -> dict[int, Comment]:
    """These comments and the threads they belong to, locked in the order of their ids, read anew."""
    if not comment_ids:
        return {}
    threads = sa.select(Comment.parent_id).where(
        Comment.id.in_(comment_ids), Comment.parent_id.is_not(None)
    )
    rows = db.session.scalars(
        sa.select(Comment)
        .where(sa.or_(Comment.id.in_(comment_ids), Comment.id.in_(threads)))
        .order_by(Comment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {comment.id: comment for comment in rows}


def move(
    comment: Comment,
    target: CommentState,
    *,
    by: str,
    why: str,
    now: datetime,
    staff_id: int | None = None,
    act_id: int | None = None,
) -> CommentEvent:
    """Move a comment that the caller has locked; raises its version and writes the history row.

    Keeps the count of published replies of its thread. Raises `IllegalMove` for what the table of
    moves does not have.
    """
    source = comment.state
    COMMENT_MOVES.check(source, target)
    comment.state = target
    comment.version += 1
    comment.claimed_by_id = comment.claimed_until = None
    if target is CommentState.PENDING and source is not CommentState.PENDING:
        comment.queued_at = comment.queued_at or now
    if target is CommentState.APPROVED:
        comment.published_at = comment.published_at or now
    count_reply(comment, source, target)
    return write_event(comment, source, by=by, why=why, now=now, staff_id=staff_id, act_id=act_id)


def write_event(
    comment: Comment,
    source: CommentState | None,
    *,
    by: str,
    why: str,
    now: datetime,
    staff_id: int | None = None,
    act_id: int | None = None,
) -> CommentEvent:
    """The history row of a move that was just made."""
    event = CommentEvent(
        comment_id=comment.id,
        from_state=source,
        to_state=comment.state,
        version=comment.version,
        at=now,
        by=by,
        staff_id=staff_id,
        why=why,
        act_id=act_id,
    )
    db.session.add(event)
    db.session.flush()
    return event


def teach(comment: Comment) -> None:
    """Let the classifier know what a moderator thinks of this text; what is undecided teaches nothing."""
    if comment.state in (CommentState.APPROVED, CommentState.SPAM):
        is_spam = comment.state is CommentState.SPAM
        learning.learn(comment_id=comment.id, body=comment.body, is_spam=is_spam)
    else:
        learning.unlearn(comment_id=comment.id)


def asks(comment: Comment) -> bool:
    """Does it ask something that staff might answer? Any script's question mark will do."""
    return comment.staff_id is None and any(mark in comment.body for mark in "?？؟")


def count_reply(comment: Comment, source: CommentState | None, target: CommentState) -> None:
    """Threads count their published replies; the caller holds the lock on the thread."""
    if comment.parent_id is None:
        return
    change = (target is CommentState.APPROVED) - (source is CommentState.APPROVED)
    if change:
        db.session.execute(
            sa.update(Comment)
            .where(Comment.id == comment.parent_id)
            .values(replies=Comment.replies + change)
            .execution_options(synchronize_session="fetch")
        )
