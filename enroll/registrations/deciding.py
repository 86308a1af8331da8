"""What staff decide about one person: admit, reject, seat by telephone, cancel, look again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import zip_longest

import sqlalchemy as sa

from enroll.batches.facts import batch_facts
from enroll.db import db
from enroll.mail.telephone import tick_all
from enroll.refusal import Refused
from enroll.registrations.allocation import arrive, claim_first, hold, kept, move, promote
from enroll.registrations.entering import enter_also
from enroll.registrations.letters import about
from enroll.registrations.locking import lock_person, lock_seating
from enroll.registrations.models import Registration
from enroll.registrations.moving import enrol, promote_bound
from enroll.registrations.outcomes import HasEnded, Outcome
from enroll.registrations.seats import claim_seats
from enroll.registrations.states import State


class NotDecidable(Refused):
    """The registration is not in the state this decision is about; `state` says which it is in."""


class NoFreeSeat(Refused):
    """There is no free seat to give."""


def admit(
    *, batch_id: int, registration_ids: Collection[int], by: str, now: datetime
) -> list[Registration]:
    """Accept these applications, in the order they arrived: a seat on hold, or the waitlist.

    Those of one group get seats together, or wait together. Somebody else has decided about some
    of them already: those are left alone. Answers who was admitted. Locks the batch exclusively.
    """
    lock_seating(batch_id)
    admitted = _applications(batch_id, registration_ids)
    for party in _parties(admitted):
        seats = claim_first(batch_id, len(party), now=now) or []
        for one, seat in zip_longest(party, seats):
            _admit_one(one, seat, by=by, now=now)
    promote(batch_id=batch_id, now=now)
    return admitted


def _parties(admitted: Collection[Registration]) -> Collection[list[Registration]]:
    """Who registered together, in the order of arrival; most come alone."""
    found: dict[tuple[int | None, int | None], list[Registration]] = {}
    for one in admitted:
        alone = one.id if one.group_id is None else None
        found.setdefault((one.group_id, alone), []).append(one)
    return found.values()


def _admit_one(one: Registration, seat: int | None, *, by: str, now: datetime) -> None:
    why = "application accepted"
    if seat is not None:
        hold(one, seat, by=by, why=why, now=now)
        return
    if one.address_confirmed_at is None and one.deadline_at is None:
        batch = batch_facts(one.batch_id)
        one.deadline_at = kept(batch, batch.hold_hours, now)
    move(one, State.WAITLISTED, by=by, why=why, now=now)


def reject(
    *, batch_id: int, registration_ids: Collection[int], reason: str, by: str, now: datetime
) -> list[Registration]:
    """Turn these applications down, with a reason that stands in the letter. Answers who was told."""
    lock_seating(batch_id)
    rejected = _applications(batch_id, registration_ids)
    for one in rejected:
        one.decision = reason
        move(one, State.REJECTED, by=by, why="not admitted", now=now, more={"reason": reason})
    return rejected


def _applications(batch_id: int, registration_ids: Collection[int]) -> list[Registration]:
    return list(
        db.session.scalars(
            sa.select(Registration)
            .where(
                Registration.batch_id == batch_id,
                Registration.id.in_(registration_ids),
                Registration.state == State.APPLIED,
            )
            .order_by(Registration.queue_number)
            .execution_options(populate_existing=True)
        )
    )


def admit_after_all(*, batch_id: int, registration_id: int, by: str, now: datetime) -> Outcome:
    """Look again at a rejection and admit the person: a new registration, because ended ones rest.

    Twice is fine. Refuses with `NotDecidable` for whoever was not rejected.
    """
    lock_seating(batch_id)
    old = db.session.get_one(Registration, registration_id, populate_existing=True)
    if old.state is not State.REJECTED:
        raise NotDecidable(state=old.state)
    new = enter_also(old, batch_id, state=State.APPLIED, now=now)
    if new is None:
        return Outcome(old, changed=False)
    arrive(new, State.APPLIED, by="reconsidered", why="looked at again", now=now)
    admit(batch_id=batch_id, registration_ids=[new.id], by=by, now=now)
    return Outcome(new, changed=True)


def seat_by_telephone(*, batch_id: int, registration_id: int, by: str, now: datetime) -> Outcome:
    """Enrol somebody who waits and has said yes on the telephone. Twice is fine.

    Also whoever was admitted, whose seat is kept until they take it; what was left to tell them is
    told by this call. Refuses with `NotDecidable` for whoever does not wait, `NoFreeSeat`, `Clash`.
    """
    registration = lock_person(registration_id, batch_id)
    if registration.state is State.CONFIRMED:
        return Outcome(registration, changed=False)
    seat = None
    if registration.state is State.WAITLISTED:
        seats = claim_seats(batch_id, 1)
        if seats is None:
            raise NoFreeSeat
        seat = seats[0]
        registration.address_confirmed_at = registration.address_confirmed_at or now
    elif not may_say_yes(registration):
        raise NotDecidable(state=registration.state)
    tick_all(about=about(registration_id), by=by, now=now)
    enrol(registration, by=by, why="accepted by telephone", now=now, seat=seat)
    promote_bound(registration, now)  # what is left of a group may fit now
    return Outcome(registration, changed=True)


def may_say_yes(registration: Registration) -> bool:
    """Is a seat kept for this person that a yes on the telephone makes theirs?"""
    is_admitted = registration.state is State.PENDING and registration.address_confirmed_at
    return registration.state is State.OFFERED or bool(is_admitted)


def cancel(*, batch_id: int, registration_id: int, reason: str, by: str, now: datetime) -> Outcome:
    """Take a seat or place back; what frees is offered in the same transaction. Twice is fine.

    Refuses with `HasEnded` where the registration ended another way.
    """
    registration = lock_person(registration_id, batch_id)
    if registration.state is State.CANCELLED:
        return Outcome(registration, changed=False)
    if not registration.state.is_live:
        raise HasEnded(state=registration.state)
    take_back(registration, reason=reason, by=by, now=now)
    promote_bound(registration, now)
    return Outcome(registration, changed=True)


def take_back(registration: Registration, *, reason: str, by: str, now: datetime) -> None:
    """Cancel it under the caller's locks; who comes next is asked when the caller promotes."""
    registration.decision = reason
    told = {"reason": reason}
    why = "cancelled by staff"
    move(registration, State.CANCELLED, by=by, why=why, now=now, more=told)
