"""How soon comments are decided, against the target; and a word to moderators when one waits too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from flask import current_app

from enroll.accounts.duties import Duty
from enroll.accounts.models import DutyRow, Staff
from enroll.comments.models import Comment, CommentEvent
from enroll.comments.states import CommentState
from enroll.db import Moment, db
from enroll.mail.models import Letter
from enroll.mail.outbox import post
from enroll.mail.subscriptions import token_for

WEEKS = 12
TOPIC = "comments-waiting"
LETTER = "comments_waiting"


class Week(NamedTuple):
    """One week of first decisions; `monday` is its first day (UTC), hours are to the decision.

    What became of those comments, as they stand now: the last five add up to `decided`.
    """

    monday: date
    decided: int
    median: float | None
    p90: float | None
    published: int
    returned: int
    rejected: int
    spam: int
    other: int  # taken back, removed, or waiting anew since their author changed them


class Waiting(NamedTuple):
    """What waits just now."""

    number: int
    oldest_at: datetime | None


def weeks(now: datetime, number: int = WEEKS) -> list[Week]:
    """The last weeks, this one last: how many hours a comment waited for its first decision.

    The percentiles are nearest-rank: a value that was really there. Two databases count alike,
    because neither is asked to.
    """
    monday = now.date() - timedelta(days=now.weekday())
    first = monday - timedelta(weeks=number - 1)
    hours: dict[date, list[float]] = {}
    outcomes: dict[date, Counter[CommentState]] = {}
    since = datetime.combine(first, datetime.min.time(), now.tzinfo)
    for row in _decided(since):
        week = row.first_decided_at.date() - timedelta(days=row.first_decided_at.weekday())
        waited = (row.first_decided_at - row.waited_since).total_seconds() / 3600
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

    Likely spam counts too: what the rules got wrong waits there. Who has ended these letters with
    one click gets none. Answers how many were written.
    """
    late = db.session.scalar(
        sa.select(sa.func.count()).where(
            Comment.state == CommentState.PENDING, Comment.queued_at < now - timedelta(hours=hours)
        )
    )
    if not late:
        return 0
    keys = {f"staff:{one.id}:{TOPIC}:{now.date().isoformat()}": one for one in _moderators()}
    told = db.session.scalars(sa.select(Letter.dedupe_key).where(Letter.dedupe_key.in_(keys)))
    for key in set(told):
        del keys[key]
    return sum(
        _remind(staff, key, waiting=late, hours=hours, now=now) for key, staff in keys.items()
    )


def _remind(staff: Staff, key: str, *, waiting: int, hours: int, now: datetime) -> bool:
    token = token_for(email=staff.email, topic=TOPIC, now=now)
    if token is None:
        return False
    post(
        kind=LETTER,
        about=f"staff:{staff.id}",
        recipient=staff.email,
        language=str(current_app.config["BABEL_DEFAULT_LOCALE"]),
        context={"name": staff.name, "waiting": waiting, "hours": hours},
        dedupe_key=key,
        subscription=token,
        now=now,
    )
    return True


def _decided(since: datetime) -> Sequence[sa.Row]:
    """First decisions since then, and since when each of these comments could have been decided.

    That is read from the history: `queued_at` begins anew when an author changes a published one.
    """
    entered = (
        sa.select(sa.func.min(CommentEvent.at))
        .where(CommentEvent.comment_id == Comment.id, CommentEvent.to_state == CommentState.PENDING)
        .scalar_subquery()
    )
    waited_since = sa.func.coalesce(entered, Comment.queued_at, type_=Moment)
    return db.session.execute(
        sa.select(
            waited_since.label("waited_since"), Comment.first_decided_at, Comment.state
        ).where(Comment.first_decided_at >= since, Comment.queued_at.is_not(None))
    ).all()


def _week(monday: date, hours: Sequence[float], outcomes: Counter[CommentState]) -> Week:
    named = [
        outcomes[state]
        for state in (
            CommentState.APPROVED,
            CommentState.RETURNED,
            CommentState.REJECTED,
            CommentState.SPAM,
        )
    ]
    other = len(hours) - sum(named)
    return Week(monday, len(hours), _rank(hours, 50), _rank(hours, 90), *named, other)


def _rank(values: Sequence[float], percent: int) -> float | None:
    """The smallest value that so many per cent of the sorted values do not exceed."""
    if not values:
        return None
    return values[max(1, -(-len(values) * percent // 100)) - 1]


def _moderators() -> Sequence[Staff]:
    return db.session.scalars(
        sa.select(Staff)
        .where(Staff.active, Staff.roles.any(DutyRow.name == Duty.MODERATE.value))
        .order_by(Staff.id)
    ).all()
