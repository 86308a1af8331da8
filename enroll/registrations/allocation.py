"""Gives seats and takes them back: the only module that moves a registration or touches `seat.taken`.

Every verb begins by locking its batch (see `lock_batches`) and reads everything after that. Each is
run by `atomically`; none commits.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from enroll.batches.deadlines import kept_until
from enroll.batches.models import Batch, Seat
from enroll.batches.states import BatchState
from enroll.catalog.models import Course
from enroll.db import db, insert_once, lock_batches
from enroll.refusal import Refused
from enroll.registrations import letters
from enroll.registrations.eligibility import first_eligible, somebody_is_eligible
from enroll.registrations.models import Registration, RegistrationEvent, live, queue_numbers
from enroll.registrations.states import MOVES, State

TOKEN_BYTES = 24  # 192 bits


class RegistrationClosed(Refused):
    """The batch takes nobody now; `reason` is not_open_yet, closed or called_off."""


class DeadlinePassed(Refused):
    """The hold, offer or unconfirmed place ended at `at`, though the clock's move may still come."""


class HasEnded(Refused):
    """The registration is in an ended state, from which no verb leads back."""


class NotOffered(Refused):
    """There is no offer to accept or pass."""


@dataclass(frozen=True, kw_only=True)
class Applicant:
    """What a person wrote into the form; the address is ASCII and lower case."""

    email: str
    name: str
    phone: str = ""
    background: str = ""
    message: str = ""
    language: str = "en"
    wants_news: bool = False
    consent_version: str


class Outcome(NamedTuple):
    """The registration after a verb, and whether this very call changed it."""

    registration: Registration
    changed: bool


# ---------------------------------------------------------------- a newcomer


def register(*, batch_id: int, applicant: Applicant, now: datetime) -> int | None:
    """Register one person: a seat on hold if one is free and nobody waits for it, else the waitlist.

    Locks the batch shared: newcomers do not wait for each other. Answers the registration's id, or
    `None` for a person who is registered here already (nothing is stored then). Refuses with
    `RegistrationClosed`.
    """
    lock_batches(batch_id, shared=True)
    batch = _batch_that_takes_people(batch_id, now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    deadline_at = _kept_until(batch, batch.hold_hours, batch.closes_at, now)
    # 1. Insert, so that a second click of the same person claims nothing and turns nobody away.
    registration_id = _insert_waiting(batch_id, applicant, token, deadline_at, now)
    if registration_id is None:
        return None
    # 2. Claim; 3. sit down.
    number = _claim_seat(batch_id, unless_somebody_waits=True)
    state = State.WAITLISTED if number is None else State.PENDING
    if number is not None:
        db.session.execute(
            sa.update(Registration)
            .where(Registration.id == registration_id)
            .values(state=State.PENDING, seat_number=number)
        )
    MOVES.check(None, state)
    _record(
        registration_id=registration_id,
        source=None,
        target=state,
        batch=batch,
        recipient=applicant.email,
        language=applicant.language,
        token=token,
        name="",
        deadline_at=deadline_at,
        by="student",
        why="registered",
        now=now,
    )
    return registration_id


def _batch_that_takes_people(batch_id: int, now: datetime) -> Batch:
    batch = _batch(batch_id)
    if batch.state is BatchState.CALLED_OFF:
        raise RegistrationClosed(reason="called_off")
    if batch.state is BatchState.DRAFT or now >= batch.closes_at:
        raise RegistrationClosed(reason="closed")
    if now < batch.opens_at:
        raise RegistrationClosed(reason="not_open_yet", opens_at=batch.opens_at)
    return batch


def _insert_waiting(
    batch_id: int, applicant: Applicant, token: str, deadline_at: datetime, now: datetime
) -> int | None:
    statement = insert_once(
        Registration.__table__, Registration.batch_id, Registration.email, where=live
    )
    row = {
        "batch_id": batch_id,
        "email": applicant.email,
        "name": applicant.name,
        "phone": applicant.phone,
        "background": applicant.background,
        "message": applicant.message,
        "language": applicant.language,
        "state": State.WAITLISTED,
        "queue_number": _draw_queue_number(batch_id),
        "token": token,
        "deadline_at": deadline_at,
        "consent_version": applicant.consent_version,
        "consent_language": applicant.language,
        "consented_at": now,
        "news_consented_at": now if applicant.wants_news else None,
        "created_at": now,
    }
    return db.session.scalar(statement.values(row).returning(Registration.id))


def _draw_queue_number(batch_id: int) -> sa.ColumnElement[int]:
    """The next place in arrival order. SQLite has no sequences; its write lock makes max + 1 safe."""
    if db.session.connection().dialect.name == "postgresql":
        return queue_numbers.next_value()
    highest = sa.select(sa.func.coalesce(sa.func.max(Registration.queue_number), 0) + 1)
    return highest.where(Registration.batch_id == batch_id).scalar_subquery()


# ---------------------------------------------------------------- what a student decides


def confirm(*, batch_id: int, registration_id: int, seen: State, now: datetime) -> Outcome:
    """Confirm the e-mail address: a hold becomes an enrolment, a place on the waitlist becomes firm.

    `seen` is the state the person's page showed; it only picks the lock (shared for a hold).
    Confirming twice changes nothing and is fine. Refuses with `DeadlinePassed` or `HasEnded`.
    """
    lock_batches(batch_id, shared=seen is State.PENDING)
    registration = _lock_registration(registration_id)
    if registration.address_confirmed_at is not None and registration.state.is_live:
        return Outcome(registration, changed=False)
    _refuse_if_over(registration, now)
    registration.address_confirmed_at = now
    if registration.state is State.PENDING:
        _move(registration, State.CONFIRMED, by="student", why="confirmed the address", now=now)
    else:
        registration.deadline_at = None
        promote(batch_id=batch_id, now=now)
    return Outcome(registration, changed=True)


def accept(*, batch_id: int, registration_id: int, now: datetime) -> Outcome:
    """Take the offered seat. Twice is fine. Refuses with `DeadlinePassed`, `HasEnded`, `NotOffered`."""
    lock_batches(batch_id)
    registration = _lock_registration(registration_id)
    if registration.state is State.CONFIRMED:
        return Outcome(registration, changed=False)
    _refuse_if_over(registration, now)
    if registration.state is not State.OFFERED:
        raise NotOffered
    _move(registration, State.CONFIRMED, by="student", why="accepted the offer", now=now)
    return Outcome(registration, changed=True)


def pass_offer(*, batch_id: int, registration_id: int, now: datetime) -> Outcome:
    """Let this offer go and keep the place in the queue; the seat goes to the next person at once.

    Twice is fine. Refuses with `DeadlinePassed`, `HasEnded`, `NotOffered`.
    """
    lock_batches(batch_id)
    registration = _lock_registration(registration_id)
    if registration.state is State.WAITLISTED and registration.is_resting:
        return Outcome(registration, changed=False)
    _refuse_if_over(registration, now)
    if registration.state is not State.OFFERED:
        raise NotOffered
    _rest(registration, by="student", why="passed the offer", now=now)
    promote(batch_id=batch_id, now=now)
    return Outcome(registration, changed=True)


def withdraw(*, batch_id: int, registration_id: int, now: datetime) -> Outcome:
    """Give the seat or the place back; a freed seat is offered in the same transaction.

    Twice is fine. Refuses with `HasEnded` where the registration ended another way.
    """
    lock_batches(batch_id)
    registration = _lock_registration(registration_id)
    if registration.state is State.WITHDRAWN:
        return Outcome(registration, changed=False)
    if not registration.state.is_live:
        raise HasEnded(state=registration.state)
    _move(registration, State.WITHDRAWN, by="student", why="gave it up", now=now)
    promote(batch_id=batch_id, now=now)
    return Outcome(registration, changed=True)


# ---------------------------------------------------------------- what the clock decides


def tidy_batch(*, batch_id: int, now: datetime) -> int:
    """End what is over at `now`, free seats that nobody holds, offer what is free; answer how many moved.

    The worker only tidies up: every verb above looks at the deadlines itself.
    """
    lock_batches(batch_id)
    batch = _batch(batch_id)
    over = db.session.scalars(
        sa.select(Registration)
        .where(Registration.batch_id == batch_id, live, Registration.deadline_at <= now)
        .order_by(Registration.id)
        .execution_options(populate_existing=True)
    ).all()
    for registration in over:
        _end_or_rest(registration, now)
    moved = len(over)
    if now >= batch.closes_at:
        moved += _end_waiting(batch_id, now)
    _free_orphaned_seats(batch_id)
    return moved + promote(batch_id=batch_id, now=now)


def _end_or_rest(registration: Registration, now: datetime) -> None:
    """A first lapsed offer counts as a pass; everything else that is over ends."""
    if registration.state is State.OFFERED and not _has_lapsed_before(registration):
        _rest(registration, by="clock", why="offer lapsed", now=now)
        return
    why = {
        State.PENDING: "hold ran out",
        State.OFFERED: "offer lapsed again",
        State.WAITLISTED: "address not confirmed in time",
    }[registration.state]
    _move(registration, State.EXPIRED, by="clock", why=why, now=now)


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
        _move(registration, State.EXPIRED, by="clock", why="batch started", now=now)
    return len(waiting)


def promote(*, batch_id: int, now: datetime) -> int:
    """Offer free seats to the first eligible people, in order; answers how many offers were made.

    Part of every verb that holds the exclusive lock, never of another.
    """
    batch = _batch(batch_id)
    if batch.state is BatchState.CALLED_OFF or now >= batch.closes_at:
        return 0
    made = 0
    while (registration := first_eligible(batch_id)) is not None:
        number = _claim_seat(batch_id, unless_somebody_waits=False)
        if number is None:
            break
        registration.seat_number = number
        registration.deadline_at = _kept_until(batch, batch.offer_hours, batch.closes_at, now)
        _move(registration, State.OFFERED, by="clock", why="a seat freed", now=now)
        made += 1
    return made


# ---------------------------------------------------------------- the parts they share


def _batch(batch_id: int) -> Batch:
    """The batch as it is now, with the one word of its course that letters need."""
    title_only = joinedload(Batch.course, innerjoin=True).load_only(Course.title)
    return db.session.get_one(Batch, batch_id, options=[title_only], populate_existing=True)


def _lock_registration(registration_id: int) -> Registration:
    """Read the row as it is now; FOR UPDATE, because two shared holders may mean the same person."""
    return db.session.get_one(
        Registration, registration_id, populate_existing=True, with_for_update=True
    )


def _kept_until(batch: Batch, hours: int, latest: datetime, now: datetime) -> datetime:
    return kept_until(now, hours=hours, zone=batch.tz, latest=latest)


def _refuse_if_over(registration: Registration, now: datetime) -> None:
    if not registration.state.is_live:
        raise HasEnded(state=registration.state)
    if registration.deadline_at is not None and registration.deadline_at <= now:
        raise DeadlinePassed(at=registration.deadline_at)


def _claim_seat(batch_id: int, *, unless_somebody_waits: bool) -> int | None:
    """Take the free seat with the lowest number, past those that others are taking just now."""
    free = (
        sa.select(Seat.number)
        .where(Seat.batch_id == batch_id, ~Seat.taken)
        .order_by(Seat.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if unless_somebody_waits:
        free = free.where(~somebody_is_eligible(batch_id))
    claim = (
        sa.update(Seat)
        .where(Seat.batch_id == batch_id, Seat.number == free.scalar_subquery())
        .values(taken=True)
        .returning(Seat.number)
        .execution_options(synchronize_session=False)
    )
    return db.session.scalar(claim)


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


def _free_orphaned_seats(batch_id: int) -> None:
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


def _rest(registration: Registration, *, by: str, why: str, now: datetime) -> None:
    """Back to the same place in the queue, not asked again until the next seat frees."""
    _move(registration, State.WAITLISTED, by=by, why=why, now=now)
    registration.is_resting = True


def _move(registration: Registration, target: State, *, by: str, why: str, now: datetime) -> None:
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
        registration_id=registration.id,
        source=source,
        target=target,
        batch=_batch(registration.batch_id),
        recipient=registration.email,
        language=registration.language,
        token=registration.token,
        name=registration.name if registration.address_confirmed_at else "",
        deadline_at=registration.deadline_at,
        by=by,
        why=why,
        now=now,
    )


def _record(
    *,
    registration_id: int,
    source: State | None,
    target: State,
    by: str,
    why: str,
    now: datetime,
    batch: Batch,
    recipient: str,
    language: str,
    token: str,
    name: str,
    deadline_at: datetime | None,
) -> None:
    """One history row for one move, and the letter that the move promises."""
    event_id = db.session.scalar(
        sa.insert(RegistrationEvent).returning(RegistrationEvent.id),
        {
            "registration_id": registration_id,
            "from_state": source,
            "to_state": target,
            "at": now,
            "by": by,
            "why": why,
        },
    )
    kind = letters.promised(source, target)
    if kind is None or event_id is None:
        return
    letters.write(
        kind=kind,
        registration_id=registration_id,
        recipient=recipient,
        language=language,
        token=token,
        batch=batch,
        name=name,
        deadline_at=deadline_at,
        why=why,
        event_id=event_id,
        now=now,
    )
