"""Plans batches: the verbs that make a dated run of a course and its seats."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa

from enroll.batches.indexing import index
from enroll.batches.models import Batch, BatchSession, Seat
from enroll.batches.states import BATCH_MOVES, BatchState
from enroll.db import db
from enroll.refusal import Refused


class CodeTaken(Refused):
    """Another batch has this code."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What staff decide about a batch; moments in UTC, dates and times of day in `zone`."""

    code: str
    course_id: int
    title: str
    capacity: int
    starts_on: date
    ends_on: date
    zone: str
    opens_at: datetime
    closes_at: datetime
    minimum: int | None = None
    decide_on: date | None = None
    rhythm: str = ""
    place: str = ""
    is_online: bool = False
    language: str = "en"
    teacher: str = ""
    fee_minor: int = 0
    fee_currency: str = ""
    hold_hours: int = 24
    offer_hours: int = 48
    waitlist_limit: int | None = None
    hold_limit: int | None = None
    needs_approval: bool = False
    criteria: str = ""
    answer_on: date | None = None
    asks_prerequisites: bool = False
    refuses_overlap: bool = False
    join_link: str = ""
    bring: str = ""
    sessions: tuple[tuple[datetime, datetime, str], ...] = field(default=())


def plan_batch(*, plan: Plan) -> Batch:
    """Make a draft batch with its seats and sessions. Refuses a code that is in use (`CodeTaken`)."""
    if db.session.scalar(sa.select(Batch.id).where(Batch.code == plan.code)):
        raise CodeTaken(code=plan.code)
    BATCH_MOVES.check(None, BatchState.DRAFT)
    columns = {
        name: value for name, value in vars(plan).items() if name not in ("capacity", "sessions")
    }
    batch = Batch(state=BatchState.DRAFT, **columns)
    batch.sessions = [
        BatchSession(starts_at=starts_at, ends_at=ends_at, topic=topic)
        for starts_at, ends_at, topic in plan.sessions
    ]
    db.session.add(batch)
    db.session.flush()  # the seats need its id
    db.session.execute(
        sa.insert(Seat),
        [{"batch_id": batch.id, "number": number} for number in range(1, plan.capacity + 1)],
    )
    return batch


def publish(*, batch_id: int) -> Batch:
    """Open a draft to the public: tentative if it has a minimum to reach, else confirmed to run."""
    batch = db.session.get_one(
        Batch, batch_id, populate_existing=True, with_for_update={"of": Batch}
    )
    state = BatchState.TENTATIVE if batch.minimum else BatchState.CONFIRMED_TO_RUN
    BATCH_MOVES.check(batch.state, state)
    batch.state = state
    index(batch)
    return batch
