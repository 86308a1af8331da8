"""What an address has asked to be told of, and how that ends: one press, without signing in.

One-click unsubscribe (RFC 8058): the letter names an address with a random token; a POST to it ends
the subscription, whoever sends it, with no cookie and no question.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from enroll.db import db, dialect_name, insert_once
from enroll.mail.models import Subscription
from enroll.mail.outbox import drop_for


def subscribe(*, email: str, topic: str, now: datetime) -> str:
    """Have this address told of this topic; answers the token of its letters.

    Asking twice is asking once. Who has ended it and asks again is told again.
    """
    insert = insert_once(
        dialect_name(), Subscription.__table__, Subscription.email, Subscription.topic
    )
    row = {"email": email, "topic": topic, "token": secrets.token_urlsafe(24), "begun_at": now}
    db.session.execute(insert, row)
    return str(
        db.session.scalar(
            sa.update(Subscription)
            .where(Subscription.email == email, Subscription.topic == topic)
            .values(ended_at=None)
            .returning(Subscription.token)
            .execution_options(synchronize_session=False)
        )
    )


def token_for(*, email: str, topic: str, now: datetime) -> str | None:
    """The token for a letter of this topic that nobody has to ask for; `None` if it was ended."""
    insert = insert_once(
        dialect_name(), Subscription.__table__, Subscription.email, Subscription.topic
    )
    row = {"email": email, "topic": topic, "token": secrets.token_urlsafe(24), "begun_at": now}
    db.session.execute(insert, row)
    return db.session.scalar(
        sa.select(Subscription.token).where(
            Subscription.email == email,
            Subscription.topic == topic,
            Subscription.ended_at.is_(None),
        )
    )


def subscribed(*, topic: str) -> list[tuple[str, str]]:
    """Addresses that are told of this topic, each with its token; the oldest first."""
    rows = db.session.execute(
        sa.select(Subscription.email, Subscription.token)
        .where(Subscription.topic == topic, Subscription.ended_at.is_(None))
        .order_by(Subscription.id)
    )
    return [(row.email, row.token) for row in rows]


def unsubscribe(*, token: str, now: datetime) -> bool:
    """End what this token stands for; twice is a success too. False if there is no such token.

    Letters of the topic that wait to be sent to this address are dropped.
    """
    found = db.session.execute(
        sa.update(Subscription)
        .where(Subscription.token == token)
        .values(ended_at=sa.func.coalesce(Subscription.ended_at, now))
        .returning(Subscription.email, Subscription.topic)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if found is None:
        return False
    drop_for(recipient=found.email, subscription=token)
    return True


def by_token(token: str) -> Subscription | None:
    """The subscription of a mailed link."""
    return db.session.scalar(sa.select(Subscription).where(Subscription.token == token))


def forget_subscriptions(*, email: str = "", topics: Collection[str] = ()) -> None:
    """Delete everything this address has subscribed to, and whoever subscribed to these topics."""
    db.session.execute(
        sa.delete(Subscription)
        .where(sa.or_(Subscription.email == email, Subscription.topic.in_(topics)))
        .execution_options(synchronize_session=False)
    )
