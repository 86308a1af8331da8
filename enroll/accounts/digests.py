"""Who wants to hear by mail, on the mornings of weekdays, how much there is to do.

The choice is kept where one click in the mail ends it too: as a subscription of their address.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from enroll.accounts.models import Staff
from enroll.db import db
from enroll.mail.models import Subscription
from enroll.mail.subscriptions import subscribe, unsubscribe

TOPIC = "staff-digest"


class Digest(StrEnum):
    """When the digest comes."""

    NONE = "none"
    WEEKDAYS = "weekdays"


class Reader(NamedTuple):
    """A colleague who wants it, and the token that ends it."""

    staff: Staff
    token: str


def chosen(email: str) -> Digest:
    """What the colleague with this address has chosen."""
    return Digest.WEEKDAYS if _token(email) else Digest.NONE


def choose(*, staff_id: int, digest: Digest, now: datetime) -> None:
    """From now on the digest comes then. What waits to be sent is not, once it is not wanted."""
    email = db.session.get_one(Staff, staff_id, with_for_update=True).email
    if digest is Digest.WEEKDAYS:
        subscribe(email=email, topic=TOPIC, now=now)
    elif token := _token(email):
        unsubscribe(token=token, now=now)


def readers() -> Sequence[Reader]:
    """Colleagues who work here and want it."""
    rows = db.session.execute(
        sa.select(Staff, Subscription.token)
        .join(Subscription, Subscription.email == Staff.email)
        .where(Staff.active, Subscription.topic == TOPIC, Subscription.ended_at.is_(None))
        .order_by(Staff.id)
    )
    return [Reader(*row) for row in rows]


def _token(email: str) -> str | None:
    return db.session.scalar(
        sa.select(Subscription.token).where(
            Subscription.email == email,
            Subscription.topic == TOPIC,
            Subscription.ended_at.is_(None),
        )
    )
