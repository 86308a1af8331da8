"""The roster of a batch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.db import atomically, db
from enroll.registrations import answering, arriving
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.accounts.people import colleague, sign_in


@pytest.fixture
def planner(client: FlaskClient) -> FlaskClient:
    """A browser signed in with the duty to plan."""
    colleague(Duty.PLAN)
    sign_in(client)
    return client


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The queries that run meanwhile."""
    queries: list[str] = []

    def count(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            queries.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield queries
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", count)


def _rows(client: FlaskClient, code: str) -> list[list[str]]:
    """The text of each cell of the roster's table, but not of the ticks in front."""
    page = client.get(f"/staff/batches/{code}/roster?c=contact&c=state&c=place&c=registered")
    assert page.status_code == 200
    people = page.text.partition('id="people"')[2]
    bodies = re.findall(r"(?s)<tbody.*?>(.*?)</tbody>", people)
    rows = [row for body in bodies for row in re.findall(r"(?s)<tr.*?>(.*?)</tr>", body)]
    cells = [re.findall(r"(?s)<t[hd].*?>(.*?)</t[hd]>", row)[1:] for row in rows]
    return [[re.sub(r"(?s)<.*?>|\s+", " ", cell).strip() for cell in row] for row in cells]


def test_shows_the_seated_then_the_waiting_then_the_rest(planner: FlaskClient) -> None:
    batch = make.batch(2)
    for name in ("one", "two", "three", "four"):
        make.registration(batch, f"{name}@example.org", confirmed=True)
    states = list(make.states(batch).values())
    assert states == [State.CONFIRMED] * 2 + [State.WAITLISTED] * 2
    one = sa.select(Registration).where(Registration.email == "one@example.org")
    found = db.session.scalars(one).one()
    atomically(answering.withdraw, batch_id=batch.id, registration_id=found.id, now=clock.now())
    rows = _rows(planner, batch.code)
    seen = [(row[1].split()[0], row[2].split("Deadline")[0].strip(), row[3]) for row in rows[:3]]
    assert seen == [
        ("three@example.org", "Seat offered", "Seat 1"),
        ("two@example.org", "Enrolled", "Seat 2"),
        ("four@example.org", "On the waitlist", "Place 1"),
    ]
    assert rows[3][1].split()[0] == "one@example.org"
    assert rows[3][2] == "Withdrawn by the student"
    assert all(row[0] == "Asha Verma" and row[4] for row in rows[:3])


def test_a_place_is_the_one_the_student_reads(planner: FlaskClient) -> None:
    from enroll.registrations.personal import place

    batch = make.batch(1)
    people = [make.registration(batch) for _ in range(4)]
    places = {row[1].split()[0]: row[3] for row in _rows(planner, batch.code)}
    for person in people[1:]:
        assert places[person.email] == f"Place {place(make.read(person.id))}"


def test_the_number_of_queries_does_not_grow(planner: FlaskClient) -> None:
    make.registration(make.batch(20, code="small"))
    large = make.batch(20, code="large")
    for _ in range(30):
        make.registration(large)
    counts = []
    for code, people in (("small", 1), ("large", 30)):
        with _counted() as queries:
            assert len(_rows(planner, code)) == people
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 13


def test_the_list_takes_as_many_queries_for_many_batches(planner: FlaskClient) -> None:
    make.batch(code="first")
    with _counted() as few:
        assert "first" in planner.get("/staff/").text
    for _ in range(10):
        make.batch()
    with _counted() as many:
        planner.get("/staff/")
    assert len(few) == len(many) <= 5


def test_a_table_can_be_heard(planner: FlaskClient) -> None:
    batch = make.batch(1)
    make.registration(batch)
    page = planner.get(f"/staff/batches/{batch.code}/roster").text
    assert "<caption" in page
    assert page.count('<th scope="col"') == 7
    assert page.count('<th scope="row"') == 1
    assert not re.search(r"<th>|<script|<style|\sstyle=", page)


def test_what_people_typed_is_only_text(planner: FlaskClient) -> None:
    batch = make.batch(1)
    applicant = make.applicant("mallory@example.org", name="<b>Mallory</b>", phone='"><i>')
    atomically(arriving.register, batch_id=batch.id, applicant=applicant, now=clock.now())
    page = planner.get(f"/staff/batches/{batch.code}/roster").text
    assert "&lt;b&gt;Mallory" in page
    assert "<b>Mallory" not in page
    assert '"><i>' not in page


def test_an_empty_roster_says_so(planner: FlaskClient) -> None:
    batch = make.batch(1)
    assert "Nobody has registered yet" in planner.get(f"/staff/batches/{batch.code}/roster").text


def test_an_unknown_batch_is_not_found(planner: FlaskClient) -> None:
    assert planner.get("/staff/batches/unknown/roster").status_code == 404


def test_whoever_does_not_plan_sees_no_links_to_rosters(client: FlaskClient) -> None:
    batch = make.batch(1)
    colleague(Duty.MODERATE)
    sign_in(client)
    page = client.get("/staff/").text
    assert batch.code in page
    assert "/roster" not in page
