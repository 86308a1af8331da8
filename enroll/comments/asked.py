"""What waits for the institute's answer: published comments and private questions."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from enroll.comments.models import Comment
from enroll.comments.records import Appeal, PrivateQuestion, Report
from enroll.comments.states import CommentState, QuestionState
from enroll.db import db

MOST = 50


def asked_openly() -> Sequence[Comment]:
    """Comments that staff should answer, the longest waiting first."""
    return db.session.scalars(
        sa.select(Comment)
        .where(Comment.asked_at.is_not(None), Comment.state == CommentState.APPROVED)
        .order_by(Comment.asked_at)
        .limit(MOST)
    ).all()


def asked_privately() -> Sequence[PrivateQuestion]:
    """Open private questions: likely spam last, the longest waiting first."""
    return db.session.scalars(
        sa.select(PrivateQuestion)
        .options(joinedload(PrivateQuestion.author))
        .where(PrivateQuestion.state == QuestionState.OPEN)
        .order_by(PrivateQuestion.is_likely_spam, PrivateQuestion.id)
        .limit(MOST)
    ).all()


def question(number: int) -> PrivateQuestion | None:
    """One private question, with who asked."""
    return db.session.scalar(
        sa.select(PrivateQuestion)
        .options(joinedload(PrivateQuestion.author))
        .where(PrivateQuestion.id == number)
    )


def open_appeals() -> Sequence[tuple[Appeal, Comment]]:
    """Appeals to be decided, the longest waiting first, each with its comment and the reason given."""
    rows = db.session.execute(
        sa.select(Appeal, Comment)
        .join(Comment, Comment.id == Appeal.comment_id)
        .options(joinedload(Comment.reason))
        .where(Appeal.decided_at.is_(None))
        .order_by(Appeal.id)
        .limit(MOST)
    )
    return [(row[0], row[1]) for row in rows]


def open_reports() -> dict[int, tuple[Comment, list[Report]]]:
    """Reports nobody has closed, by comment, the longest waiting first."""
    rows = db.session.execute(
        sa.select(Report, Comment)
        .join(Comment, Comment.id == Report.comment_id)
        .where(Report.closed_at.is_(None))
        .order_by(Report.id)
        .limit(4 * MOST)
    )
    found: dict[int, tuple[Comment, list[Report]]] = {}
    for report, comment in rows:
        found.setdefault(comment.id, (comment, []))[1].append(report)
    return found
