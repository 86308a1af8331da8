"""What addresses asked to be told of: begun once, ended with one press, and honoured."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.db import atomically, db
from enroll.mail import subscriptions
from enroll.mail.models import Letter, Subscription
from enroll.registrations import erasing, reminding, tidying
from tests import make


def letters(kind: str, state: str = "%") -> list[Letter]:
    db.session.rollback()
    rows = db.session.scalars(sa.select(Letter).where(Letter.kind == kind).order_by(Letter.id))
    return [one for one in rows if state in ("%", one.state.value)]


def test_asking_twice_is_asking_once_and_who_asks_again_is_told_again(
    app: Flask, now: datetime
) -> None:
    def ask() -> str:
        return atomically(
            subscriptions.subscribe, email="a@example.org", topic="replies:1", now=now
        )

    token = ask()
    assert ask() == token
    assert subscriptions.subscribed(topic="replies:1") == [("a@example.org", token)]
    for _ in range(2):
        assert atomically(subscriptions.unsubscribe, token=token, now=now)
    assert subscriptions.subscribed(topic="replies:1") == []
    assert ask() == token
    assert subscriptions.subscribed(topic="replies:1") == [("a@example.org", token)]


def test_what_nobody_asked_for_stays_ended(app: Flask, now: datetime) -> None:
    def token() -> str | None:
        return atomically(subscriptions.token_for, email="a@example.org", topic="news", now=now)

    first = token()
    assert first is not None
    assert first == token()
    atomically(subscriptions.unsubscribe, token=first, now=now)
    assert token() is None
    atomically(subscriptions.forget_subscriptions, email="a@example.org")
    assert db.session.scalar(sa.select(Subscription.id)) is None


def test_reminders_of_a_registration_end_with_one_press_and_confirmations_do_not(
    app: Flask, client: FlaskClient, now: datetime
) -> None:
    batch = make.batch(capacity=2)
    make.registration(batch)
    later = now + timedelta(hours=23)
    assert atomically(reminding.remind_due, now=later) == 1
    (reminder,) = letters("reminder")
    assert reminder.subscription
    (held,) = letters("registration_held")
    assert held.subscription == ""
    assert client.post(f"/unsubscribe/{reminder.subscription}").status_code == 200
    assert letters("reminder", "queued") == []
    assert letters("registration_held", "queued")


def test_whoever_ended_reminders_gets_none(app: Flask, now: datetime) -> None:
    batch = make.batch(capacity=2)
    one = make.registration(batch)
    topic = f"reminders:{one.id}"
    token = atomically(subscriptions.token_for, email=one.email, topic=topic, now=now)
    atomically(subscriptions.unsubscribe, token=token, now=now)
    atomically(reminding.remind_due, now=now + timedelta(hours=23))
    assert letters("reminder") == []


def test_erasing_a_person_forgets_what_they_subscribed_to(app: Flask, now: datetime) -> None:
    batch = make.batch(capacity=2)
    one = make.registration(batch)
    atomically(reminding.remind_due, now=now + timedelta(hours=23))
    assert db.session.scalar(sa.select(Subscription.id)) is not None
    atomically(erasing.erase, registration_id=one.id, by="student", now=now)
    assert db.session.scalar(sa.select(Subscription.id)) is None


def test_so_does_erasing_what_is_old(app: Flask, now: datetime) -> None:
    batch = make.batch(capacity=2)
    make.registration(batch)
    atomically(reminding.remind_due, now=now + timedelta(hours=23))
    atomically(tidying.tidy_batch, batch_id=batch.id, now=now + timedelta(days=3))
    atomically(erasing.erase_old, days=30, now=now + timedelta(days=400))
    assert db.session.scalar(sa.select(Subscription.id)) is None
