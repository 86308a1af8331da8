"""What a student decides by the secret link: confirm, accept, pass, withdraw, correct, question."""

from __future__ import annotations

from datetime import datetime

from enroll.db import db, lock_batches
from enroll.mail.outbox import was_asked
from enroll.refusal import Refused
from enroll.registrations.allocation import move, note, rest
from enroll.registrations.letters import about
from enroll.registrations.locking import is_bound, lock_person, read_locked
from enroll.registrations.models import Registration
from enroll.registrations.moving import enrol, promote_bound, refuse_second
from enroll.registrations.outcomes import DeadlinePassed as DeadlinePassed
from enroll.registrations.outcomes import HasEnded, Outcome, refuse_if_over
from enroll.registrations.states import LIVE, State

LONGEST_QUESTION = 2000


class NotOffered(Refused):
    """There is no offer to accept or pass."""


class NotToBeQuestioned(Refused):
    """Only somebody who was not admitted may ask staff to look again, and only once."""


def confirm(*, batch_id: int, registration_id: int, seen: State, now: datetime) -> Outcome:
    """Confirm the e-mail address: a hold becomes an enrolment, a place on the waitlist becomes firm.

    `seen` is the state the person's page showed; it only picks the lock (shared for a hold that
    replaces nothing). Confirming twice changes nothing and is fine. Refuses with `DeadlinePassed`,
    `HasEnded` or `Clash`.
    """
    if seen is State.PENDING and not is_bound(registration_id):
        lock_batches(batch_id, shared=True)
        registration = read_locked(registration_id)
    else:
        registration = lock_person(registration_id, batch_id)
    is_held = registration.state is State.PENDING
    is_known = registration.address_confirmed_at is not None
    if is_known and registration.state.is_live and not is_held:
        return Outcome(registration, changed=False)
    refuse_if_over(registration, now)
    registration.address_confirmed_at = registration.address_confirmed_at or now
    was_asked(about=about(registration.id))
    if is_held:
        why = "took the seat" if is_known else "confirmed the address"
        against = (State.CONFIRMED,) if is_known else LIVE
        enrol(registration, by="student", why=why, now=now, against=against)
    else:
        if not registration.state.is_seated:  # a seat stays, and so does the end of an offer
            refuse_second(registration)
            registration.deadline_at = registration.remind_at = None
        note(registration, by="student", why="confirmed the address", now=now)
        promote_bound(registration, now)
    return Outcome(registration, changed=True)


def accept(*, batch_id: int, registration_id: int, now: datetime) -> Outcome:
    """Take the offered seat, and leave what it replaces. Twice is fine.

    Refuses with `DeadlinePassed`, `HasEnded`, `NotOffered`, `Clash`.
    """
    registration = lock_person(registration_id, batch_id)
    if registration.state is State.CONFIRMED:
        return Outcome(registration, changed=False)
    refuse_if_over(registration, now)
    if registration.state is not State.OFFERED:
        raise NotOffered
    _prove_address(registration, now)
    enrol(registration, by="student", why="accepted the offer", now=now)
    return Outcome(registration, changed=True)


def pass_offer(*, batch_id: int, registration_id: int, now: datetime) -> Outcome:
    """Let this offer go and keep the place in the queue; the seat goes to the next person at once.

    Twice is fine. Refuses with `DeadlinePassed`, `HasEnded`, `NotOffered`.
    """
    registration = lock_person(registration_id, batch_id)
    if registration.state is State.WAITLISTED and registration.is_resting:
        return Outcome(registration, changed=False)
    refuse_if_over(registration, now)
    if registration.state is not State.OFFERED:
        raise NotOffered
    _prove_address(registration, now)
    rest(registration, by="student", why="passed the offer", now=now)
    promote_bound(registration, now)
    return Outcome(registration, changed=True)


def _prove_address(registration: Registration, now: datetime) -> None:
    """Whoever answers an offer has the mailbox, also where the address was corrected meanwhile."""
    if registration.address_confirmed_at is None:
        registration.address_confirmed_at = now
        was_asked(about=about(registration.id))
        note(registration, by="student", why="confirmed the address", now=now)


def withdraw(*, batch_id: int, registration_id: int, now: datetime) -> Outcome:
    """Give the seat or the place back; a freed seat is offered in the same transaction.

    Twice is fine. Refuses with `HasEnded` where the registration ended another way.
    """
    registration = lock_person(registration_id, batch_id)
    if registration.state is State.WITHDRAWN:
        return Outcome(registration, changed=False)
    if not registration.state.is_live:
        raise HasEnded(state=registration.state)
    move(registration, State.WITHDRAWN, by="student", why="gave it up", now=now)
    promote_bound(registration, now)
    return Outcome(registration, changed=True)


def correct(*, batch_id: int, registration_id: int, name: str, phone: str) -> Outcome:
    """Correct the name and telephone number; letters not yet sent still carry the old name."""
    lock_batches(batch_id, shared=True)
    registration = read_locked(registration_id)
    if registration.erased_at is not None:
        raise HasEnded(state=registration.state)
    changed = (registration.name, registration.phone) != (name, phone)
    registration.name, registration.phone = name, phone
    db.session.flush()
    return Outcome(registration, changed)


def question(*, batch_id: int, registration_id: int, words: str, now: datetime) -> Outcome:
    """Ask staff, once, to look again at a rejection. Nothing comes back to life by it.

    The same press twice is fine. Refuses with `NotToBeQuestioned`.
    """
    lock_batches(batch_id)
    registration = read_locked(registration_id)
    if registration.questioned_at is not None:
        return Outcome(registration, changed=False)
    if registration.state is not State.REJECTED:
        raise NotToBeQuestioned
    registration.question, registration.questioned_at = words[:LONGEST_QUESTION], now
    db.session.flush()
    return Outcome(registration, changed=True)
