"""What moves and letters need to know of a batch: one light row, read under its lock."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa

from enroll.batches.models import Batch
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


_FACTS = (
    sa.select(
        *[Course.title if name == "course" else getattr(Batch, name) for name in BatchFacts._fields]
    )
    .join(Course, Course.id == Batch.course_id)
    .where(Batch.id == sa.bindparam("batch"))
)


def batch_facts(batch_id: int) -> BatchFacts:
    """Read a batch as it is now; call it under the lock. One light query, no object kept."""
    row = db.session.connection().execute(_FACTS, {"batch": batch_id}).one()
    return BatchFacts(*row)
