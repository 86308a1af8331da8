"""What the clock decides: ends holds, offers and unconfirmed places whose time is over."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from enroll.batches.facts import batch_facts
from enroll.db import db, lock_batches
from enroll.registrations.allocation import free_orphaned_seats, move, promote, rest
from enroll.registrations.models import Registration, RegistrationEvent, live
from enroll.registrations.states import State


def tidy_batch(*, batch_id: int, now: datetime) -> int:
    """End what is over at `now`, free seats that nobody holds, offer what is free; answer how many moved.

    The worker only tidies up: every verb above looks at the deadlines itself.
    """
    lock_batches(batch_id)
    batch = batch_facts(batch_id)
    over = db.session.scalars(
        sa.select(Registration)
        .where(Registration.batch_id == batch_id, live, Registration.deadline_at <= now)
        .order_by(Registration.id)
        .execution_options(populate_existing=True)
    ).all()
    for registration in over:
        _end_orrest(registration, now)
    moved = len(over)
    if now >= batch.closes_at:
        moved += _end_waiting(batch_id, now)
    free_orphaned_seats(batch_id)
    return moved + promote(batch_id=batch_id, now=now)


def _end_orrest(registration: Registration, now: datetime) -> None:
    """A first lapsed offer counts as a pass; everything else that is over ends."""
    if registration.state is State.OFFERED and not _has_lapsed_before(registration):
        rest(registration, by="clock", why="offer lapsed", now=now)
        return
    why = {
        State.PENDING: "hold ran out",
        State.OFFERED: "offer lapsed again",
        State.WAITLISTED: "address not confirmed in time",
    }[registration.state]
    move(registration, State.EXPIRED, by="clock", why=why, now=now)


def _has_lapsed_before(registration: Registration) -> bool:
    event = RegistrationEvent
    return bool(
        db.session.scalar(
            sa.select(event.id)
            .where(
                event.registration_id == registration.id,
                event.from_state == State.OFFERED,
                event.to_state == State.WAITLISTED,
                event.by == "clock",
            )
            .limit(1)
        )
    )


def _end_waiting(batch_id: int, now: datetime) -> int:
    """Registration has closed: whoever still waits will not get a seat."""
    waiting = db.session.scalars(
        sa.select(Registration)
        .where(Registration.batch_id == batch_id, Registration.state == State.WAITLISTED)
        .order_by(Registration.id)
        .execution_options(populate_existing=True)
    ).all()
    for registration in waiting:
        move(registration, State.EXPIRED, by="clock", why="batch started", now=now)
    return len(waiting)
