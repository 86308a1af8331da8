"""20 000 comments: page, queue and search send as many statements as ever, and none reads a whole table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.accounts.duties import Duty
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.db import WRITING, atomically, db
from tests.accounts.people import colleague, sign_in
from tests.comments import acting
from tests.talks import GUIDE, fill

PAGES = [
    GUIDE,
    f"{GUIDE}?comments=3&order=oldest",
    f"/comments.atom?page={GUIDE}",
    "/staff/comments",
    "/staff/comments?after=900",
    "/staff/comments?state=any&author=5",
    f"/staff/comments?page={GUIDE}",
    "/staff/comments?rule=links",
    "/staff/comments?q=laptop+word3&state=approved",
    "/staff/comments?q=lapt&state=any",
    "/staff/comments/8",
    "/staff/questions",
    "/staff/comments/appeals",
    "/staff/comments/reports",
    "/staff/comments/service",
]
TABLES = {
    "comment",
    "comment_author",
    "comment_finding",
    "comment_word",
    "comment_event",
    "comment_text",
}


@contextmanager
def sent() -> Iterator[list[tuple[str, Any]]]:
    """The statements that are sent meanwhile, with what they are filled with."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, filled: Any, *_more: Any) -> None:
        found.append((statement, filled))

    engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def moderator(app: Flask, client: FlaskClient, now: datetime) -> FlaskClient:
    """Somebody who moderates, where a few things were said."""
    atomically(load_catalog, folder=SHIPPED, now=now)
    colleague(*Duty)
    sign_in(client)
    for number in range(8):
        root = acting.published(f"Words number {number}?", email=f"w{number}@example.org", now=now)
        acting.published("A reply.", email=f"r{number}@example.org", reply_to=root.id, now=now)
        acting.confirmed(f"Waits {number}", email=f"p{number}@example.org", now=now)
    return client


def look(client: FlaskClient) -> dict[str, list[tuple[str, Any]]]:
    found = {}
    for path in PAGES:
        client.get(path)  # what is read once per process is read now
        with sent() as statements:
            answer = client.get(path)
        assert answer.status_code == 200, path
        found[path] = list(statements)
    return found


def tables_read_whole(statements: list[tuple[str, Any]]) -> list[str]:
    """What the plans of these statements read from one end to the other."""
    found = []
    is_sqlite = db.engine.dialect.name == "sqlite"
    with db.engine.connect() as connection:
        for statement, filled in statements:
            if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
                continue
            explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
            rows = connection.exec_driver_sql(explain + statement, filled)
            plan = "\n".join(str(row[-1]) for row in rows)
            pattern = r"SCAN (\w+)(?! USING)" if is_sqlite else r"Seq Scan on (\w+)"
            found += [
                f"{name}: {statement}"
                for name in re.findall(pattern, plan)
                if _real(name) in TABLES
            ]
    return found


def _real(name: str) -> str:
    return re.sub(r"_\d+$", "", name)


def analyse() -> None:
    """What a database does by itself after a while."""
    db.session.remove()
    with db.engine.connect().execution_options(
        isolation_level="AUTOCOMMIT", **WRITING
    ) as connection:
        if db.engine.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM ANALYZE")
        else:
            connection.exec_driver_sql("ANALYZE")


def test_twenty_thousand_cost_no_more_statements_and_no_whole_table(
    app: Flask, moderator: FlaskClient, now: datetime
) -> None:
    before = {path: len(statements) for path, statements in look(moderator).items()}
    atomically(fill, 20_000, now=now)
    analyse()
    after = look(moderator)
    assert {path: len(statements) for path, statements in after.items()} == before
    for path, statements in after.items():
        assert tables_read_whole(statements) == [], path


def test_the_reading_of_plans_can_fail(app: Flask, now: datetime) -> None:
    atomically(fill, 3000, now=now)
    analyse()
    whole = "SELECT body FROM comment WHERE name = 'nobody'"
    assert tables_read_whole([(whole, ())])
