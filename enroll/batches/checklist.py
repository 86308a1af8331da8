"""Is a draft ready for the public? What must be there, and what somebody should have looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

import sqlalchemy as sa

from enroll.batches.clashing import clashes
from enroll.batches.models import Batch, BatchSession, Seat
from enroll.db import db

NOTICE = timedelta(days=2)  # between the end of registration and the first session


class Point(StrEnum):
    """One line of the checklist."""

    SEATS = "seats"
    SESSIONS = "sessions"
    INSIDE = "inside"
    AHEAD = "ahead"
    WINDOW = "window"
    PLACE = "place"
    MINIMUM = "minimum"
    DECISION = "decision"
    CRITERIA = "criteria"
    TEACHER = "teacher"
    FEE = "fee"
    REFUND = "refund"
    NOTICE = "notice"
    RHYTHM = "rhythm"
    JOIN = "join"
    APART = "apart"
    CLASHES = "clashes"


# Without these nobody can be let in, or what we tell people would be wrong; the rest is advice.
MUST = frozenset(
    {
        Point.SEATS,
        Point.SESSIONS,
        Point.INSIDE,
        Point.AHEAD,
        Point.WINDOW,
        Point.PLACE,
        Point.MINIMUM,
        Point.DECISION,
        Point.CRITERIA,
    }
)


class Checked(NamedTuple):
    """One line of the checklist, and how it stands."""

    point: Point
    is_fine: bool

    @property
    def must(self) -> bool:
        return self.point in MUST


def check(batch: Batch, now: datetime) -> list[Checked]:
    """All lines, those that must be fine first: three queries."""
    sessions = db.session.scalars(
        sa.select(BatchSession)
        .where(BatchSession.batch_id == batch.id, BatchSession.cancelled_at.is_(None))
        .order_by(BatchSession.starts_at)
    ).all()
    seats = db.session.scalar(sa.select(sa.func.count()).where(Seat.batch_id == batch.id)) or 0
    today = now.astimezone(batch.tz).date()
    found = _dated(batch, sessions, now) | {
        Point.SEATS: seats > 0,
        Point.PLACE: bool(batch.is_online or batch.place),
        Point.MINIMUM: (batch.minimum or 0) <= seats,
        Point.DECISION: not batch.minimum or _lies_between(today, batch.decide_on, batch),
        Point.CRITERIA: not batch.needs_approval
        or bool(batch.criteria and _lies_between(today, batch.answer_on, batch)),
        Point.TEACHER: bool(batch.teacher) or all(one.teacher for one in sessions),
        Point.FEE: bool(batch.fee_currency),
        Point.REFUND: not batch.fee_minor or bool(batch.refund),
        Point.RHYTHM: bool(batch.rhythm),
        Point.JOIN: not batch.is_online or bool(batch.join_link),
        Point.CLASHES: not clashes(batch.id),
    }
    lines = [Checked(point, found[point]) for point in Point]
    return sorted(lines, key=lambda line: not line.must)


def _dated(batch: Batch, sessions: Sequence[BatchSession], now: datetime) -> dict[Point, bool]:
    """The lines about when; `sessions` in order."""
    first = sessions[0].starts_at if sessions else None
    days = [one.starts_at.astimezone(batch.tz).date() for one in sessions]
    is_before = first is None or batch.closes_at <= first
    return {
        Point.SESSIONS: bool(sessions),
        Point.INSIDE: all(batch.starts_on <= on <= batch.ends_on for on in days),
        Point.AHEAD: first is not None and first > now,
        Point.WINDOW: now < batch.closes_at and is_before,
        Point.NOTICE: first is None or batch.closes_at + NOTICE <= first,
        Point.APART: all(one.ends_at <= other.starts_at for one, other in pairwise(sessions)),
    }


def _lies_between(today: date, on: date | None, batch: Batch) -> bool:
    """Somebody can still wait for this day, and it is over when the batch begins."""
    return on is not None and today <= on <= batch.starts_on
