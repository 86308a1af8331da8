"""The migrations and the models tell the same story, up and down, on both databases."""

from __future__ import annotations

from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.db import WRITING, db
from enroll.schema import describe, missing_guards
from tests.serving import ROOT, command

# What PostgreSQL keeps beside tables: types of our own, functions, triggers.
LEFT_BEHIND = (
    "SELECT typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
    " WHERE n.nspname = 'public' AND typname NOT LIKE '%%alembic_version%%'",
    "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    " WHERE n.nspname = 'public'",
    "SELECT tgname FROM pg_trigger",
)


def described() -> dict[str, str]:
    db.session.remove()
    with db.engine.connect() as connection:
        return describe(connection)


def by_hand(statement: str) -> None:
    db.session.remove()
    with db.engine.connect().execution_options(**WRITING) as connection, connection.begin():
        connection.exec_driver_sql(statement)


def is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def empty() -> None:
    """Take everything away, whoever made it."""
    flask_migrate.downgrade(revision="base")
    by_hand("DROP TABLE alembic_version")


def test_upgraded_equals_the_models(app: Flask) -> None:
    """Tables, columns, keys, checks, indexes and triggers; only SQLite's repeat the seat's key."""
    migrated = described()
    empty()
    with db.engine.connect().execution_options(**WRITING) as connection, connection.begin():
        db.metadata.create_all(connection)
    assert described() == migrated
    assert any(entry.startswith("check ") for entry in migrated)
    assert "trigger tr_activity_update" in migrated
    assert is_sqlite() == ("trigger tr_seat_freed" in migrated)


def test_down_to_nothing_and_up_again(app: Flask) -> None:
    before = described()
    flask_migrate.downgrade(revision="base")
    assert described() == {}
    if not is_sqlite():
        with db.engine.connect() as connection:
            assert sa.inspect(connection).get_sequence_names() == []
            for left in LEFT_BEHIND:
                assert list(connection.exec_driver_sql(left)) == []
    flask_migrate.upgrade()
    assert described() == before


def test_one_step_down_and_up_again_for_each_revision(app: Flask) -> None:
    seen = []
    while described():
        seen.append(described())
        flask_migrate.downgrade()
    assert len(seen) == len(list((ROOT / "migrations" / "versions").glob("*.py")))
    for before in reversed(seen):
        flask_migrate.upgrade(revision="+1")
        assert described() == before


def test_the_tool_itself_finds_nothing_to_change(
    app: Flask, database_url: str, instance: Path
) -> None:
    done = command(database_url, instance, "db", "check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_missing(app: Flask) -> None:
    with db.engine.connect() as connection:
        assert missing_guards(connection) == []


LOSSES = {
    "sqlite": [
        ("tr_registration_seat_insert", "DROP TRIGGER tr_registration_seat_insert"),
        ("tr_seat_freed", "DROP TRIGGER tr_seat_freed"),
        ("uq_registration_live_email", "DROP INDEX uq_registration_live_email"),
        ("tr_search_entry_update", "DROP TRIGGER tr_search_entry_update"),
    ],
    "postgresql": [
        (
            "ck_registration_seated_has_seat",
            "ALTER TABLE registration DROP CONSTRAINT ck_registration_seated_has_seat",
        ),
        ("fk_registration_seat", "ALTER TABLE registration DROP CONSTRAINT fk_registration_seat"),
        ("uq_registration_live_email", "DROP INDEX uq_registration_live_email"),
        ("ix_search_entry_lexemes", "DROP INDEX ix_search_entry_lexemes"),
    ],
}


@pytest.mark.parametrize("number", range(4))
def test_the_audit_notices_a_lost_guard(
    app: Flask, database_url: str, instance: Path, number: int
) -> None:
    name, statement = LOSSES[db.engine.dialect.name][number]
    assert command(database_url, instance, "audit").returncode == 0
    by_hand(statement)
    done = command(database_url, instance, "audit")
    assert done.returncode == 2
    assert name in done.stderr
