"""The history of every move: one row each, and the letter that the move promises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enroll.batches.facts import BatchFacts
from enroll.db import db
from enroll.registrations import letters
from enroll.registrations.letters import Addressee
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.states import State

_EVENT = sa.insert(RegistrationEvent).returning(RegistrationEvent.id)


def addressee(registration: Registration) -> Addressee:
    """Whom letters about this registration go to; nameless until the address is confirmed.

    Who has no mailbox keeps the address that nobody has: the outbox makes a task for the telephone.
    """
    return Addressee(
        registration_id=registration.id,
        email=registration.address or registration.email,
        language=registration.language,
        token=registration.token,
        name=registration.name if registration.address_confirmed_at else "",
    )


def record(
    to: Addressee,
    *,
    source: State | None,
    target: State,
    batch: BatchFacts,
    deadline_at: datetime | None,
    by: str,
    why: str,
    now: datetime,
    more: Mapping[str, Any] | None = None,
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
    kind = letters.promised(source, target, by)
    if target is State.APPLIED and batch.answer_on:
        more = {"answer_on": batch.answer_on.isoformat(), **(more or {})}
    if kind is None or event_id is None:
        return
    letters.write(
        kind=kind,
        to=to,
        batch=batch,
        deadline_at=deadline_at,
        why=why,
        key=event_id,
        now=now,
        more=more,
    )
