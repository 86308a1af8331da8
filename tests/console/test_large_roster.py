"""10 000 people in one batch: each page sends as many statements as for 60, and none reads a whole table."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from openpyxl import load_workbook

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.db import atomically, db
from enroll.registrations import roster as rosters
from tests import make
from tests.accounts.people import colleague, csrf_token, sign_in
from tests.conftest import application, clean_environment, fresh_database
from tests.console.acting import written
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
PEOPLE = "/staff/people?q=verma"
TODAY = "/staff/today"
TABLES = ("registration", "letter", "registration_event", "registration_group", "seat")


@dataclass
class Crowd:
    """A colleague's browser, and how many statements each page took while there were few."""

    staff: FlaskClient
    batch_id: int
    few: dict[str, int]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def crowd(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    compiled: FileSystemBytecodeCache,
) -> Iterator[Crowd]:
    """Ten thousand people in one batch and more in others: they come once, and no test changes them."""
    folder = tmp_path_factory.mktemp("crowd")
    with pytest.MonkeyPatch.context() as patch, fresh_database(request, folder) as url:
        clean_environment(patch)
        with application(patch, url, folder / "instance", compiled) as app:
            staff, now = app.test_client(), clock.now()
            colleague(*Duty)
            sign_in(staff)
            decide_on = now.date() + timedelta(days=3)
            batch_id = make.batch(1, code="large", minimum=9, decide_on=decide_on).id
            atomically(fill, batch_id, 60, now=now)
            written("A question.", make.batch(5), "a@example.org", now)
            pages = [*map(roster, LOOKS), PEOPLE, TODAY]
            few = {page: len(look_at(staff, page)) for page in pages}
            atomically(fill, batch_id, MANY - 60, now=now)
            for number in range(2):  # those of others must not be read
                atomically(fill, make.batch(1, code=f"other-{number}").id, MANY, now=now)
            for number in range(15):
                written("Another.", make.batch(5), f"b{number}@example.org", now)
            analyse()
            yield Crowd(staff, batch_id, few)


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


def test_ten_thousand_cost_no_more_statements_and_no_whole_table(crowd: Crowd) -> None:
    for look in LOOKS:
        statements = look_at(crowd.staff, roster(look))
        assert len(statements) == crowd.few[roster(look)] <= 14, look
        assert read_whole(statements) == [], look


def test_today_costs_no_more_and_reads_no_table_whole(crowd: Crowd) -> None:
    statements = look_at(crowd.staff, TODAY)
    assert len(statements) <= crowd.few[TODAY]
    assert read_whole(statements) == []


@pytest.mark.parametrize(("look", "pages"), [("", 99), ("sort=name", 12), ("sort=latest", 12)])
def test_the_hundredth_page_is_as_cheap_as_the_first(crowd: Crowd, look: str, pages: int) -> None:
    first = len(look_at(crowd.staff, roster("")))
    page, seen = roster(look), []
    for _ in range(pages):
        text = crowd.staff.get(page).text
        seen += shown(text)
        page = next_page(text) or pytest.fail(f"the list ends at {len(seen)}")
    assert len(seen) == len(set(seen)) == pages * 50
    statements = look_at(crowd.staff, page)
    assert len(statements) == first
    assert read_whole(statements) == []


def test_the_reading_of_plans_can_fail(crowd: Crowd) -> None:
    assert read_whole([("SELECT phone FROM registration WHERE name = 'nobody'", ())])


def test_a_person_is_found_among_all_batches_in_two_statements(crowd: Crowd) -> None:
    assert len(look_at(crowd.staff, PEOPLE)) == crowd.few[PEOPLE]
    text = crowd.staff.get(PEOPLE).text
    assert text.count('class="panel"') == 30
    assert "there are more" in text
    assert len(text) < 100_000


# ---------------------------------------------------------------- taken along


ENOUGH = 20_000_000  # bytes; ten thousand people as objects are twice as much


def exported(crowd: Crowd, kind: str) -> list[list[Any]]:
    """The rows of an export of the whole batch, its heading first. It needs no more than `ENOUGH`."""
    token = {"csrf_token": csrf_token(crowd.staff, roster(""))}
    tracemalloc.start()
    answer = crowd.staff.post(f"/staff/batches/large/roster/export.{kind}", data=token)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 200
    assert most < ENOUGH
    if kind == "csv":
        return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(answer.data), read_only=True).active
    return [list(row) for row in sheet.iter_rows(values_only=True)]


@pytest.mark.either_database
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_holds_every_one_of_ten_thousand(crowd: Crowd, kind: str) -> None:
    head, *rows = exported(crowd, kind)
    number, address, phone = (head.index(one) for one in ("Number", "E-mail", "Telephone"))
    assert len(rows) == len({row[number] for row in rows}) == MANY
    assert all(row[address] == f"crowd{row[number]}@example.org" for row in rows)
    plus = "'+" if kind == "csv" else "+"  # a workbook holds texts as texts
    assert all(row[phone].startswith(plus) for row in rows)


def test_an_export_holds_a_thousand_people_in_memory_at_a_time(crowd: Crowd) -> None:
    everybody = rosters.Wanted()
    count = most = 0
    for _one in rosters.everybody(crowd.batch_id, everybody):
        count += 1
        if count % 500 == 1:
            most = max(most, len(db.session.identity_map))
    db.session.rollback()
    assert count == MANY
    assert most <= 1000 + 10
