"""How tests press buttons and look at what came of it; each verb in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.registrations import answering, moving, personal
from enroll.registrations.audit import audit
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make

HOUR = timedelta(hours=1)


@pytest.fixture
def adds_up(app: Flask, now: datetime) -> Iterator[None]:
    """After the test the audit finds nothing."""
    yield
    db.session.rollback()
    assert audit(now + timedelta(minutes=1))["problems"] == []


def press(verb: Any, one: Registration, *, now: datetime, **more: Any) -> Any:
    """Run a verb on one registration."""
    return atomically(verb, batch_id=one.batch_id, registration_id=one.id, now=now, **more)


def confirm(one: Registration, *, now: datetime) -> Any:
    return press(answering.confirm, one, now=now, seen=make.read(one.id).state)


def transfer(one: Registration, to: make.Batch, *, now: datetime) -> Any:
    return press(moving.transfer, one, to_batch_id=to.id, now=now)


def wish(one: Registration, *others: make.Batch, now: datetime) -> Any:
    return press(moving.wish_for, one, other_ids=[other.id for other in others], now=now)


def state(one: Registration) -> State:
    return make.read(one.id).state


def in_batch(batch: make.Batch, email: str) -> Registration:
    """This person's latest registration in a batch."""
    db.session.rollback()
    return db.session.scalars(
        sa.select(Registration)
        .where(Registration.batch_id == batch.id, Registration.email == email)
        .order_by(Registration.id.desc())
        .execution_options(populate_existing=True)
    ).first()


def letters(one: Registration) -> list[str]:
    """The kinds of all letters about one registration, first to last."""
    db.session.rollback()
    about = f"registration:{one.id}"
    return list(
        db.session.scalars(sa.select(Letter.kind).where(Letter.about == about).order_by(Letter.id))
    )


def letter(one: Registration, kind: str) -> Letter:
    """The latest letter of a kind about one registration."""
    db.session.rollback()
    about = f"registration:{one.id}"
    return db.session.scalars(
        sa.select(Letter)
        .where(Letter.about == about, Letter.kind == kind)
        .order_by(Letter.id.desc())
    ).first()


def history(one: Registration) -> list[tuple[str | None, str, str]]:
    """The moves of one registration: from, to, why."""
    db.session.rollback()
    return [
        (event.from_state and event.from_state.value, event.to_state.value, event.why)
        for event in personal.history(one)
    ]


def free_seats(batch: make.Batch) -> int:
    db.session.rollback()
    return db.session.scalar(
        sa.text("SELECT count(*) FROM seat WHERE batch_id = :b AND NOT taken"), {"b": batch.id}
    )


def with_sessions(day: int = 30, now: datetime | None = None, hour: int = 18) -> dict[str, Any]:
    """Two sessions so many days from now, for `make.batch`."""
    now = now or datetime.now(UTC)
    first = (now + timedelta(days=day)).replace(hour=hour, minute=0, second=0, microsecond=0)
    sessions = tuple(
        (first + timedelta(weeks=week), first + timedelta(weeks=week, hours=2), "Topic")
        for week in range(2)
    )
    return {
        "sessions": sessions,
        "starts_on": first.date(),
        "ends_on": sessions[-1][0].date(),
        "closes_at": first - timedelta(days=1),
    }
