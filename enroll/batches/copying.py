"""The next run of a batch: everything an earlier one decided, so many weeks later, and nobody in it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import sqlalchemy as sa

from enroll.batches.models import Batch, Seat
from enroll.batches.planning import Plan, plan_batch
from enroll.batches.queries import with_sessions
from enroll.batches.recurrence import shifted
from enroll.db import db

_NUMBER = re.compile(r"(\d+)$")
LONGEST_CODE = 40


def copied(batch: Batch, *, code: str, weeks: int) -> Plan:
    """The plan of an earlier batch shifted by whole weeks; needs its sessions loaded.

    Local hours stay the same. People, notes, the link to join and the changes of single sessions
    are not taken along; a session that was cancelled is back.
    """
    names = Plan.__dataclass_fields__.keys() & Batch.__mapper__.columns.keys()
    kept = {name: getattr(batch, name) for name in names}
    by = timedelta(weeks=weeks)
    for name in ("starts_on", "ends_on", "decide_on", "answer_on"):
        kept[name] = kept[name] + by if kept[name] else None
    for name in ("opens_at", "closes_at"):
        kept[name] = _moved(batch, kept[name], weeks)
    seats = sa.select(sa.func.count()).where(Seat.batch_id == batch.id)
    sessions = tuple(
        (_moved(batch, one.starts_at, weeks), _moved(batch, one.ends_at, weeks), one.topic)
        for one in batch.sessions
    )
    own = {"code": code, "join_link": "", "capacity": db.session.scalar(seats) or 0}
    return Plan(**kept | own | {"sessions": sessions})


def copy_batch(*, batch_id: int, code: str, weeks: int) -> Batch:
    """Make the draft. Refuses a code that is in use (`CodeTaken`)."""
    (batch,) = with_sessions([batch_id])
    return plan_batch(plan=copied(batch, code=code, weeks=weeks))


def next_code(code: str) -> str:
    """A free code after this one: mle-02 leads to mle-03."""
    found = _NUMBER.search(code)
    stem, number, width = (
        (code, 1, 2) if not found else (code[: found.start()], int(found[1]), len(found[1]))
    )
    if not found:
        stem = f"{code}-"
    taken = set(
        db.session.scalars(
            sa.select(Batch.code).where(Batch.code.startswith(stem, autoescape=True))
        )
    )
    while (proposed := f"{stem}{(number := number + 1):0{width}}") in taken:
        pass
    return proposed[-LONGEST_CODE:]


def _moved(batch: Batch, moment: datetime, weeks: int) -> datetime:
    return shifted(moment, weeks=weeks, zone=batch.tz)
