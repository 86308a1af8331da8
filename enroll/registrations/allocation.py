"""Gives seats and takes them back: the only module that moves a registration or touches `seat.taken`.

Whoever calls it holds the batch's lock (see `lock_batches`): shared to seat a newcomer or confirm a
hold, exclusive for everything else. Everything is read after the lock. Nothing here commits.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from enroll.batches.deadlines import kept_until
from enroll.batches.facts import BatchFacts, batch_facts
from enroll.batches.models import Seat
from enroll.batches.states import BatchState
from enroll.db import db
from enroll.registrations import letters
from enroll.registrations.eligibility import first_eligible, somebody_is_eligible
from enroll.registrations.letters import Addressee
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.states import MOVES, State


def seat_newcomer(
    *, newcomer: Addressee, batch: BatchFacts, deadline_at: datetime, now: datetime
) -> None:
    """Give a newcomer who has just been inserted as waiting a free seat, unless somebody waits for it.

    The history gets one row, the final state; the letter says which it is.
    """
    number = _claim_seat(batch.id, unless_somebody_waits=True)
    state = State.WAITLISTED if number is None else State.PENDING
    MOVES.check(None, state)
    if number is not None:
        seated = {"which": newcomer.registration_id, "state": state, "seat_number": number}
        db.session.connection().execute(_SIT_DOWN, seated)
    _record(
        newcomer,
        source=None,
        target=state,
        batch=batch,
        deadline_at=deadline_at,
        by="student",
        why="registered",
        now=now,
    )


def promote(*, batch_id: int, now: datetime) -> int:
    """Offer free seats to the first eligible people, in order; answers how many offers were made.

    Part of every verb that holds the exclusive lock, never of another.
    """
    batch = batch_facts(batch_id)
    if batch.state is BatchState.CALLED_OFF or now >= batch.closes_at:
        return 0
    made = 0
    while (registration := first_eligible(batch_id)) is not None:
        number = _claim_seat(batch_id, unless_somebody_waits=False)
        if number is None:
            break
        registration.seat_number = number
        registration.deadline_at = kept(batch, batch.offer_hours, now)
        move(registration, State.OFFERED, by="clock", why="a seat freed", now=now)
        made += 1
    return made


def rest(registration: Registration, *, by: str, why: str, now: datetime) -> None:
    """Back to the same place in the queue, not asked again until the next seat frees."""
    move(registration, State.WAITLISTED, by=by, why=why, now=now)
    registration.is_resting = True


def move(registration: Registration, target: State, *, by: str, why: str, now: datetime) -> None:
    """The one writer of states: guard, state, seat, history, letter."""
    source = registration.state
    MOVES.check(source, target)
    registration.state = target
    if target is not State.OFFERED:
        registration.deadline_at = None
    if source.is_seated and not target.is_seated:
        _free_seat(registration, source)
    db.session.flush()  # what refuses this move refuses it here, before it enters the history
    _record(
        _addressee(registration),
        source=source,
        target=target,
        batch=batch_facts(registration.batch_id),
        deadline_at=registration.deadline_at,
        by=by,
        why=why,
        now=now,
    )


def kept(batch: BatchFacts, hours: int, now: datetime) -> datetime:
    """Until when a hold or an offer of so many hours is kept, made at `now`."""
    return kept_until(now, hours=hours, zone=ZoneInfo(batch.zone), latest=batch.closes_at)


def free_orphaned_seats(batch_id: int) -> None:
    """Free what is taken by nobody: no verb leaves such a seat, a hand-written statement may."""
    held = sa.select(Registration.seat_number).where(
        Registration.batch_id == batch_id, Registration.seat_number.is_not(None)
    )
    db.session.execute(
        sa.update(Seat)
        .where(Seat.batch_id == batch_id, Seat.taken, Seat.number.not_in(held))
        .values(taken=False)
        .execution_options(synchronize_session=False)
    )


# ---------------------------------------------------------------- the seats themselves


def _claim_seat(batch_id: int, *, unless_somebody_waits: bool) -> int | None:
    """Take the free seat with the lowest number, past those that others are taking just now."""
    claim = _claim(unless_somebody_waits)
    number: int | None = db.session.connection().scalar(claim, {"batch": batch_id})
    return number


# Statements of the crowded path are built once: building one takes longer than running it.
@cache
def _claim(unless_somebody_waits: bool) -> sa.Executable:
    batch_id = sa.bindparam("batch", type_=sa.Integer)
    free = (
        sa.select(Seat.number)
        .where(Seat.batch_id == batch_id, ~Seat.taken)
        .order_by(Seat.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if unless_somebody_waits:
        free = free.where(~somebody_is_eligible(batch_id))
    return (
        sa.update(Seat)
        .where(Seat.batch_id == batch_id, Seat.number == free.scalar_subquery())
        .values(taken=True)
        .returning(Seat.number)
    )


_SIT_DOWN = sa.update(Registration).where(Registration.id == sa.bindparam("which"))


def _free_seat(registration: Registration, source: State) -> None:
    """Stand up from the seat held in `source`.

    A seat that frees is a new chance for those who rest. One that was only on offer is the seat
    they have passed already: it moves on without waking them.
    """
    number, registration.seat_number = registration.seat_number, None
    db.session.flush()  # the foreign key wants the holder gone before the seat is free
    db.session.execute(
        sa.update(Seat)
        .where(Seat.batch_id == registration.batch_id, Seat.number == number)
        .values(taken=False)
        .execution_options(synchronize_session=False)
    )
    if source is not State.OFFERED:
        db.session.execute(
            sa.update(Registration)
            .where(Registration.batch_id == registration.batch_id, Registration.is_resting)
            .values(is_resting=False)
        )


# ---------------------------------------------------------------- the history


_EVENT = sa.insert(RegistrationEvent).returning(RegistrationEvent.id)


def _addressee(registration: Registration) -> Addressee:
    return Addressee(
        registration_id=registration.id,
        email=registration.email,
        language=registration.language,
        token=registration.token,
        name=registration.name if registration.address_confirmed_at else "",
    )


def _record(
    to: Addressee,
    *,
    source: State | None,
    target: State,
    batch: BatchFacts,
    deadline_at: datetime | None,
    by: str,
    why: str,
    now: datetime,
) -> None:
    """One history row for one move, and the letter that the move promises."""
    event_id = db.session.connection().scalar(
        _EVENT,
        {
            "registration_id": to.registration_id,
            "from_state": source,
            "to_state": target,
            "at": now,
            "by_whom": by,
            "why": why,
        },
    )
    kind = letters.promised(source, target)
    if kind is None or event_id is None:
        return
    letters.write(
        kind=kind,
        to=to,
        batch=batch,
        deadline_at=deadline_at,
        why=why,
        event_id=event_id,
        now=now,
    )
