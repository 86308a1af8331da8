"""Lets newcomers in: a seat on hold, a place on the waitlist, or an application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from enroll.batches.facts import BatchFacts, batch_facts
from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.db import db, dialect_name, lock_batches
from enroll.refusal import Refused
from enroll.registrations.allocation import arrive, begin, claim_first, kept, seat_newcomer
from enroll.registrations.eligibility import comes_first
from enroll.registrations.entering import enter, new_token
from enroll.registrations.letters import Addressee
from enroll.registrations.locking import lock_alone, lock_seating
from enroll.registrations.models import Registration, RegistrationGroup
from enroll.registrations.seats import count_free
from enroll.registrations.states import State

LARGEST_GROUP = 5


class RegistrationClosed(Refused):
    """The batch takes nobody now; `reason` is not_open_yet, closed or called_off."""


class WaitlistFull(Refused):
    """No seat is free, and `limit` people wait already."""


@dataclass(frozen=True, kw_only=True)
class Applicant:
    """What a person wrote into the form; the address is ASCII and lower case.

    `network` is a keyed hash of where the form came from, `holds_allowed` how many seats one
    network may hold at a time; without them nothing is counted.
    """

    email: str
    name: str
    phone: str = ""
    background: str = ""
    message: str = ""
    language: str = "en"
    wants_news: bool = False
    meets_prerequisites: bool = False
    consent_version: str
    network: str | None = None
    holds_allowed: int | None = None


def register(*, batch_id: int, applicant: Applicant, now: datetime) -> int | None:
    """Register one person: a seat on hold if one is free and nobody waits for it, else the waitlist.

    Where the batch asks for approval, an application. Locks the batch shared: newcomers do not wait
    for each other; exclusively where holds or the waitlist have a limit to be kept. Answers the
    registration's id, or `None` for a person who is registered here already (nothing is stored
    then). Refuses with `RegistrationClosed` or `WaitlistFull`, whoever asks.
    """
    lock_batches(batch_id, shared=not _has_limit(batch_id))
    batch = batch_facts(batch_id)
    refuse_outside_window(batch, now)
    token, deadline_at = new_token(), kept(batch, batch.hold_hours, now)
    # Inserting comes first, so that a second click of the same person claims nothing: whoever
    # claims first and is then refused has turned somebody honest away.
    registration_id = enter(
        batch_id,
        _person(applicant, now),
        state=State.APPLIED if batch.needs_approval else State.WAITLISTED,
        token=token,
        deadline_at=deadline_at,
        network=applicant.network,
        now=now,
    )
    if registration_id is None:
        _refuse_as_if_new(batch)
        return None
    to = Addressee(registration_id, applicant.email, applicant.language, token, name="")
    _take_place(to, batch, applicant, deadline_at, now)
    return registration_id


def _take_place(
    to: Addressee, batch: BatchFacts, applicant: Applicant, deadline_at: datetime, now: datetime
) -> None:
    if batch.needs_approval:
        why = "registered"
        begin(
            to, State.APPLIED, batch=batch, deadline_at=deadline_at, by="student", why=why, now=now
        )
        return
    may_hold = _may_hold(batch, applicant, 1)
    state = seat_newcomer(
        newcomer=to, batch=batch, deadline_at=deadline_at, may_hold=may_hold, now=now
    )
    if state is State.WAITLISTED and (
        may_hold or not _seats_are_free(batch, besides=to.registration_id)
    ):
        refuse_long_waitlist(batch)


def register_group(*, batch_id: int, applicants: Sequence[Applicant], now: datetime) -> list[int]:
    """Register up to five people together: seats for all of them on hold, or all on the waitlist.

    Each confirms with their own address. Whoever is registered here already keeps what they have
    and is not counted; the form says nothing of it. Locks the batch exclusively. Answers the ids of
    those who are new. Refuses with `RegistrationClosed` or `WaitlistFull`.
    """
    if not 1 <= len(applicants) <= LARGEST_GROUP:
        raise ValueError(f"a group has 1 to {LARGEST_GROUP} people")
    lock_seating(batch_id)
    batch = batch_facts(batch_id)
    refuse_outside_window(batch, now)
    group = RegistrationGroup(batch_id=batch_id)
    db.session.add(group)
    db.session.flush()
    entered = [
        enter(
            batch_id,
            _person(one, now),
            state=State.APPLIED if batch.needs_approval else State.WAITLISTED,
            token=new_token(),
            deadline_at=kept(batch, batch.hold_hours, now),
            network=one.network,
            group_id=group.id,
            now=now,
        )
        for one in applicants
    ]
    new = [registration_id for registration_id in entered if registration_id is not None]
    if new:
        people = [db.session.get_one(Registration, one) for one in new]
        _seat_group(batch, people, applicants[0], now)
    else:
        _refuse_as_if_new(batch)
    return new


def _seat_group(
    batch: BatchFacts, people: Sequence[Registration], leader: Applicant, now: datetime
) -> None:
    """Seats for all, if so many are free and nobody waits for them; else they all wait."""
    state: State = people[0].state
    seats: list[int] | None = None
    if state is State.WAITLISTED:
        may_hold = _may_hold(batch, leader, len(people))
        seats = claim_first(batch.id, len(people), now=now) if may_hold else None
        if seats is not None:
            state = State.PENDING
        elif may_hold or not _seats_are_free(batch, len(people)):
            refuse_long_waitlist(batch)
    for number, one in enumerate(people):
        seat = seats[number] if seats else None
        arrive(one, state, seat, by="student", why="registered in a group", now=now)


# ---------------------------------------------------------------- what stands in the way


def refuse_outside_window(batch: BatchFacts, now: datetime) -> None:
    """Refuse with `RegistrationClosed` before the batch opens, after it closes, or if it is off."""
    if batch.state is BatchState.CALLED_OFF:
        raise RegistrationClosed(reason="called_off")
    if batch.state is BatchState.DRAFT or now >= batch.closes_at:
        raise RegistrationClosed(reason="closed")
    if now < batch.opens_at:
        raise RegistrationClosed(reason="not_open_yet", opens_at=batch.opens_at)


def refuse_long_waitlist(batch: BatchFacts, arriving: int = 0) -> None:
    """Refuse with `WaitlistFull` if more wait than the batch allows, `arriving` more counted in."""
    limit = batch.waitlist_limit
    if limit is not None and _count(batch.id, State.WAITLISTED) + arriving > limit:
        raise WaitlistFull(limit=limit)


def _refuse_as_if_new(batch: BatchFacts) -> None:
    """Who is here already hears what a stranger would: the answer must not tell them apart."""
    if batch.waitlist_limit is None or batch.needs_approval:
        return
    if not _seats_are_free(batch):
        refuse_long_waitlist(batch, arriving=1)


def _seats_are_free(batch: BatchFacts, count: int = 1, *, besides: int = 0) -> bool:
    """Are so many seats free for newcomers (`besides`, if a row is there)?

    Then it is only the cap on holds that makes them wait, which never refuses anybody.
    """
    return comes_first(batch.id, besides=besides) and count_free(batch.id) >= count


def _has_limit(batch_id: int) -> bool:
    """Asked before the lock, because it decides how strong that is. SQLite has one strength only."""
    if dialect_name() == "sqlite":
        return False
    limited = sa.select(
        sa.or_(Batch.waitlist_limit.is_not(None), Batch.hold_limit.is_not(None))
    ).where(Batch.id == batch_id)
    return bool(db.session.connection().scalar(limited))


def _may_hold(batch: BatchFacts, applicant: Applicant, seats: int) -> bool:
    """May so many seats more be held for unconfirmed addresses, in this batch and this network?

    Whoever comes from the same network waits here for the one before: a burst keeps the limit too.
    """
    limit, allowed = batch.hold_limit, applicant.holds_allowed
    if limit is not None and _count(batch.id, State.PENDING) + seats > limit:
        return False
    if allowed is None or applicant.network is None:
        return True
    lock_alone(applicant.network)
    held = sa.select(sa.func.count()).where(
        Registration.network == applicant.network, Registration.state == State.PENDING
    )
    return (db.session.scalar(held) or 0) + seats <= allowed


def _count(batch_id: int, state: State) -> int:
    counted = sa.select(sa.func.count()).where(
        Registration.batch_id == batch_id, Registration.state == state
    )
    return db.session.scalar(counted) or 0


def _person(applicant: Applicant, now: datetime) -> dict[str, object]:
    return {
        "email": applicant.email,
        "name": applicant.name,
        "phone": applicant.phone,
        "background": applicant.background,
        "message": applicant.message,
        "language": applicant.language,
        "consent_version": applicant.consent_version,
        "consent_language": applicant.language,
        "consented_at": now,
        "news_consented_at": now if applicant.wants_news else None,
        "prerequisites_met_at": now if applicant.meets_prerequisites else None,
    }
