"""The database alone refuses what must never be, whoever writes the SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.db import atomically, db
from tests import make

Execute = Callable[[str], None]
COLUMNS = (
    "batch_id, email, name, phone, background, message, language, state, seat_number, queue_number,"
    " token, deadline_at, consent_version, consent_language, consented_at, created_at"
)


def row(
    batch_id: int,
    number: int,
    *,
    seat: int | None,
    state: str = "confirmed",
    email: str | None = None,
) -> str:
    """One INSERT by hand."""
    when = "'2026-11-22 12:00:00+00:00'"
    return (
        f"INSERT INTO registration ({COLUMNS}) VALUES ({batch_id}, '{email or f'p{number}@x.org'}',"
        f" 'N', '', '', '', 'en', '{state}', {seat or 'NULL'}, {number}, 'token-{number}', {when},"
        f" 'v', 'en', {when}, {when})"
    )


@pytest.fixture(params=["our own connection", "a foreign client"])
def by_hand(app: Flask, request: pytest.FixtureRequest) -> Execute:
    """Runs SQL as an administrator might: through our engine, or with a client of one's own.

    SQLite's foreign keys are off in a client that has not asked for them.
    """

    def ours(statement: str) -> None:
        atomically(lambda: db.session.execute(sa.text(statement)))

    def foreign(statement: str) -> None:
        url = db.engine.url
        if url.get_backend_name() == "sqlite":
            with sqlite3.connect(str(url.database)) as connection:
                assert connection.execute("PRAGMA foreign_keys").fetchone() == (0,)
                connection.execute(statement)
            connection.close()
            return
        with psycopg.connect(
            url.set(drivername="postgresql").render_as_string(False)
        ) as connection:
            connection.execute(statement)

    return ours if request.param == "our own connection" else foreign


REFUSED = (sa.exc.IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError)


@pytest.fixture
def full(app: Flask, by_hand: Execute) -> int:
    """A batch of ten whose ten seats are taken."""
    batch = make.batch(capacity=10)
    by_hand(f"UPDATE seat SET taken = true WHERE batch_id = {batch.id}")
    for number in range(1, 11):
        by_hand(row(batch.id, number, seat=number))
    return batch.id


def count(batch_id: int) -> int:
    db.session.rollback()
    return db.session.execute(
        sa.text(f"SELECT count(*) FROM registration WHERE batch_id = {batch_id}")
    ).scalar_one()


def test_ten_fit(full: int) -> None:
    assert count(full) == 10


@pytest.mark.parametrize("seat", range(1, 11))
def test_an_eleventh_finds_no_seat(full: int, by_hand: Execute, seat: int) -> None:
    with pytest.raises(REFUSED):
        by_hand(row(full, 11, seat=seat))
    assert count(full) == 10


@pytest.mark.parametrize("seat", [11, 0, -1, 1000])
def test_nobody_sits_beyond_the_capacity(full: int, by_hand: Execute, seat: int) -> None:
    with pytest.raises(REFUSED):
        by_hand(row(full, 11, seat=seat))
    assert count(full) == 10


@pytest.mark.parametrize("state", ["pending", "offered", "confirmed"])
def test_no_seated_state_without_a_seat(full: int, by_hand: Execute, state: str) -> None:
    with pytest.raises(REFUSED):
        by_hand(row(full, 11, seat=None, state=state))


@pytest.mark.parametrize("state", ["waitlisted", "withdrawn", "expired", "cancelled", "applied"])
def test_no_seat_without_a_seated_state(app: Flask, by_hand: Execute, state: str) -> None:
    batch = make.batch(capacity=1)
    by_hand(f"UPDATE seat SET taken = true WHERE batch_id = {batch.id}")
    with pytest.raises(REFUSED):
        by_hand(row(batch.id, 1, seat=1, state=state))


@pytest.mark.parametrize("state", ["waitlisted", "applied"])
def test_one_live_registration_per_address(full: int, by_hand: Execute, state: str) -> None:
    with pytest.raises(REFUSED):
        by_hand(row(full, 11, seat=None, state=state, email="p3@x.org"))


def test_an_address_in_other_letters_is_refused(full: int, by_hand: Execute) -> None:
    with pytest.raises(REFUSED):
        by_hand(row(full, 11, seat=None, state="waitlisted", email="P3@X.org"))


def test_who_has_ended_may_come_back(full: int, by_hand: Execute) -> None:
    by_hand(row(full, 11, seat=None, state="withdrawn", email="p3@x.org"))
    assert count(full) == 11


def test_a_free_seat_cannot_be_held(app: Flask, by_hand: Execute) -> None:
    batch = make.batch(capacity=1)
    with pytest.raises(REFUSED):
        by_hand(row(batch.id, 1, seat=1))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE seat SET taken = false WHERE batch_id = {id} AND number = 4",
        "DELETE FROM seat WHERE batch_id = {id} AND number = 4",
        "UPDATE seat SET number = 44 WHERE batch_id = {id} AND number = 4",
        "UPDATE registration SET seat_number = 5 WHERE batch_id = {id} AND seat_number = 4",
        "UPDATE registration SET seat_number = 11 WHERE batch_id = {id} AND seat_number = 4",
    ],
)
def test_a_held_seat_stays(full: int, by_hand: Execute, statement: str) -> None:
    with pytest.raises(REFUSED):
        by_hand(statement.format(id=full))


def test_lowering_the_capacity_takes_free_seats_only(
    app: Flask, by_hand: Execute, now: datetime
) -> None:
    batch = make.batch(capacity=3)
    make.registration(batch, now=now)
    by_hand(f"DELETE FROM seat WHERE batch_id = {batch.id} AND NOT taken")
    db.session.rollback()
    assert db.session.execute(sa.text("SELECT number FROM seat")).scalars().all() == [1]
