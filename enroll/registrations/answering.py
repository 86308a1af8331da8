"""What a student decides by the secret link: confirm, accept, pass, withdraw."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from enroll.db import db, lock_batches
from enroll.refusal import Refused
from enroll.registrations.allocation import move, promote, rest
from enroll.registrations.models import Registration
from enroll.registrations.states import State


class DeadlinePassed(Refused):
    """The hold, offer or unconfirmed place ended at `at`, though the clock's move may still come."""


class HasEnded(Refused):
    """The registration is in an ended state, from which no verb leads back."""


class NotOffered(Refused):
    """There is no offer to accept or pass."""


class Outcome(NamedTuple):
    """The registration after a verb, and whether this very call changed it."""

    registration: Registration
    changed: bool


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
        move(registration, State.CONFIRMED, by="student", why="confirmed the address", now=now)
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
    move(registration, State.CONFIRMED, by="student", why="accepted the offer", now=now)
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
    rest(registration, by="student", why="passed the offer", now=now)
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
    move(registration, State.WITHDRAWN, by="student", why="gave it up", now=now)
    promote(batch_id=batch_id, now=now)
    return Outcome(registration, changed=True)


def _lock_registration(registration_id: int) -> Registration:
    """Read the row as it is now; FOR UPDATE, because two shared holders may mean the same person."""
    return db.session.get_one(
        Registration, registration_id, populate_existing=True, with_for_update=True
    )


def _refuse_if_over(registration: Registration, now: datetime) -> None:
    if not registration.state.is_live:
        raise HasEnded(state=registration.state)
    if registration.deadline_at is not None and registration.deadline_at <= now:
        raise DeadlinePassed(at=registration.deadline_at)
