"""How soon comments are decided, against the target; and a word to moderators when one waits too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from enroll.accounts.duties import Duty
from enroll.accounts.models import DutyRow, Staff
from enroll.comments.models import Comment
from enroll.comments.states import CommentState
from enroll.db import db
from enroll.mail.outbox import post
from enroll.mail.subscriptions import token_for

WEEKS = 12
TOPIC = "comments-waiting"
LETTER = "comments_waiting"


class Week(NamedTuple):
    """One week of decisions; `monday` is its first day (UTC), hours are to the first decision."""

    monday: date
    decided: int
    median: float | None
    p90: float | None
    published: int
    rejected: int
    spam: int


class Waiting(NamedTuple):
    """What waits just now."""

    number: int
    oldest_at: datetime | None


def weeks(now: datetime, number: int = WEEKS) -> list[Week]:
    """The last weeks, this one last: how many hours a comment waited for its first decision.

    The percentiles are nearest-rank: a value that was really there.
    """
    monday = now.date() - timedelta(days=now.weekday())
    first = monday - timedelta(weeks=number - 1)
    hours: dict[date, list[float]] = {}
    outcomes: dict[date, Counter[CommentState]] = {}
    since = datetime.combine(first, datetime.min.time(), now.tzinfo)
    for row in _decided(since):
        week = row.first_decided_at.date() - timedelta(days=row.first_decided_at.weekday())
        waited = (row.first_decided_at - row.queued_at).total_seconds() / 3600
        hours.setdefault(week, []).append(waited)
        outcomes.setdefault(week, Counter())[row.state] += 1
    return [
        _week(one, sorted(hours.get(one, [])), outcomes.get(one, Counter()))
        for one in (first + timedelta(weeks=step) for step in range(number))
    ]


def waiting() -> Waiting:
    """How many wait for a moderator, and since when the first."""
    row = db.session.execute(
        sa.select(sa.func.count(), sa.func.min(Comment.queued_at)).where(
            Comment.state == CommentState.PENDING
        )
    ).one()
    return Waiting(row[0], row[1])


def remind_moderators(*, hours: int, now: datetime) -> int:
    """Write to each moderator when a comment has waited longer than so many hours; once a day (UTC).

    Who has ended these letters with one click gets none. Answers how many were written.
    """
    late = db.session.scalar(
        sa.select(sa.func.count()).where(
            Comment.state == CommentState.PENDING,
            Comment.queued_at < now - timedelta(hours=hours),
            Comment.is_likely_spam.is_(False),
        )
    )
    if not late:
        return 0
    written = 0
    for staff in _moderators():
        token = token_for(email=staff.email, topic=TOPIC, now=now)
        if token is None:
            continue
        post(
            kind=LETTER,
            about=f"staff:{staff.id}",
            recipient=staff.email,
            language="en_GB",
            context={"name": staff.name, "waiting": late, "hours": hours},
            dedupe_key=f"staff:{staff.id}:comments-waiting:{now.date().isoformat()}",
            subscription=token,
            now=now,
        )
        written += 1
    return written


def _decided(since: datetime) -> Sequence[sa.Row]:
    return db.session.execute(
        sa.select(Comment.queued_at, Comment.first_decided_at, Comment.state).where(
            Comment.first_decided_at >= since, Comment.queued_at.is_not(None)
        )
    ).all()


def _week(monday: date, hours: Sequence[float], outcomes: Counter[CommentState]) -> Week:
    return Week(
        monday,
        len(hours),
        _rank(hours, 0.5),
        _rank(hours, 0.9),
        outcomes[CommentState.APPROVED],
        outcomes[CommentState.REJECTED],
        outcomes[CommentState.SPAM],
    )


def _rank(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    return values[max(0, -int(-share * len(values) // 1) - 1)]


def _moderators() -> Sequence[Staff]:
    return db.session.scalars(
        sa.select(Staff)
        .where(Staff.active, Staff.roles.any(DutyRow.name == Duty.MODERATE.value))
        .order_by(Staff.id)
    ).all()
