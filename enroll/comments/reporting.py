"""Readers tell us of a comment; the report keeps the text as it was. Nothing is hidden by it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from enroll.comments.models import Comment
from enroll.comments.records import Report
from enroll.comments.states import CommentState
from enroll.db import db
from enroll.refusal import Refused


class NothingToReport(Refused):
    """This comment is not on the page any more."""


class Complaint(StrEnum):
    """What a reader may say is wrong."""

    ADVERTISING = "advertising"
    INSULT = "insult"
    PRIVATE = "private"  # somebody's telephone number, address or story
    WRONG = "wrong"
    OTHER = "other"


def report(
    *, comment_id: int, reason: Complaint, words: str, network: str | None, now: datetime
) -> Report:
    """Keep the report with the text as it is now. The same network's second one is the first."""
    comment = db.session.get(Comment, comment_id, populate_existing=True)
    if comment is None or comment.state is not CommentState.APPROVED:
        raise NothingToReport
    first = db.session.scalar(
        sa.select(Report).where(
            Report.comment_id == comment_id,
            Report.closed_at.is_(None),
            Report.network == network,
            Report.network.is_not(None),
        )
    )
    if first is not None:
        return first
    made = Report(
        comment_id=comment_id,
        body=comment.body,
        reason=reason.value,
        words=words,
        network=network,
        made_at=now,
    )
    db.session.add(made)
    db.session.flush()
    return made


def close_reports(
    *, comment_id: int, staff_id: int, conclusion: str, now: datetime, until: int | None = None
) -> int:
    """A moderator has looked: the open reports of this comment are answered; how many.

    With `until` only those up to this id: one that came after the page was opened stays open.
    """
    which = [Report.comment_id == comment_id, Report.closed_at.is_(None)]
    if until is not None:
        which.append(Report.id <= until)
    closed = db.session.scalars(
        sa.update(Report)
        .where(*which)
        .values(closed_at=now, closed_by_id=staff_id, conclusion=conclusion)
        .returning(Report.id)
        .execution_options(synchronize_session=False)
    )
    return len(closed.all())
