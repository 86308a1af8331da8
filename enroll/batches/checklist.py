"""Is a draft ready for the public? What must be there, and what somebody should have looked at."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
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
    DECISION = "decision"
    CRITERIA = "criteria"
    TEACHER = "teacher"
    FEE = "fee"
    NOTICE = "notice"
    RHYTHM = "rhythm"
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
    seats = sa.select(sa.func.count()).where(Seat.batch_id == batch.id)
    first = sessions[0].starts_at if sessions else None
    days = [one.starts_at.astimezone(batch.tz).date() for one in sessions]
    found = {
        Point.SEATS: bool(db.session.scalar(seats)),
        Point.SESSIONS: bool(sessions),
        Point.INSIDE: all(batch.starts_on <= on <= batch.ends_on for on in days),
        Point.AHEAD: first is not None and first > now,
        Point.WINDOW: batch.closes_at > now and (first is None or batch.closes_at <= first),
        Point.PLACE: bool(batch.is_online or batch.place),
        Point.DECISION: not batch.minimum or bool(batch.decide_on),
        Point.CRITERIA: not batch.needs_approval or bool(batch.criteria and batch.answer_on),
        Point.TEACHER: bool(batch.teacher) or all(one.teacher for one in sessions),
        Point.FEE: bool(batch.fee_currency),
        Point.NOTICE: first is None or batch.closes_at + NOTICE <= first,
        Point.RHYTHM: bool(batch.rhythm),
        Point.CLASHES: not clashes(batch.id),
    }
    lines = [Checked(point, is_fine) for point, is_fine in found.items()]
    return sorted(lines, key=lambda line: not line.must)
