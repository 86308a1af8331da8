"""What moves and letters need to know of a batch: one light row, read under its lock."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from enroll.batches.models import Batch, begins_at
from enroll.batches.states import BatchState
from enroll.catalog.models import Course
from enroll.db import db


class BatchFacts(NamedTuple):
    """What moves and letters need to know of a batch, as it is under the lock."""

    id: int
    code: str
    title: str
    course: str
    state: BatchState
    starts_on: date
    ends_on: date
    zone: str
    opens_at: datetime
    closes_at: datetime
    hold_hours: int
    offer_hours: int
    minimum: int | None
    decide_on: date | None
    rhythm: str
    place: str
    is_online: bool
    teacher: str
    course_id: int
    begins_at: datetime
    waitlist_limit: int | None
    hold_limit: int | None
    needs_approval: bool
    answer_on: date | None
    refuses_overlap: bool
    join_link: str
    bring: str
    fee_minor: int
    fee_currency: str
    payment: str
    refund: str
    sequence: int

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def is_on(self) -> bool:
        """Public and not called off."""
        return self.state in (BatchState.TENTATIVE, BatchState.CONFIRMED_TO_RUN)

    def holds_end(self, now: datetime) -> datetime:
        """No hold outlives registration; who is admitted when that is over has until the start."""
        return self.closes_at if now < self.closes_at else self.begins_at


def _column(name: str) -> Any:
    special = {"course": Course.title, "begins_at": begins_at()}
    return special.get(name, getattr(Batch, name, None))


_FACTS = (
    sa.select(*[_column(name) for name in BatchFacts._fields])
    .join(Course, Course.id == Batch.course_id)
    .where(Batch.id == sa.bindparam("batch"))
)


def batch_facts(batch_id: int) -> BatchFacts:
    """Read a batch as it is now; call it under the lock. One light query, no object kept."""
    row = db.session.connection().execute(_FACTS, {"batch": batch_id}).one()
    return BatchFacts(*row)
