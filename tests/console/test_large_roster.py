"""10 000 people in one batch: each page sends as many statements as for 20, and none reads a whole table."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from enroll.batches.models import Batch
from enroll.db import atomically, db
from tests import make
from tests.console.test_many_comments import analyse, sent
from tests.crowds import fill

MANY = 10_000
LOOKS = [
    "",
    "sort=name",
    "sort=latest",
    "sort=arrival&state=waitlisted",
    "state=live&address=no",
    "waits=seat&since=2020-01-01",
    "letters=failed",
    "group=yes",
    "q=verma",
    "q=петр",
    "q=98000",
    "q=crowd+rao&state=waitlisted&sort=name",
]
TABLES = ("registration", "letter", "registration_event", "registration_group", "seat")


@pytest.fixture
def batch(app: Flask) -> Batch:
    return make.batch(1, code="large")


def roster(look: str) -> str:
    return f"/staff/batches/large/roster?{look}"


def look_at(client: FlaskClient, page: str) -> list[tuple[str, Any]]:
    client.get(page)  # what is read once per process is read now
    with sent() as statements:
        answer = client.get(page)
    assert answer.status_code == 200, page
    return list(statements)


def read_whole(statements: list[tuple[str, Any]]) -> list[str]:
    """Which of our tables the plans of these statements read from one end to the other."""
    found = []
    is_sqlite = db.engine.dialect.name == "sqlite"
    pattern = r"SCAN (\w+)(?! USING)" if is_sqlite else r"Seq Scan on (\w+)"
    explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    with db.engine.connect() as connection:
        for statement, filled in statements:
            if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
                continue
            rows = connection.exec_driver_sql(explain + statement, filled)
            plan = "\n".join(str(row[-1]) for row in rows)
            names = {re.sub(r"_\d+$", "", name) for name in re.findall(pattern, plan)}
            found += [f"{name}: {statement}\n{plan}" for name in names & set(TABLES)]
    return found


def next_page(page: str) -> str | None:
    found = re.search(r'rel="next" href="([^"#]+)', page)
    return found[1].replace("&amp;", "&") if found else None


def shown(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'name="people" value="(\d+)"', page)]


def test_ten_thousand_cost_no_more_statements_and_no_whole_table(
    app: Flask, planner: FlaskClient, batch: Batch, now: datetime
) -> None:
    atomically(fill, batch.id, 60, now=now)
    before = {look: len(look_at(planner, roster(look))) for look in LOOKS}
    assert max(before.values()) <= 14
    atomically(fill, batch.id, MANY, now=now)
    for number in range(3):  # those of others must not be read
        atomically(fill, make.batch(1, code=f"other-{number}").id, MANY, now=now)
    analyse()
    for look in LOOKS:
        statements = look_at(planner, roster(look))
        assert len(statements) == before[look], look
        assert read_whole(statements) == [], look


def test_the_hundredth_page_is_as_cheap_as_the_first(
    app: Flask, planner: FlaskClient, batch: Batch, now: datetime
) -> None:
    atomically(fill, batch.id, MANY, now=now)
    atomically(fill, make.batch(1).id, 2 * MANY, now=now)
    analyse()
    first = len(look_at(planner, roster("")))
    for look in ("", "sort=name", "sort=latest"):
        page, seen = roster(look), []
        for _ in range(99):
            text = planner.get(page).text
            seen += shown(text)
            page = next_page(text) or pytest.fail(f"the list ends at {len(seen)}")
        assert len(seen) == len(set(seen)) == 99 * 50
        statements = look_at(planner, page)
        assert len(statements) == first
        assert read_whole(statements) == []


def test_the_reading_of_plans_can_fail(app: Flask, batch: Batch, now: datetime) -> None:
    atomically(fill, batch.id, 3000, now=now)
    analyse()
    assert read_whole([("SELECT phone FROM registration WHERE name = 'nobody'", ())])


def test_a_person_is_found_among_all_batches_in_two_statements(
    app: Flask, planner: FlaskClient, batch: Batch, now: datetime
) -> None:
    atomically(fill, batch.id, 60, now=now)
    few = len(look_at(planner, "/staff/people?q=verma"))
    atomically(fill, batch.id, MANY, now=now)
    page = "/staff/people?q=verma"
    assert len(look_at(planner, page)) == few
    text = planner.get(page).text
    assert text.count('class="panel"') == 30
    assert "there are more" in text
    assert len(text) < 100_000
