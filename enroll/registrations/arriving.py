"""Lets newcomers in: a seat on hold, or a place on the waitlist."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import sqlalchemy as sa

from enroll.batches.facts import BatchFacts, batch_facts
from enroll.batches.states import BatchState
from enroll.db import db, insert_once, lock_batches
from enroll.refusal import Refused
from enroll.registrations.allocation import kept, seat_newcomer
from enroll.registrations.letters import Addressee
from enroll.registrations.models import Registration, live, queue_numbers
from enroll.registrations.states import State

TOKEN_BYTES = 24  # 192 bits


class RegistrationClosed(Refused):
    """The batch takes nobody now; `reason` is not_open_yet, closed or called_off."""


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


def register(*, batch_id: int, applicant: Applicant, now: datetime) -> int | None:
    """Register one person: a seat on hold if one is free and nobody waits for it, else the waitlist.

    Locks the batch shared: newcomers do not wait for each other. Answers the registration's id, or
    `None` for a person who is registered here already (nothing is stored then). Refuses with
    `RegistrationClosed`.
    """
    lock_batches(batch_id, shared=True)
    batch = batch_facts(batch_id)
    _refuse_outside_window(batch, now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    deadline_at = kept(batch, batch.hold_hours, now)
    # Inserting comes first, so that a second click of the same person claims nothing: whoever
    # claims first and is then refused has turned somebody honest away.
    registration_id = _insert_waiting(batch_id, applicant, token, deadline_at, now)
    if registration_id is not None:
        newcomer = Addressee(registration_id, applicant.email, applicant.language, token, name="")
        seat_newcomer(newcomer=newcomer, batch=batch, deadline_at=deadline_at, now=now)
    return registration_id


def _refuse_outside_window(batch: BatchFacts, now: datetime) -> None:
    if batch.state is BatchState.CALLED_OFF:
        raise RegistrationClosed(reason="called_off")
    if batch.state is BatchState.DRAFT or now >= batch.closes_at:
        raise RegistrationClosed(reason="closed")
    if now < batch.opens_at:
        raise RegistrationClosed(reason="not_open_yet", opens_at=batch.opens_at)


def _insert_waiting(
    batch_id: int, applicant: Applicant, token: str, deadline_at: datetime, now: datetime
) -> int | None:
    connection = db.session.connection()
    row = {
        "batch_id": batch_id,
        "email": applicant.email,
        "name": applicant.name,
        "phone": applicant.phone,
        "background": applicant.background,
        "message": applicant.message,
        "language": applicant.language,
        "state": State.WAITLISTED,
        "token": token,
        "deadline_at": deadline_at,
        "consent_version": applicant.consent_version,
        "consent_language": applicant.language,
        "consented_at": now,
        "news_consented_at": now if applicant.wants_news else None,
        "created_at": now,
    }
    if connection.dialect.name == "sqlite":
        row["queue_of"] = batch_id
    inserted: int | None = connection.scalar(_insertion(connection.dialect.name), row)
    return inserted


# Built once for each kind of database: building it takes longer than running it.
@cache
def _insertion(dialect: str) -> sa.Executable:
    """The INSERT of a newcomer, who is nobody yet if the same address is live in this batch."""
    insert = insert_once(
        dialect, Registration.__table__, Registration.batch_id, Registration.email, where=live
    )
    numbered: sa.Insert = insert.values(queue_number=_next_queue_number(dialect))
    return numbered.returning(Registration.id)


def _next_queue_number(dialect: str) -> sa.ColumnElement[int]:
    """The next place in arrival order. SQLite has no sequences; its write lock makes max + 1 safe."""
    if dialect == "postgresql":
        return queue_numbers.next_value()
    highest = sa.select(sa.func.coalesce(sa.func.max(Registration.queue_number), 0) + 1)
    return highest.where(Registration.batch_id == sa.bindparam("queue_of")).scalar_subquery()
