"""The roster of a batch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

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

# The rules behind these pages are tested on both databases, with the verbs.
pytestmark = pytest.mark.either_database


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


# ---------------------------------------------------------------- what the address asks for


def _people(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'name="people" value="(\d+)"', page)]


def test_filters_order_and_columns_stand_in_the_address(planner: FlaskClient) -> None:
    batch = make.batch(2, code="here")
    people = [make.registration(batch, f"{n}@example.org", confirmed=n < 2) for n in range(4)]
    page = planner.get("/staff/batches/here/roster?state=waitlisted&c=name&c=address&sort=name").text
    assert set(_people(page)) == {one.id for one in people[2:]}
    assert re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page) == ["Tick", "Name", "E-mail confirmed"]
    assert 'href="/staff/batches/here/roster?sort=name&amp;c=name&amp;c=address&amp;state=confirmed' in page
    only_names = planner.get("/staff/batches/here/roster?c=name").text
    assert re.findall(r'<th scope="col"[^>]*>(.*?)</th>', only_names) == ["Tick", "Name"]


def test_the_counts_lead_to_as_many_people(planner: FlaskClient) -> None:
    batch = make.batch(2, code="here")
    for n in range(5):
        make.registration(batch, f"{n}@example.org", confirmed=True)
    page = planner.get("/staff/batches/here/roster").text
    nav = page.partition('class="counts"')[2].partition("</nav>")[0]
    links = re.findall(r'(?s)href="([^"#]*).*?<span class="number">(\d+)</span>', nav)
    assert [number for _link, number in links] == ["5", "3", "2"]
    for link, number in links:
        assert len(_people(planner.get(link.replace("&amp;", "&")).text)) == int(number)


def test_a_state_is_a_shape_and_words_and_no_two_shapes_are_alike(planner: FlaskClient) -> None:
    from flask import current_app, render_template_string

    with current_app.test_request_context():
        shapes = {
            state: render_template_string(
                "{% from 'console/_shapes.html' import shape with context %}{{ shape(state) }}",
                state=state.value,
            )
            for state in State
        }
    assert len(set(shapes.values())) == len(State)
    batch = make.batch(1, code="here")
    make.registration(batch)
    page = planner.get("/staff/batches/here/roster").text
    row = page.partition("<tbody")[2].partition("</tbody>")[0]
    assert shapes[State.PENDING] in row
    assert "Seat held, e-mail not confirmed" in row


@pytest.mark.parametrize("typed", ["a", "%20", "7"])
def test_too_short_a_question_is_told_and_everybody_shown(planner: FlaskClient, typed: str) -> None:
    batch = make.batch(2, code="here")
    make.registration(batch)
    page = planner.get(f"/staff/batches/here/roster?q={typed}")
    assert page.status_code == 200
    assert ("Type at least two characters" in page.text) == (typed != "%20")
    assert len(_people(page.text)) == 1


@pytest.mark.parametrize(
    "address",
    [
        "state=nonsense", "waits=x&address=x&letters=x&sort=x&group=x", "since=yesterday",
        "since=0001-01-01", "since=9999-12-31", "group=" + "9" * 12, "c=password", "q=%25",
        "q=" + "x" * 5000, "all=1&people=7", "after=&before=",
    ],
)  # fmt: skip
def test_odd_addresses_show_something(planner: FlaskClient, address: str) -> None:
    make.registration(make.batch(2, code="here"))
    assert planner.get(f"/staff/batches/here/roster?{address}").status_code == 200


def test_a_day_begins_when_the_batchs_own_clocks_say_so(planner: FlaskClient) -> None:
    batch = make.batch(2, code="here", zone="Pacific/Kiritimati")  # fourteen hours ahead
    one = make.registration(batch)
    there = one.created_at.astimezone(batch.tz).date()
    since = "/staff/batches/here/roster?since="
    assert len(_people(planner.get(f"{since}{there}").text)) == 1
    assert "Nobody of this kind" in planner.get(f"{since}{there + timedelta(days=1)}").text


@pytest.mark.parametrize("key", ["x", "1.2.3", "0." + "9" * 20])
def test_a_page_that_never_was_is_not_found(planner: FlaskClient, key: str) -> None:
    make.registration(make.batch(2, code="here"))
    assert planner.get(f"/staff/batches/here/roster?after={key}").status_code == 404


# ---------------------------------------------------------------- all batches


def test_one_box_finds_people_in_all_batches(planner: FlaskClient) -> None:
    for code in ("first", "second"):
        make.registration(make.batch(1, code=code), "asha@example.org")
    make.registration(make.batch(1, code="third"), "bibi@example.org")
    page = planner.get("/staff/people?q=asha%40").text
    assert page.count('class="panel"') == 1
    assert page.index(">second<") < page.index(">first<")
    assert "third" not in page
    assert "Nobody of this name" in planner.get("/staff/people?q=nobody").text
    assert "Type at least two characters" in planner.get("/staff/people?q=a").text
    assert planner.get("/staff/people").text.count('class="panel"') == 0


def test_only_who_plans_finds_people(client: FlaskClient) -> None:
    colleague(Duty.MODERATE)
    sign_in(client)
    assert client.get("/staff/people?q=asha").status_code == 403
