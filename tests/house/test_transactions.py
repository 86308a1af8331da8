"""One transaction at the edge: reads cannot write, a crowd waits a bounded time, nothing is half done."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from enroll import create_app
from enroll import db as foundation
from enroll.db import atomically, db
from enroll.refusal import Busy
from enroll.registrations.models import Registration
from tests import make
from tests.conftest import Browser
from tests.contents import contents
from tests.reading import hidden_fields, typed_values

FIELDS = {"name": "Asha Verma", "email": "asha@example.org", "message": "By bus.", "consent": "y"}


def test_a_transaction_that_does_not_say_so_cannot_write(app: Flask) -> None:
    batch = make.batch()
    before = contents()
    db.session.rollback()
    with pytest.raises((sa.exc.OperationalError, sa.exc.InternalError)):
        db.session.execute(sa.text(f"UPDATE batch SET title = 'x' WHERE id = {batch.id}"))
    db.session.rollback()
    assert contents() == before


def test_verbs_must_be_called_by_the_edge(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="atomically"):
        foundation.lock_batches(1)


def test_a_naive_time_is_no_moment(app: Flask, now) -> None:
    naive = now.replace(tzinfo=None)
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        db.session.execute(sa.select(Registration.id).where(Registration.created_at < naive))


def test_moments_come_back_as_they_went(app: Flask, now) -> None:
    assert make.registration(make.batch(), now=now).created_at == now


# ---------------------------------------------------------------- somebody holds the lock


@pytest.fixture
def impatient(
    database_url: str, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """The application, waiting a fifth of a second where it would wait some."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ENROLL_INSTANCE", str(instance))
    monkeypatch.setattr(foundation, "LOCK_TIMEOUT", 0.2)
    monkeypatch.setattr(foundation, "BUSY_TIMEOUT", 0.2)
    app = create_app()
    app.test_client_class = Browser
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def somebody_holds_the_lock(impatient: Flask) -> Callable[[int], object]:
    """Takes a batch's lock in another connection, and gives back what lets go of it."""

    def hold(batch_id: int):
        url = db.engine.url
        if url.get_backend_name() == "sqlite":
            other = sqlite3.connect(str(url.database), isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
        else:
            other = psycopg.connect(url.set(drivername="postgresql").render_as_string(False))
            other.execute("SELECT pg_advisory_xact_lock(%s, %s)", (0x5EA7, batch_id))
        return other

    return hold


def test_who_waits_too_long_is_told_so_and_nothing_is_lost(
    impatient: Flask, somebody_holds_the_lock
) -> None:
    batch = make.batch()
    client = impatient.test_client()
    page = client.get(f"/batches/{batch.code}/register").text
    before = contents()
    other = somebody_holds_the_lock(batch.id)
    answer = client.post(f"/batches/{batch.code}/register", data=hidden_fields(page) | FIELDS)
    other.close()
    assert answer.status_code == 409
    assert answer.headers["Retry-After"]
    assert "registering right now" in answer.text
    assert typed_values(answer.text)["message"] == FIELDS["message"]
    assert contents() == before
    again = client.post(f"/batches/{batch.code}/register", data=hidden_fields(answer.text) | FIELDS)
    assert again.status_code == 303


def test_the_third_try_is_the_last(impatient: Flask, somebody_holds_the_lock) -> None:
    batch = make.batch()
    tries = []

    def verb() -> None:
        tries.append(1)
        foundation.lock_batches(batch.id)

    other = somebody_holds_the_lock(batch.id)
    with pytest.raises(Busy):
        atomically(verb)
    other.close()
    # On SQLite the transaction does not even begin.
    assert len(tries) == (3 if db.engine.dialect.name == "postgresql" else 0)
    atomically(verb)
