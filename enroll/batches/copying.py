"""The next run of a batch: everything an earlier one decided, so many weeks later, and nobody in it."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from enroll.batches.models import Batch, Seat
from enroll.batches.planning import Changed, Plan, plan_batch
from enroll.batches.queries import with_sessions
from enroll.batches.recurrence import shifted, shifted_span
from enroll.db import db

_NUMBER = re.compile(r"(\d{1,9})$")
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
        (*shifted_span(one.starts_at, one.ends_at, weeks=weeks, zone=batch.tz), one.topic)
        for one in batch.sessions
    )
    own = {"code": code, "join_link": "", "capacity": db.session.scalar(seats) or 0}
    return Plan(**kept | own | {"sessions": sessions})


def copy_batch(*, batch_id: int, code: str, weeks: int, begins: date | None = None) -> Batch:
    """Make the draft. Refuses a code that is in use (`CodeTaken`).

    `begins` is the new first day that was looked at: `Changed` if the earlier batch has moved since.
    """
    (batch,) = with_sessions([batch_id])
    plan = copied(batch, code=code, weeks=weeks)
    if begins is not None and plan.starts_on != begins:
        raise Changed
    return plan_batch(plan=plan)


def next_code(code: str) -> str:
    """A free code after this one: mle-02 leads to mle-03. Never longer than a code may be."""
    found = _NUMBER.search(code)
    stem = code[: found.start()] if found else f"{code}-"
    number, width = (int(found[1]), len(found[1])) if found else (1, 2)
    while True:
        number += 1
        digits = f"{number:0{width}}"
        room = LONGEST_CODE - len(digits)
        begin = stem if len(stem) <= room else stem[: room - 1].rstrip("-") + "-"
        proposed = begin + digits
        if db.session.scalar(sa.select(Batch.id).where(Batch.code == proposed)) is None:
            return proposed


def _moved(batch: Batch, moment: datetime, weeks: int) -> datetime:
    return shifted(moment, weeks=weeks, zone=batch.tz)
