"""What the database itself says of its tables, to be held against the models."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from enroll.accounts.models import TRIGGERS as LOG_TRIGGERS
from enroll.db import Base
from enroll.registrations.triggers import TRIGGERS as SEAT_TRIGGERS
from enroll.search.models import OWN_INDEX
from enroll.search.models import TRIGGERS as SEARCH_TRIGGERS

TRIGGERS = SEAT_TRIGGERS | SEARCH_TRIGGERS | LOG_TRIGGERS


def describe(connection: Connection) -> dict[str, str]:
    """Every column, constraint, index and trigger, with its definition as the database tells it."""
    inspector = sa.inspect(connection)
    found = _virtual_tables(connection)
    # An index of SQLite's FTS5 keeps its rows in tables beside it; those are its own affair.
    hidden = tuple(entry.removeprefix("virtual table ") for entry in found)
    for table in inspector.get_table_names():
        if table != "alembic_version" and not table.startswith(hidden):
            found |= _describe_table(inspector, table, _key_names(connection, table))
    return found | _triggers(connection)


def _virtual_tables(connection: Connection) -> dict[str, str]:
    if connection.dialect.name != "sqlite":
        return {}
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'"
    )
    return {f"virtual table {name}": _flat(text) for name, text in rows}


def _key_names(connection: Connection, table: str) -> dict[str, str]:
    """Names of the foreign keys written beside their column, which SQLAlchemy reads nameless.

    That is how a column with a key is added to a table of SQLite without rebuilding it.
    """
    if connection.dialect.name != "sqlite":
        return {}
    text = connection.scalar(
        sa.text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table}
    )
    return dict(re.findall(r"(\w+) \w+ CONSTRAINT (\w+) REFERENCES", str(text)))


def _describe_table(
    inspector: sa.Inspector, table: str, key_names: dict[str, str]
) -> dict[str, str]:
    found = {f"table {table}": ""}
    for column in inspector.get_columns(table):
        words = [str(column["type"]), "null" if column["nullable"] else "not null"]
        if column.get("computed"):
            words.append(f"as {_flat(column['computed']['sqltext'])}")
        elif column.get("default") and "nextval" not in str(column["default"]):
            words.append(f"default {column['default']}")
        found[f"column {table}.{column['name']}"] = " ".join(words)
    key = inspector.get_pk_constraint(table)
    found[f"primary key {table}"] = ", ".join(key["constrained_columns"])
    for unique in inspector.get_unique_constraints(table):
        found[f"unique {unique['name']}"] = ", ".join(unique["column_names"])
    for foreign in inspector.get_foreign_keys(table):
        target = f"{foreign['referred_table']}({', '.join(foreign['referred_columns'])})"
        name = foreign["name"] or key_names.get(foreign["constrained_columns"][0])
        found[f"foreign key {name}"] = f"{', '.join(foreign['constrained_columns'])} → {target}"
    for check in inspector.get_check_constraints(table):
        found[f"check {check['name']}"] = _flat(check["sqltext"])
    for index in inspector.get_indexes(table):
        if index.get("duplicates_constraint"):
            continue
        options = index.get("dialect_options", {})
        where = next((str(text) for name, text in options.items() if name.endswith("_where")), "")
        kind = "unique" if index["unique"] else "plain"
        on = index.get("expressions") or index["column_names"]
        found[f"index {index['name']}"] = f"{kind} {on} {_flat(where)}".strip()
    return found


def _triggers(connection: Connection) -> dict[str, str]:
    if connection.dialect.name != "sqlite":
        names = connection.exec_driver_sql("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        return {f"trigger {name}": "" for (name,) in names}
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {f"trigger {name}": _flat(text) for name, text in rows}


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def missing_guards(connection: Connection) -> list[str]:
    """Constraints, indexes and triggers that the models promise and the database does not have.

    SQLite rebuilds a table for most changes and drops its triggers without a word: the audit asks.
    """
    have = describe(connection)
    names = {entry.split(" ")[-1] for entry in have}
    wanted = {
        str(part.name)
        for table in Base.metadata.tables.values()
        for part in (*table.constraints, *table.indexes)
        if part.name and not isinstance(part, sa.PrimaryKeyConstraint)
    }
    wanted = wanted - set(OWN_INDEX.values()) | {OWN_INDEX[connection.dialect.name]}
    lost = sorted(wanted - names)
    if connection.dialect.name == "postgresql":
        lost += [name for name in LOG_TRIGGERS if f"trigger {name}" not in have]
    else:
        lost += [
            name for name, text in TRIGGERS.items() if have.get(f"trigger {name}") != _flat(text)
        ]
    return lost
