"""Moves the talk with its page when the page gets another address."""

from __future__ import annotations

import sqlalchemy as sa

from enroll.comments.models import Comment
from enroll.comments.records import PrivateQuestion
from enroll.db import db


def relocate(*, old: str, new: str) -> int:
    """What was said under the old path stands under the new one; answers how many comments."""
    moved = db.session.scalars(
        sa.update(Comment)
        .where(Comment.page == old)
        .values(page=new)
        .returning(Comment.id)
        .execution_options(synchronize_session=False)
    ).all()
    db.session.execute(
        sa.update(PrivateQuestion)
        .where(PrivateQuestion.page == old)
        .values(page=new)
        .execution_options(synchronize_session=False)
    )
    return len(moved)
