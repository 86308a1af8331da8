"""Staff move somebody to another batch of the course: a seat there if one is free, else its waitlist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enroll.batches.facts import BatchFacts, batch_facts
from enroll.batches.models import Batch, Seat, begins_at
from enroll.db import db
from enroll.refusal import Refused
from enroll.registrations.allocation import arrive, claim_first
from enroll.registrations.arriving import refuse_long_waitlist
from enroll.registrations.clashes import refuse_clash
from enroll.registrations.eligibility import comes_first, is_on
from enroll.registrations.entering import enter_also, is_live_in
from enroll.registrations.models import Registration
from enroll.registrations.moving import AlreadyThere, NoWayThere, give_up, left_behind
from enroll.registrations.seats import count_free
from enroll.registrations.states import State

WHY = "moved here by staff"


class CannotWait(Refused):
    """No seat is free there, and whoever has no confirmed address would wait in vain."""


def refuse_no_way(batch_id: int, to_batch_id: int, now: datetime) -> None:
    """Refuse with `NoWayThere` a batch of another course, a draft, one called off or begun.

    That registration is closed there, or that staff decide who is admitted, does not matter: staff
    move.
    """
    here, there = batch_facts(batch_id), batch_facts(to_batch_id)
    if here.id == there.id or here.course_id != there.course_id:
        raise NoWayThere
    if not there.is_on or there.begins_at <= now:
        raise NoWayThere


def ways_from(batch_id: int, now: datetime) -> list[tuple[Batch, int]]:
    """The batches of the same course that people can be moved to, and their free seats; soonest first."""
    course = sa.select(Batch.course_id).where(Batch.id == batch_id).scalar_subquery()
    free = sa.select(sa.func.count()).where(Seat.batch_id == Batch.id, ~Seat.taken)
    rows = db.session.execute(
        sa.select(Batch, free.scalar_subquery())
        .where(Batch.course_id == course, Batch.id != batch_id, is_on(), begins_at() > now)
        .order_by(Batch.starts_on, Batch.id)
        .limit(100)
    )
    return [(row[0], row[1]) for row in rows]


def relocate(
    old: Registration, to_batch_id: int, *, reason: str, by: str, now: datetime
) -> Registration:
    """Move one person, under the locks of `lock_people`; one letter tells of it, with the reason.

    With a seat free there that nobody there has a claim to: enrolled there and gone here. Without:
    on the waitlist there, and what is held here stays until a seat there is taken. The caller
    promotes in all batches it has locked. Refuses, before anything has changed, with
    `AlreadyThere`, `Clash`, `WaitlistFull`, `CannotWait`.
    """
    here, there = batch_facts(old.batch_id), batch_facts(to_batch_id)
    if is_live_in(old, there.id):
        raise AlreadyThere(code=there.code)
    if not (comes_first(there.id) and count_free(there.id) > 0):
        return _wait_there(old, here, there, reason=reason, by=by, now=now)
    leaving = left_behind(old)
    # Asked for the person as they would stand there: once the row is written it is too late.
    shadow = Registration(id=0, email=old.email, batch_id=there.id)
    refuse_clash(shadow, leaving=[one.id for one in leaving])
    new = _enter(old, there, now)
    seats = claim_first(there.id, 1, now=now, besides=new.id) or []
    told = {"moved_from": here.title, "reason": reason}
    arrive(new, State.CONFIRMED, *seats, by=by, why=WHY, now=now, more=told)
    give_up(leaving, into=new, now=now)
    return new


def _wait_there(
    old: Registration, here: BatchFacts, there: BatchFacts, **told: Any
) -> Registration:
    if old.address_confirmed_at is None:
        raise CannotWait
    refuse_long_waitlist(there, arriving=1)
    now = told["now"]
    new = _enter(old, there, now)
    more = {"keeps": here.title, "reason": told["reason"]}
    arrive(new, State.WAITLISTED, by=told["by"], why=WHY, now=now, more=more)
    return new


def _enter(old: Registration, there: BatchFacts, now: datetime) -> Registration:
    new = enter_also(old, there.id, state=State.WAITLISTED, replaces_id=old.id, now=now)
    if new is None:
        raise AlreadyThere(code=there.code)
    return new
