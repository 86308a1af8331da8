"""As many people in a batch as anybody will have, written straight into the tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from enroll.batches.models import Seat
from enroll.db import db
from enroll.mail.models import Letter
from enroll.mail.states import LetterState
from enroll.registrations.models import Registration, RegistrationEvent, RegistrationGroup
from enroll.registrations.states import State

FIRST = ["Asha", "Bibi", "Chandra", "Dev", "José", "Иван", "王芳", "Ζωή", "محمد", "Ümit"]
LAST = ["Verma", "Pillai", "Rao", "Nair", "Müller", "Петров", "Øster", "İnce"]
# One in twenty is enrolled, half wait; the rest have applied or left.
STATES = [
    State.WAITLISTED,
    State.WAITLISTED,
    State.WITHDRAWN,
    State.WAITLISTED,
    State.REJECTED,
    State.WAITLISTED,
    State.CANCELLED,
    State.WAITLISTED,
    State.APPLIED,
    State.EXPIRED,
]
AT_ONCE = 5000


def fill(batch_id: int, number: int, *, now: datetime) -> None:
    """So many people with a history and a letter each; enough seats for those enrolled. A verb.

    One in forty is in a group of two, one in two hundred has a letter that failed.
    """
    highest = sa.select(sa.func.coalesce(sa.func.max(Registration.id), 0))
    first = (db.session.scalar(highest) or 0) + 1
    taken = sa.select(sa.func.coalesce(sa.func.max(Seat.number), 0)).where(Seat.batch_id == batch_id)
    seat = itertools.count((db.session.scalar(taken) or 0) + 1)
    group = db.session.scalar(sa.select(sa.func.coalesce(sa.func.max(RegistrationGroup.id), 0)))
    rows = [_row(batch_id, first + n, n, now - timedelta(minutes=number - n)) for n in range(number)]
    for row in rows:
        row["seat_number"] = next(seat) if row["state"] is State.CONFIRMED else None
    for n in range(0, number - 1, 80):
        group += 1
        rows[n]["group_id"] = rows[n + 1]["group_id"] = group
    _insert(
        RegistrationGroup,
        ({"id": one, "batch_id": batch_id} for one in {row["group_id"] for row in rows} - {None}),
    )
    seats = [row["seat_number"] for row in rows if row["seat_number"]]
    _insert(Seat, ({"batch_id": batch_id, "number": one, "taken": True} for one in seats))
    _insert(Registration, iter(rows))
    _insert(RegistrationEvent, (_event(row) for row in rows))
    _insert(Letter, (_letter(row, n) for n, row in enumerate(rows)))
    _count_up()


def _row(batch_id: int, number: int, n: int, at: datetime) -> dict[str, Any]:
    state = State.CONFIRMED if n % 20 == 0 else STATES[n % 10]
    return {
        "id": number,
        "batch_id": batch_id,
        "email": f"crowd{number}@example.org",
        "name": f"{FIRST[n % 10]} {LAST[n // 10 % 8]}",
        "phone": f"+9198{number:08d}",
        "state": state,
        "queue_number": 1_000_000 + number,
        "token": f"crowd-{number}",
        "address_confirmed_at": at if n % 3 else None,
        "consent_version": "test/18",
        "consent_language": "en",
        "consented_at": at,
        "created_at": at,
        "group_id": None,
        "decision": "",
    }


def _event(row: dict[str, Any]) -> dict[str, Any]:
    state, why = row["state"], "registered"
    return {
        "registration_id": row["id"],
        "from_state": None,
        "to_state": state,
        "at": row["created_at"],
        "by": "student",
        "why": why,
    }


def _letter(row: dict[str, Any], n: int) -> dict[str, Any]:
    about = f"registration:{row['id']}"
    return {
        "kind": "registration_waitlisted",
        "about": about,
        "recipient": row["email"],
        "language": "en",
        "context": {},
        "dedupe_key": f"{about}:crowd",
        "message_id": f"<{row['id']}@crowd.example>",
        "written_at": row["created_at"],
        "due_at": row["created_at"],
        "state": LetterState.FAILED if n % 200 == 3 else LetterState.SENT,
    }


def _insert(table: type, source: Iterator[dict[str, Any]]) -> None:
    while chunk := list(itertools.islice(source, AT_ONCE)):
        # Rows of different keys, as the ORM makes them of those with and without a seat, are sent in
        # as many turns as they alternate.
        into = table.__table__ if table is Registration else table
        db.session.execute(sa.insert(into), chunk)


def _count_up() -> None:
    """Numbers were given by hand: PostgreSQL's own counters go on after them."""
    if db.session.connection().dialect.name != "postgresql":
        return
    for table in ("registration", "registration_group"):
        db.session.execute(
            sa.text(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608
            )
        )
    numbers = "SELECT setval('registration_queue_number', (SELECT max(queue_number) FROM registration))"
    db.session.execute(sa.text(numbers))
