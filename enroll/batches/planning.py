"""Plans batches: the verbs that make a dated run of a course and its seats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from enroll.batches.checklist import check
from enroll.batches.indexing import index
from enroll.batches.models import Batch, BatchSession, Seat
from enroll.batches.recurrence import rezoned
from enroll.batches.states import BATCH_MOVES, BatchState
from enroll.db import db
from enroll.refusal import Refused


class CodeTaken(Refused):
    """Another batch has this code."""


class NotReady(Refused):
    """The checklist has lines that must be fine first; `points` says which."""


class Changed(Refused):
    """A colleague has changed the batch since it was looked at."""


class NoDraft(Refused):
    """Only a draft can be changed in this way."""


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
    payment: str = ""
    refund: str = ""
    missed: str = ""
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
    try:
        db.session.flush()  # the seats need its id
    except sa.exc.IntegrityError as error:  # a colleague was quicker by a moment
        raise CodeTaken(code=plan.code) from error
    _add_seats(batch.id, plan.capacity)
    return batch


def publish(*, batch_id: int) -> Batch:
    """Open a draft to the public: tentative if it has a minimum to reach, else confirmed to run."""
    batch = _locked(batch_id)
    state = BatchState.TENTATIVE if batch.minimum else BatchState.CONFIRMED_TO_RUN
    BATCH_MOVES.check(batch.state, state)
    batch.state = state
    index(batch)
    return batch


def go_live(*, batch_id: int, now: datetime) -> bool:
    """Publish a draft that passes its checklist. Twice is fine: answers whether it changed.

    Refuses with `NotReady` while something is missing that must be there.
    """
    batch = _locked(batch_id)
    if batch.state is not BatchState.DRAFT:
        return False
    if points := [line.point for line in check(batch, now) if line.must and not line.is_fine]:
        raise NotReady(points=points)
    publish(batch_id=batch_id)
    return True


def change_draft(
    *, batch_id: int, seen: int, values: Mapping[str, Any], capacity: int | None = None
) -> Batch:
    """Set columns of a draft, and how many seats it has. `seen` is the version that was looked at.

    Sessions keep their local hours in another zone. Refuses with `Changed` and `NoDraft`.
    """
    batch = _draft(batch_id, seen)
    former = batch.tz
    for name, value in values.items():
        setattr(batch, name, value)
    if batch.tz != former:
        _keep_hours(batch, former)
    if capacity is not None:
        # Nobody sits in a draft: its seats can be made anew.
        db.session.execute(sa.delete(Seat).where(Seat.batch_id == batch_id))
        _add_seats(batch_id, capacity)
    db.session.flush()
    return batch


def plan_sessions(
    *,
    batch_id: int,
    seen: int,
    meetings: Sequence[tuple[datetime, datetime]],
    replaces: bool,
    topics: Sequence[str] = (),
) -> int:
    """Give a draft these sessions, in place of all it had or beside them; its dates follow them.

    A session that begins when another one of the batch does is not made twice: answers how many are
    made. Refuses with `Changed` and `NoDraft`.
    """
    batch = _draft(batch_id, seen)
    if replaces:
        db.session.execute(sa.delete(BatchSession).where(BatchSession.batch_id == batch_id))
    begin = sa.select(BatchSession.starts_at).where(BatchSession.batch_id == batch_id)
    there = set(db.session.scalars(begin))
    named = [*topics, *[""] * len(meetings)]
    made = [
        BatchSession(batch_id=batch_id, starts_at=starts_at, ends_at=ends_at, topic=topic)
        for (starts_at, ends_at), topic in zip(meetings, named, strict=False)
        if starts_at not in there
    ]
    db.session.add_all(made)
    db.session.flush()
    _span(batch)
    return len(made)


def remove_session(*, batch_id: int, session_id: int) -> bool:
    """Take one session off a draft; answers whether it was there. Refuses with `NoDraft`."""
    batch = _draft(batch_id, None)
    gone = db.session.scalar(
        sa.delete(BatchSession)
        .where(BatchSession.id == session_id, BatchSession.batch_id == batch_id)
        .returning(BatchSession.id)
    )
    if gone is not None:
        _span(batch)
    return gone is not None


def _span(batch: Batch) -> None:
    """A batch lasts from its first session to its last, in its own zone."""
    ends = sa.select(sa.func.min(BatchSession.starts_at), sa.func.max(BatchSession.starts_at))
    first, last = db.session.execute(ends.where(BatchSession.batch_id == batch.id)).one()
    if first is not None:
        batch.starts_on = first.astimezone(batch.tz).date()
        batch.ends_on = last.astimezone(batch.tz).date()
    db.session.flush()


def _keep_hours(batch: Batch, former: ZoneInfo) -> None:
    """Six in the evening stays six in the evening where the zone was a slip."""
    for one in db.session.scalars(sa.select(BatchSession).where(BatchSession.batch_id == batch.id)):
        one.starts_at, one.ends_at = rezoned(
            one.starts_at, one.ends_at, former=former, zone=batch.tz
        )


def _draft(batch_id: int, seen: int | None) -> Batch:
    batch = _locked(batch_id)
    if batch.state is not BatchState.DRAFT:
        raise NoDraft(state=batch.state)
    if seen is not None and batch.version != seen:
        raise Changed
    batch.version += 1
    return batch


def _locked(batch_id: int) -> Batch:
    return db.session.get_one(
        Batch, batch_id, populate_existing=True, with_for_update={"of": Batch}
    )


def _add_seats(batch_id: int, capacity: int) -> None:
    rows = [{"batch_id": batch_id, "number": number} for number in range(1, capacity + 1)]
    if rows:
        db.session.execute(sa.insert(Seat), rows)
