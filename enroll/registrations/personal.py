"""What one person's own page shows: the registration behind a secret link, and its place."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from enroll.db import db
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.states import State


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
