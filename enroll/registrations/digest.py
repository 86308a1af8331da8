"""The morning's digest: to each colleague who wants it, how much needs their hand; numbers only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from enroll.accounts.digests import Reader, readers
from enroll.accounts.duties import Duty
from enroll.comments import asked, service
from enroll.db import db, dialect_name, insert_once
from enroll.mail import polling
from enroll.mail.models import DigestDay
from enroll.mail.outbox import post
from enroll.mail.telephone import untold
from enroll.registrations import due, reading

LETTER = "staff_digest"
BEGINS, ENDS = time(7), time(12)  # where staff work; a worker that wakes later leaves it at that
SATURDAY = 5

# How much there is of each, and whose duty lets them solve it; the same that Today shows.
LINES: dict[str, tuple[tuple[Duty, ...], Callable[[datetime], int]]] = {
    "unsure": ((Duty.PLAN,), lambda now: len(due.unsure(now))),
    "applications": ((Duty.PLAN,), lambda _now: _people(due.applications())),
    "questioned": ((Duty.PLAN,), lambda now: _people(due.rejections_questioned(now))),
    "ending": ((Duty.PLAN,), lambda now: _people(due.ending(now))),
    "calls": ((Duty.PLAN,), lambda _now: len(untold())),
    "unreached": ((Duty.PLAN,), lambda now: len(due.unreached(now))),
    "messages": ((Duty.PLAN,), lambda _now: reading.count_unread()),
    "late": ((Duty.MODERATE,), lambda now: _late(now)),
    "questions": ((Duty.PLAN, Duty.MODERATE), lambda _now: sum(asked.count_asked())),
    "appeals": ((Duty.MODERATE,), lambda _now: len(asked.open_appeals())),
    "reports": ((Duty.MODERATE,), lambda _now: len(asked.open_reports())),
    "bounces": ((Duty.ADMINISTER,), lambda _now: int(polling.is_failing())),
}


def write_digests(*, now: datetime) -> int:
    """Write this morning's digests, once, between seven and noon of a weekday; answers how many.

    Who has nothing to do gets none. Whoever writes the morning's row writes them all.
    """
    here = now.astimezone(ZoneInfo(current_app.config["TIMEZONE"]))
    if here.weekday() >= SATURDAY or not BEGINS <= here.time() < ENDS:
        return 0
    insert = insert_once(dialect_name(), DigestDay.__table__, DigestDay.day)
    if db.session.scalar(insert.returning(DigestDay.day), {"day": here.date()}) is None:
        return 0
    db.session.execute(sa.delete(DigestDay).where(DigestDay.day < here.date() - timedelta(days=30)))
    wanting = readers()
    numbers = {what: count(now) for what, (_, count) in LINES.items()} if wanting else {}
    return sum(_write(one, numbers, day=here.date().isoformat(), now=now) for one in wanting)


def _write(reader: Reader, numbers: dict[str, int], *, day: str, now: datetime) -> bool:
    staff = reader.staff
    lines = [
        {"what": what, "number": numbers[what]}
        for what, (duties, _) in LINES.items()
        if numbers[what] and staff.has_duty(*duties)
    ]
    if not lines:
        return False
    post(
        kind=LETTER,
        about=f"staff:{staff.id}",
        recipient=staff.email,
        language=str(current_app.config["BABEL_DEFAULT_LOCALE"]),
        context={"name": staff.name, "lines": lines},
        dedupe_key=f"staff:{staff.id}:digest:{day}",
        subscription=reader.token,
        now=now,
    )
    return True


def _people(numbers: list[due.Number]) -> int:
    return sum(one.number for one in numbers)


def _late(now: datetime) -> int:
    """Comments that wait, once the first has waited longer than our target."""
    waits = service.waiting()
    target = timedelta(hours=current_app.config["MODERATION_HOURS"])
    return waits.number if waits.oldest_at and waits.oldest_at < now - target else 0
