"""What the product is measured against: the same rows by hand, with the driver and nothing else.

`app` is a bare Flask view; `register` without Flask is the database's own limit. No form, no CSRF,
no validation, no rules beyond the statements themselves.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from flask import Flask, redirect, request

URL = os.environ["DATABASE_URL"]
IS_SQLITE = URL.startswith("sqlite")
_local = threading.local()

LOCK = "SELECT pg_advisory_xact_lock_shared(24231, %(batch)s)"
BATCH = (
    "SELECT b.*, c.title FROM batch b JOIN course c ON c.id = b.course_id WHERE b.id = %(batch)s"
)
INSERT = """
INSERT INTO registration (batch_id, email, name, phone, background, message, language, state,
    queue_number, token, deadline_at, consent_version, consent_language, consented_at, created_at)
VALUES (%(batch)s, %(email)s, 'Asha Verma', '', '', '', 'en', 'waitlisted', QUEUE, %(token)s,
    %(deadline)s, 'v', 'en', %(now)s, %(now)s)
ON CONFLICT (batch_id, email) WHERE state IN ('applied', 'confirmed', 'offered', 'pending',
    'waitlisted') DO NOTHING RETURNING id"""
CLAIM = """
UPDATE seat SET taken = true WHERE batch_id = %(batch)s AND number = (
    SELECT number FROM seat WHERE batch_id = %(batch)s AND NOT taken AND NOT EXISTS (
        SELECT 1 FROM registration WHERE batch_id = %(batch)s AND state = 'waitlisted'
        AND address_confirmed_at IS NOT NULL AND NOT is_resting)
    ORDER BY number LIMIT 1 SKIP) RETURNING number"""
SIT = "UPDATE registration SET state = 'pending', seat_number = %(seat)s WHERE id = %(id)s"
EVENT = """
INSERT INTO registration_event (registration_id, to_state, at, by_whom, why)
VALUES (%(id)s, 'pending', %(now)s, 'student', 'registered') RETURNING id"""
LETTER = """
INSERT INTO letter (kind, about, recipient, language, context, dedupe_key, message_id, written_at,
    state, due_at)
VALUES ('registration_held', %(about)s, %(email)s, 'en', %(context)s, %(key)s, %(message)s, %(now)s,
    'queued', %(now)s) ON CONFLICT DO NOTHING"""


def _dialect(statement: str) -> str:
    """The statement as this database wants it."""
    if not IS_SQLITE:
        return statement.replace("QUEUE", "nextval('registration_queue_number')").replace(
            "SKIP", "FOR UPDATE SKIP LOCKED"
        )
    highest = (
        "(SELECT coalesce(max(queue_number), 0) + 1 FROM registration WHERE batch_id = :batch)"
    )
    statement = statement.replace("QUEUE", highest).replace("SKIP", "")
    for name in (
        "batch",
        "email",
        "token",
        "deadline",
        "now",
        "seat",
        "id",
        "about",
        "context",
        "key",
        "message",
    ):
        statement = statement.replace(f"%({name})s", f":{name}")
    return statement


STATEMENTS = {
    name: _dialect(globals()[name])
    for name in ("LOCK", "BATCH", "INSERT", "CLAIM", "SIT", "EVENT", "LETTER")
}


def _connection() -> Any:
    if not hasattr(_local, "connection"):
        if IS_SQLITE:
            _local.connection = sqlite3.connect(
                URL.removeprefix("sqlite:///"), timeout=5, isolation_level=None
            )
            for pragma in (
                "journal_mode = WAL",
                "foreign_keys = ON",
                "synchronous = FULL",
                "busy_timeout = 0",
            ):
                _local.connection.execute(f"PRAGMA {pragma}")
        else:
            _local.connection = psycopg.connect(URL)
    return _local.connection


def _begin(connection: Any, batch_id: int) -> None:
    if not IS_SQLITE:
        connection.execute(STATEMENTS["LOCK"], {"batch": batch_id})
        return
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError:
            time.sleep(random.uniform(0.001, 0.003))  # noqa: S311


def register(batch_id: int, email: str) -> None:
    """One registration: the statements of the product, in its order."""
    connection, now = _connection(), datetime.now(UTC)
    when = now.replace(tzinfo=None).isoformat(" ") if IS_SQLITE else now
    deadline = now + timedelta(hours=24)
    given = {
        "batch": batch_id,
        "email": email,
        "now": when,
        "token": secrets.token_urlsafe(24),
        "deadline": deadline.replace(tzinfo=None).isoformat(" ") if IS_SQLITE else deadline,
    }
    _begin(connection, batch_id)
    batch = connection.execute(STATEMENTS["BATCH"], given).fetchone()
    (given["id"],) = connection.execute(STATEMENTS["INSERT"], given).fetchone()
    (given["seat"],) = connection.execute(STATEMENTS["CLAIM"], given).fetchone()
    connection.execute(STATEMENTS["SIT"], given)
    (event,) = connection.execute(STATEMENTS["EVENT"], given).fetchone()
    given |= {
        "about": f"registration:{given['id']}",
        "key": f"registration:{given['id']}:held:{event}",
        "message": f"<{secrets.token_hex(16)}@localhost>",
        "context": json.dumps({"batch": [str(value) for value in batch]}),
    }
    connection.execute(STATEMENTS["LETTER"], given)
    connection.execute("COMMIT") if IS_SQLITE else connection.commit()


app = Flask(__name__)


@app.get("/healthz")
def healthz() -> str:
    return "up"


@app.post("/<int:batch_id>")
def take(batch_id: int):
    register(batch_id, request.form["email"])
    return redirect("/done", 303)
