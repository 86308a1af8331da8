"""Registers somebody who calls, on staff's word; also without an e-mail, or with one that is shared.

By contract one address is live once in a batch: a unique index says so, and the public form relies
on it. Who has no address, or shares a sister's, is therefore stored under an address of their own
that nobody can have (192 random bits, in RFC 2606's `.invalid`), and `letters_to` says where letters
go, if anywhere. So the index, the audit, moves and wishes go on comparing `email` and mean a person,
while everything that writes, searches or shows asks `address`. Erasure empties a person, not those
who share the mailbox; lost links are found by mailbox, each person's in a letter of their own; and a
letter to somebody without one becomes a task for the telephone in the outbox itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from enroll.batches.facts import BatchFacts, batch_facts
from enroll.batches.states import BatchState
from enroll.db import db
from enroll.mail.states import NO_MAILBOX
from enroll.refusal import Refused
from enroll.registrations.allocation import arrive, claim_first, promote
from enroll.registrations.arriving import RegistrationClosed, refuse_long_waitlist
from enroll.registrations.clashes import refuse_clash
from enroll.registrations.doubles import Double, doubles_of
from enroll.registrations.entering import enter, new_token
from enroll.registrations.locking import lock_seating
from enroll.registrations.models import Registration
from enroll.registrations.noting import write_note
from enroll.registrations.replay import BY_HAND
from enroll.registrations.states import LIVE, State


class PerhapsHere(Refused):
    """Somebody very like this person is registered here: `doubles` says who, and by what."""

    def __init__(self, doubles: Collection[Double]) -> None:
        super().__init__(doubles=doubles)
        self.doubles = doubles


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What somebody said on the telephone; the address, if any, is ASCII and lower case."""

    name: str
    phone: str
    email: str = ""
    background: str = ""
    message: str = ""
    note: str = ""
    language: str = "en"
    meets_prerequisites: bool = False
    consent_version: str


def register_by_hand(
    *,
    batch_id: int,
    caller: Caller,
    staff_id: int,
    seen: Collection[int] = (),
    admits: bool = False,
    now: datetime,
) -> Registration:
    """Register a caller on staff's word, which counts as a confirmed address.

    Enrolled if a seat is free and nobody eligible waits for it, else last on the waitlist. Where the
    batch asks for approval: applied, or with `admits` the same as elsewhere. The colleague has read
    the consent aloud. Locks the batch exclusively, so that two colleagues with the same caller meet
    here: the second hears who is there already (`PerhapsHere`), until those stand in `seen`.
    Registration may be over, but not the time before the batch begins. Refuses with
    `RegistrationClosed`, `PerhapsHere`, `WaitlistFull`, `Clash`.
    """
    lock_seating(batch_id)
    batch = batch_facts(batch_id)
    refuse_out_of_time(batch, now)
    doubles = doubles_of(
        batch_id=batch_id, name=caller.name, phone=caller.phone, email=caller.email
    )
    if not {one.id for one in doubles} <= set(seen):
        raise PerhapsHere(doubles)
    one = _enter(batch, caller, staff_id, asks=batch.needs_approval and not admits, now=now)
    by = f"staff {staff_id}"
    _take_place(one, batch, by=by, now=now)
    if caller.note:
        write_note(registration_id=one.id, text=caller.note, by=by, now=now)
    promote(batch_id=batch_id, now=now)
    return one


def enter_listed(
    batch: BatchFacts, caller: Caller, *, staff_id: int, now: datetime
) -> Registration:
    """Somebody of a list that staff bring, under the batch's exclusive lock: as by hand, admitted.

    Refuses with `WaitlistFull`, `Clash`; the row is there by then, so roll back to before it.
    """
    one = _enter(batch, caller, staff_id, asks=False, now=now)
    _take_place(one, batch, by=f"staff {staff_id}", now=now)
    return one


def refuse_out_of_time(batch: BatchFacts, now: datetime) -> None:
    """Staff may still register somebody when the form is closed; nobody comes before it opens."""
    if batch.state is BatchState.CALLED_OFF:
        raise RegistrationClosed(reason="called_off")
    if batch.state is BatchState.DRAFT or now >= batch.begins_at:
        raise RegistrationClosed(reason="closed")
    if now < batch.opens_at:
        raise RegistrationClosed(reason="not_open_yet", opens_at=batch.opens_at)


def _enter(
    batch: BatchFacts, caller: Caller, staff_id: int, *, asks: bool, now: datetime
) -> Registration:
    own = bool(caller.email) and not _is_live_here(batch.id, caller.email)
    person = {
        "email": caller.email if own else f"{secrets.token_hex(24)}@{NO_MAILBOX}",
        "letters_to": None if own else caller.email or None,
        "name": caller.name,
        "phone": caller.phone,
        "background": caller.background,
        "message": caller.message,
        "language": caller.language,
        "consent_version": caller.consent_version,
        "consent_language": caller.language,
        "consented_at": now,
        "consent_read_by": staff_id,
        "news_consented_at": None,
        "prerequisites_met_at": now if caller.meets_prerequisites else None,
    }
    state = State.APPLIED if asks else State.WAITLISTED
    entered = enter(
        batch.id, person, state=state, token=new_token(), now=now, address_confirmed_at=now
    )
    return db.session.get_one(Registration, entered)


def _is_live_here(batch_id: int, email: str) -> bool:
    here = sa.exists().where(
        Registration.batch_id == batch_id,
        Registration.email == email,
        Registration.state.in_(LIVE),
    )
    return bool(db.session.scalar(sa.select(here)))


def _take_place(one: Registration, batch: BatchFacts, *, by: str, now: datetime) -> None:
    """Sit down at once if nobody comes first; else wait, behind everybody who does."""
    if one.state is State.APPLIED:
        arrive(one, State.APPLIED, by=by, why=BY_HAND, now=now)
        return
    seats = claim_first(batch.id, 1, now=now, besides=one.id)
    if seats is None:
        refuse_long_waitlist(batch)
        arrive(one, State.WAITLISTED, by=by, why=BY_HAND, now=now)
        return
    refuse_clash(one)
    arrive(one, State.CONFIRMED, seats[0], by=by, why=BY_HAND, now=now)
