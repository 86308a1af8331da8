"""What one person's own page shows: the registration behind a secret link, and its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from enroll.batches.facts import batch_facts
from enroll.db import db
from enroll.mail.models import Letter
from enroll.registrations.letters import about
from enroll.registrations.models import Erasure, OpeningReminder, Registration, RegistrationEvent
from enroll.registrations.noting import count_notes
from enroll.registrations.states import LIVE, State


def by_token(token: str) -> Registration | None:
    """The registration that this secret link opens, with its batch; or nothing."""
    return db.session.scalar(
        sa.select(Registration)
        .options(joinedload(Registration.batch))
        .where(Registration.token == token)
    )


def place(registration: Registration) -> int | None:
    """The place on the waitlist, counted from 1; `None` for whoever does not wait."""
    if registration.state is not State.WAITLISTED:
        return None
    before = sa.select(sa.func.count()).where(
        Registration.batch_id == registration.batch_id,
        Registration.state == State.WAITLISTED,
        Registration.queue_number < registration.queue_number,
    )
    return 1 + (db.session.scalar(before) or 0)


def history(registration: Registration) -> Sequence[RegistrationEvent]:
    """Its moves, first to last; by id, because clocks may step back."""
    return db.session.scalars(
        sa.select(RegistrationEvent)
        .where(RegistrationEvent.registration_id == registration.id)
        .order_by(RegistrationEvent.id)
    ).all()


def wished(registration: Registration) -> Sequence[Registration]:
    """The other batches this person waits in by the same wish, with their batches."""
    if registration.wish_id is None:
        return []
    return db.session.scalars(
        sa.select(Registration)
        .options(joinedload(Registration.batch))
        .where(
            Registration.wish_id == registration.wish_id,
            Registration.id != registration.id,
            Registration.state.in_(LIVE),
        )
        .order_by(Registration.id)
    ).all()


def keeps(registration: Registration) -> Registration | None:
    """What the person keeps until this registration is an enrolment, with its batch."""
    if registration.replaces_id is None or not registration.state.is_live:
        return None
    return db.session.scalar(
        sa.select(Registration)
        .options(joinedload(Registration.batch))
        .where(Registration.id == registration.replaces_id, Registration.state.in_(LIVE))
    )


def receipt(code: str) -> Erasure | None:
    """The receipt of an erasure; it names nobody."""
    return db.session.scalar(sa.select(Erasure).where(Erasure.receipt == code))


_EXPORTED = (
    "name",
    "email",
    "phone",
    "background",
    "message",
    "language",
    "state",
    "seat_number",
    "queue_number",
    "group_id",
    "wish_id",
    "created_at",
    "deadline_at",
    "address_confirmed_at",
    "prerequisites_met_at",
    "consent_version",
    "consent_language",
    "consented_at",
    "news_consented_at",
    "decision",
    "question",
    "questioned_at",
    "network",
)


def export(registration: Registration) -> dict[str, object]:
    """Everything kept about the person behind this address, as JSON can hold it; moments in UTC."""
    people = db.session.scalars(
        sa.select(Registration)
        .options(joinedload(Registration.batch))
        .where(Registration.email == registration.email)
        .order_by(Registration.id)
    ).all()
    openings = db.session.scalars(
        sa.select(OpeningReminder).where(OpeningReminder.email == registration.email)
    )
    return {
        "email": registration.address,
        "registrations": [_export_one(one) for one in people],
        "reminders_of_an_opening": [
            {"batch": batch_facts(one.batch_id).code, "asked_at": _plain(one.asked_at)}
            for one in openings
        ],
    }


def _export_one(one: Registration) -> dict[str, object]:
    letters = db.session.scalars(
        sa.select(Letter).where(Letter.about == about(one.id)).order_by(Letter.id)
    )
    return {
        "batch": {"code": one.batch.code, "title": one.batch.title},
        "instead_of": _replaced(one),
        **{name: _plain(getattr(one, name)) for name in _EXPORTED},
        "email": one.address,
        "consent_read_out": one.consent_read_by is not None,
        # They are ours, and may speak of others: the person can ask what they say.
        "internal_notes_not_in_this_file": count_notes(one.id),
        "history": [
            {
                "from": event.from_state,
                "to": event.to_state,
                "at": _plain(event.at),
                "by": event.by,
                "why": event.why,
            }
            for event in history(one)
        ],
        "letters": [
            {
                "kind": letter.kind,
                "written_at": _plain(letter.written_at),
                "sent_at": _plain(letter.sent_at),
            }
            for letter in letters
        ],
    }


def _replaced(one: Registration) -> str | None:
    """The code of the batch that the person leaves, or left, for this one."""
    before = db.session.get(Registration, one.replaces_id) if one.replaces_id else None
    return batch_facts(before.batch_id).code if before else None


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
