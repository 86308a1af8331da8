"""The batch as a whole: its size, its dates, whether it takes place."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient

from enroll.batches.models import Batch
from enroll.batches.planning import Plan, plan_batch
from enroll.batches.states import BatchState
from enroll.db import atomically, db
from enroll.registrations import steering
from enroll.registrations.foreseeing import foresee_call_off
from enroll.registrations.states import State
from tests import make
from tests.console.acting import flashed, press, said, text
from tests.contents import contents
from tests.house.test_words import PHYSICAL
from tests.reading import hidden_fields, typed_values
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    free_seats,
    letters,
    state,
    with_sessions,
)

pytestmark = [pytest.mark.usefixtures("adds_up"), pytest.mark.either_database]
ACTIONS = ("resize", "run", "shift", "call-off")


@pytest.fixture
def batch(app: Flask, now: datetime) -> Batch:
    return make.batch(3, minimum=3, zone="Europe/Berlin", **with_sessions(30, now))


def at(batch: Batch, what: str) -> str:
    return f"/staff/batches/{batch.code}/{what}"


def again(batch: Batch) -> Batch:
    db.session.rollback()
    return db.session.get_one(Batch, batch.id, populate_existing=True)


# ---------------------------------------------------------------- size


def resize(client: FlaskClient, batch: Batch, capacity: object):
    return press(client, at(batch, "steer"), at(batch, "resize"), capacity=capacity)


def test_the_size_is_shown_and_changed(planner: FlaskClient, batch: Batch) -> None:
    for _ in range(5):
        make.registration(batch, confirmed=True)
    page = text(planner.get(at(batch, "steer")).text)
    assert re.search(r"Seats 3 Taken 3 Free 0 Waiting 2", page)
    told = said(planner, resize(planner, batch, 4))
    assert told == (
        "The batch has 4 seats now; it had 3. 1 person who waited is offered one."
    )
    assert said(planner, resize(planner, batch, 4)) == "The batch had 4 seats already."


def test_taken_seats_stay_and_the_number_is_kept(planner: FlaskClient, batch: Batch) -> None:
    for _ in range(2):
        make.registration(batch, confirmed=True)
    answer = resize(planner, batch, 1)
    assert answer.status_code == 409
    assert flashed(answer.text).startswith("2 seats are taken")
    assert typed_values(answer.text)["capacity"] == "1"
    assert free_seats(batch) == 1


@pytest.mark.parametrize("capacity", ["", "many", "-1", "1001", "9" * 30, "2.5"])
def test_a_size_is_a_number(planner: FlaskClient, batch: Batch, capacity: str) -> None:
    answer = resize(planner, batch, capacity)
    assert answer.status_code == 422
    assert typed_values(answer.text)["capacity"] == capacity
    assert free_seats(batch) == 3


def test_two_colleagues_who_choose_the_same_size_at_once(
    planner: FlaskClient, other: FlaskClient, batch: Batch
) -> None:
    start = Barrier(2)

    def go(client: FlaskClient, fields: dict[str, str]):
        start.wait()
        return client.post(at(batch, "resize"), data=fields | {"capacity": "5"})

    pages = [hidden_fields(one.get(at(batch, "steer")).text) for one in (planner, other)]
    with ThreadPoolExecutor(2) as crowd:
        answers = list(crowd.map(go, (planner, other), pages))
    told = {said(one, answer) for one, answer in zip((planner, other), answers, strict=True)}
    assert told == {"The batch has 5 seats now; it had 3.", "The batch had 5 seats already."}
    assert free_seats(batch) == 5


# ---------------------------------------------------------------- whether it takes place


def test_confirming_writes_to_everybody_once(
    planner: FlaskClient, other: FlaskClient, batch: Batch
) -> None:
    asha = make.registration(batch, confirmed=True)
    stale = hidden_fields(other.get(at(batch, "steer")).text)
    told = said(planner, press(planner, at(batch, "steer"), at(batch, "run")))
    assert told == "The batch is confirmed to run. Everybody in it is written to."
    assert again(batch).state is BatchState.CONFIRMED_TO_RUN
    told = said(other, other.post(at(batch, "run"), data=stale))
    assert told == "The batch had been confirmed to run already."
    assert letters(asha).count("batch_confirmed_to_run") == 1


def test_a_batch_that_is_off_is_not_confirmed_nor_moved(
    planner: FlaskClient, batch: Batch, now: datetime
) -> None:
    stale = hidden_fields(planner.get(at(batch, "steer")).text)
    atomically(steering.call_off, batch_id=batch.id, by="staff 1", now=now)
    fields = stale | {"days": "7", "seen": batch.starts_on.isoformat()}
    for what in ("run", "shift"):
        answer = planner.post(at(batch, what), data=fields)
        assert answer.status_code == 409
        assert "has been called off. Nothing was changed." in flashed(answer.text)
    page = planner.get(at(batch, "steer")).text
    assert "<button" not in page.partition('<div class="groups">')[2]


def test_calling_off_says_beforehand_what_it_does(
    planner: FlaskClient, batch: Batch, now: datetime
) -> None:
    people = [make.registration(batch, f"p{n}@example.org", confirmed=n != 1) for n in range(4)]
    later = with_sessions(60, now)
    small = make.batch(1, code="small", **later)
    large = make.batch(4, code="large", **with_sessions(90, now))
    make.registration(large, "p2@example.org", confirmed=True)
    make.batch(9, course_id=make.course("another"))
    before = contents()
    page = text(planner.get(at(batch, "call-off")).text)
    assert contents() == before
    assert "4 people lose their registrations and are written to." in page
    assert "2 of them are offered a free seat elsewhere" in page
    assert re.search(r"1 seat in small.*1 seat in large", page)
    foreseen = foresee_call_off(batch.id, now)
    told = said(planner, press(planner, at(batch, "call-off")))
    assert told == "The batch is called off. 4 people are written to."
    assert {state(one) for one in people} == {State.CANCELLED}
    offers = [
        sum(found is State.OFFERED for found in make.states(there).values())
        for there in (small, large)
    ]
    assert offers == [count for _batch, count in foreseen.elsewhere] == [1, 1]


def test_calling_off_twice_is_calling_off_once(
    planner: FlaskClient, other: FlaskClient, batch: Batch
) -> None:
    asha = make.registration(batch, confirmed=True)
    stale = hidden_fields(other.get(at(batch, "call-off")).text)
    press(planner, at(batch, "call-off"))
    told = said(other, other.post(at(batch, "call-off"), data=stale))
    assert told == "It was called off already. Nobody is written to again."
    assert letters(asha).count("registration_cancelled") == 1
    page = planner.get(at(batch, "call-off"))
    assert "was called off already" in page.text


def test_a_draft_cannot_be_called_off(planner: FlaskClient, now: datetime) -> None:
    draft = make_draft(now)
    assert "nothing to call off" in planner.get(at(draft, "call-off")).text
    answer = press(planner, at(draft, "call-off"))
    assert answer.status_code == 409
    assert "still a draft" in flashed(answer.text)


def make_draft(now: datetime) -> Batch:
    day = now.date() + timedelta(days=30)
    plan = Plan(
        code="draft",
        course_id=make.course(),
        title="A draft",
        capacity=2,
        starts_on=day,
        ends_on=day,
        zone="UTC",
        opens_at=now,
        closes_at=now + timedelta(days=9),
    )
    return atomically(plan_batch, plan=plan)


# ---------------------------------------------------------------- dates


def shift(client: FlaskClient, batch: Batch, days: int):
    return press(client, at(batch, f"shift?days={days}"), at(batch, "shift"))


def test_the_new_dates_are_shown_before_they_are_saved(
    planner: FlaskClient, batch: Batch, now: datetime
) -> None:
    asha = make.registration(batch, confirmed=True)
    before = contents()
    page = planner.get(at(batch, "shift?days=7"))
    assert contents() == before
    seen = text(page.text)
    first = batch.starts_on + timedelta(days=7)
    assert f"{first.day} {first:%B %Y}" in seen
    assert "1 person is written to." in seen
    assert "Session 2" in seen
    told = said(planner, shift(planner, batch, 7))
    assert told == f"The batch starts on {first.day} {first:%B %Y} now."
    assert again(batch).starts_on == first
    assert letters(asha).count("batch_rescheduled") == 1


def test_two_colleagues_move_it_once(
    planner: FlaskClient, other: FlaskClient, batch: Batch
) -> None:
    make.registration(batch, confirmed=True)
    was = batch.starts_on
    start = Barrier(2)

    def go(client: FlaskClient, fields: dict[str, str]):
        start.wait()
        return client.post(at(batch, "shift"), data=fields)

    pages = [hidden_fields(one.get(at(batch, "shift?days=7")).text) for one in (planner, other)]
    with ThreadPoolExecutor(2) as crowd:
        answers = list(crowd.map(go, (planner, other), pages))
    told = [said(one, answer) for one, answer in zip((planner, other), answers, strict=True)]
    assert sum("A colleague was quicker" in words for words in told) == 1
    assert again(batch).starts_on == was + timedelta(days=7)
    assert again(batch).sequence == 1


def test_whoever_saw_other_dates_is_asked_again(
    planner: FlaskClient, other: FlaskClient, batch: Batch
) -> None:
    was = batch.starts_on
    stale = hidden_fields(planner.get(at(batch, "shift?days=7")).text)
    shift(other, batch, 1)
    answer = planner.post(at(batch, "shift"), data=stale)
    assert answer.status_code == 409
    assert "A colleague has moved the batch meanwhile" in flashed(answer.text)
    assert hidden_fields(answer.text)["days"] == "7"
    assert again(batch).starts_on == was + timedelta(days=1)
    assert planner.post(at(batch, "shift"), data=hidden_fields(answer.text)).status_code == 303
    assert again(batch).starts_on == was + timedelta(days=8)


@pytest.mark.parametrize("days", ["", "0", "soon", "367", "-367", "9" * 30, "1.5"])
def test_days_are_a_number(planner: FlaskClient, batch: Batch, days: str) -> None:
    answer = planner.get(at(batch, "shift"), query_string={"days": days})
    assert answer.status_code == 422
    assert typed_values(answer.text)["days"] == days
    fields = hidden_fields(planner.get(at(batch, "steer")).text)
    fields |= {"days": days, "seen": batch.starts_on.isoformat()}
    assert planner.post(at(batch, "shift"), data=fields).status_code == 422


@pytest.mark.parametrize("seen", ["", "tomorrow", "9999-12-31", "0001-01-01"])
def test_odd_dates_are_refused(planner: FlaskClient, batch: Batch, seen: str) -> None:
    was = batch.starts_on
    fields = hidden_fields(planner.get(at(batch, "shift?days=7")).text) | {"seen": seen}
    assert planner.post(at(batch, "shift"), data=fields).status_code in (409, 422)
    assert again(batch).starts_on == was


@pytest.mark.parametrize("days", [-31, -60])
def test_a_batch_does_not_move_into_the_past(
    planner: FlaskClient, batch: Batch, days: int
) -> None:
    was = batch.starts_on
    answer = shift(planner, batch, days)
    assert answer.status_code == 409
    assert "would have begun already" in flashed(answer.text)
    assert hidden_fields(answer.text)["days"] == str(days)
    assert again(batch).starts_on == was


def test_a_batch_that_has_begun_stays(planner: FlaskClient, now: datetime) -> None:
    begun = make.batch(
        1, starts_on=now.date() - timedelta(days=2), opens_at=now - timedelta(days=30)
    )
    answer = shift(planner, begun, 7)
    assert answer.status_code == 409
    assert "has begun, so its dates stay" in flashed(answer.text)


def test_the_new_dates_stay_in_sight_when_the_token_is_missing(
    planner: FlaskClient, batch: Batch
) -> None:
    was = batch.starts_on
    answer = planner.post(at(batch, "shift"), data={"days": "7", "seen": was.isoformat()})
    assert answer.status_code == 422
    assert "The new dates" in answer.text
    assert again(batch).starts_on == was
    assert planner.post(at(batch, "shift"), data=hidden_fields(answer.text)).status_code == 303


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("what", ACTIONS)
def test_only_who_plans_may(
    app: Flask, moderator: FlaskClient, batch: Batch, what: str
) -> None:
    fields = {"capacity": "9", "days": "7", "seen": batch.starts_on.isoformat()}
    stranger = app.test_client()
    before = contents(without=("staff_session",))
    token = hidden_fields(moderator.get("/staff/").text)
    assert moderator.get(at(batch, "steer")).status_code == 403
    assert moderator.post(at(batch, what), data=fields | token).status_code == 403
    token = hidden_fields(stranger.get("/staff/login").text)
    answer = stranger.post(at(batch, what), data=fields | token)
    assert (answer.status_code, answer.location) == (302, "/staff/login")
    assert contents(without=("staff_session",)) == before


@pytest.mark.parametrize("what", ACTIONS)
def test_buttons_want_their_token(planner: FlaskClient, batch: Batch, what: str) -> None:
    fields = {"capacity": "9", "days": "7", "seen": batch.starts_on.isoformat()}
    planner.get(at(batch, "steer"))
    before = contents()
    assert planner.post(at(batch, what), data=fields).status_code in (400, 422)
    assert contents() == before


@pytest.mark.parametrize("what", ["steer", "shift", "call-off"])
def test_an_unknown_batch_is_not_found(planner: FlaskClient, what: str) -> None:
    assert planner.get(f"/staff/batches/unknown/{what}").status_code == 404


def test_the_style_sheet_uses_logical_properties() -> None:
    sheet = Path(__file__).parent.parent.parent / "enroll" / "static" / "console.css"
    assert PHYSICAL.findall(sheet.read_text()) == []
