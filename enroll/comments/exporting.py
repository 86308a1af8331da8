"""All comments with what was decided about them, as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from enroll.comments.models import Comment, CommentEvent
from enroll.db import db


def every_comment(*, page: str = "", with_addresses: bool = False) -> Iterator[dict[str, Any]]:
    """Each comment as JSON can hold it, in the order they were written; moments are ISO 8601 in UTC."""
    found = (
        sa.select(Comment)
        .options(joinedload(Comment.author), joinedload(Comment.reason))
        .order_by(Comment.id)
    )
    if page:
        found = found.where(Comment.page == page)
    for comment in db.session.scalars(found).all():
        told = {
            "id": comment.id,
            "page": comment.page,
            "parent": comment.parent_id,
            "reply_to": comment.reply_to_id,
            "name": comment.name,
            "is_staff": comment.staff_id is not None,
            "body": comment.body,
            "state": comment.state.value,
            "created_at": comment.created_at.isoformat(),
            "published_at": comment.published_at.isoformat() if comment.published_at else None,
            "reason": comment.reason.title if comment.reason else None,
            "note": comment.note or None,
            "history": _history(comment.id),
        }
        if with_addresses:
            told["email"] = comment.author.email if comment.author else None
        yield told


def _history(comment_id: int) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        sa.select(CommentEvent)
        .where(CommentEvent.comment_id == comment_id)
        .order_by(CommentEvent.id)
    )
    return [
        {
            "from": one.from_state.value if one.from_state else None,
            "to": one.to_state.value,
            "at": one.at.isoformat(),
            "by": one.by,
            "why": one.why,
        }
        for one in rows
    ]
