"""What people wrote when they registered, until somebody of the staff has read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from enroll.db import db
from enroll.registrations.models import Registration, unread

MOST = 20


def unread_messages() -> Sequence[Registration]:
    """Live registrations with a message that nobody has ticked yet, the newest first, twenty at most."""
    return db.session.scalars(
        sa.select(Registration)
        .options(selectinload(Registration.batch))
        .where(unread)
        .order_by(Registration.id.desc())
        .limit(MOST)
    ).all()


def count_unread() -> int:
    """How many such messages there are."""
    return db.session.scalar(sa.select(sa.func.count(Registration.id)).where(unread)) or 0


def tick_read(*, registration_id: int, by: str, now: datetime) -> bool | None:
    """Somebody has read this person's message. Twice is fine: answers whether this press ticked it.

    `None` where there is no such person, or they wrote nothing.
    """
    written = sa.select(Registration.id).where(
        Registration.id == registration_id, Registration.message != ""
    )
    if db.session.scalar(written) is None:
        return None
    ticked = db.session.scalars(
        sa.update(Registration)
        .where(Registration.id == registration_id, Registration.message_read_at.is_(None))
        .values(message_read_at=now, message_read_by=by)
        .returning(Registration.id)
        .execution_options(synchronize_session=False)
    )
    return bool(ticked.all())
