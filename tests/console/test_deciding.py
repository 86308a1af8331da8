"""Applications on the roster: accepted and rejected in bulk, and looked at again."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from enroll.batches.models import Batch
from enroll.db import atomically, db
from enroll.registrations import deciding
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.console.acting import flashed, press, said, text
from tests.contents import contents
from tests.reading import hidden_fields, typed_values
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    history,
    in_batch,
    letter,
    letters,
    state,
)

pytestmark = [pytest.mark.usefixtures("adds_up"), pytest.mark.either_database]
REASON = "We look for two years at work.\nOur foundations course may suit you."


@pytest.fixture
def batch(app: Flask) -> Batch:
    return make.batch(2, needs_approval=True, criteria="Two years at work.")


@pytest.fixture
def people(batch: Batch) -> list[Registration]:
    """Four who applied, in this order; all but the last have confirmed their address."""
    return [
        make.registration(batch, f"{name}@example.org", confirmed=name != "dev")
        for name in ("asha", "bibi", "chandra", "dev")
    ]


def roster(batch: Batch) -> str:
    return f"/staff/batches/{batch.code}/roster"


def preview(batch: Batch, people: list[Registration], verb: str) -> str:
    """Where the buttons below the roster lead, with these people ticked."""
    ticks = "&".join(f"people={one.id}" for one in people)
    return f"/staff/batches/{batch.code}/bulk?verb={verb}&{ticks}"


def decide(client: FlaskClient, people: list[Registration], verb: str, reason: str = ""):
    batch = db.session.get_one(Batch, people[0].batch_id)
    ids = [one.id for one in people]
    page = preview(batch, people, verb)
    return press(client, page, bulk(batch), people=ids, reason=reason)


def bulk(batch: Batch) -> str:
    return f"/staff/batches/{batch.code}/bulk"


def results(client: FlaskClient, answer: TestResponse) -> str:
    """What the page after a press tells of everybody."""
    assert answer.status_code == 303, answer.text
    page = client.get(answer.location)
    assert page.status_code == 200
    return text(page.text.partition("<h1>")[2].partition("Back to the list")[0])


def ticked(page: str) -> list[int]:
    """Whose rows are ticked on a roster."""
    return [int(one) for one in re.findall(r'name="people" value="(\d+)"[^>]* checked', page)]


def sent_along(page: str) -> list[int]:
    """Whom the form of a preview sends along."""
    found = re.findall(r'<input type="hidden" name="people" value="(\d+)">', page)
    return [int(one) for one in found]


def ask(one: Registration, now: datetime) -> None:
    """The person asks about a rejection, as on the page behind the mailed link."""

    def verb() -> None:
        rejected = db.session.get_one(Registration, one.id)
        rejected.question, rejected.questioned_at = "Does my <b>volunteering</b> count?", now

    atomically(verb)


def test_applications_stand_in_their_order_of_arrival(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    assert "4 applications to be decided" in planner.get(roster(batch)).text
    todo = planner.get(roster(batch) + "?state=applied").text.partition("</nav>")[2]
    found = [todo.index(one.email) for one in people]
    assert found == sorted(found)
    assert "Two years at work." in todo
    assert todo.count("E-mail not confirmed") == 1
    table = text(todo.partition('<tbody')[2].partition("</table>")[0])
    assert "waitlist" not in table.lower()
    assert table.count("Applied, to be decided") == 4


def test_all_can_be_ticked_without_a_script(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    assert ticked(planner.get(roster(batch)).text) == []
    assert len(ticked(planner.get(roster(batch) + "?tick=all").text)) == 4


def test_accepts_in_order_while_seats_are_free(
    planner: FlaskClient, planner_id: int, people: list[Registration]
) -> None:
    answer = decide(planner, people[::-1][1:], "accept")
    told = results(planner, answer)
    assert told.startswith("3 applications accepted")
    assert "left alone" not in told
    assert told.count("Seat held, e-mail not confirmed") == 2
    assert told.count("On the waitlist") == 1
    assert [state(one) for one in people] == [
        State.PENDING,
        State.PENDING,
        State.WAITLISTED,
        State.APPLIED,
    ]
    by = sa.text("SELECT by_whom FROM registration_event WHERE why = 'application accepted'")
    assert set(db.session.scalars(by)) == {f"staff {planner_id}"}


def test_rejects_with_a_reason_that_stands_in_the_letter(
    planner: FlaskClient, people: list[Registration]
) -> None:
    answer = decide(planner, people[:2], "reject", REASON)
    told = results(planner, answer)
    assert told.startswith("2 applications rejected")
    assert told.count("Asha Verma Rejected") == 2
    assert [state(one) for one in people[:3]] == [State.REJECTED, State.REJECTED, State.APPLIED]
    context = letter(people[0], "registration_rejected").context
    assert context["reason"].splitlines() == REASON.splitlines()


def test_nobody_is_rejected_without_a_reason_and_no_tick_is_lost(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    planner.get(roster(batch))
    before = contents()
    answer = decide(planner, people[1:3], "reject", "   ")
    assert answer.status_code == 422
    assert "Give a reason" in answer.text
    assert contents() == before
    assert sent_along(answer.text) == [one.id for one in people[1:3]]


def test_nothing_ticked_is_said_before_anything_is_typed(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    answer = planner.get(preview(batch, [], "reject"))
    assert answer.status_code == 422
    assert "Nobody is ticked" in answer.text
    assert press(planner, roster(batch), bulk(batch), verb="reject").status_code == 422


@pytest.mark.parametrize("people", [["x"], ["-1"], ["9" * 30], ["0"]])
@pytest.mark.parametrize("decision", ["accept", "reject", "", "erase"])
def test_odd_requests_are_refused(
    planner: FlaskClient, batch: Batch, people: list[str], decision: str
) -> None:
    answer = press(planner, roster(batch), bulk(batch), people=people, verb=decision, reason="x")
    assert answer.status_code == 422


def test_a_reason_has_an_end(planner: FlaskClient, people: list[Registration]) -> None:
    answer = decide(planner, people[:1], "reject", "x" * 1001)
    assert answer.status_code == 422
    assert typed_values(answer.text)["reason"] == "x" * 1001


def test_whom_a_colleague_has_decided_is_left_alone_and_said_so(
    planner: FlaskClient, other: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    page = planner.get(preview(batch, people, "accept")).text  # seen before the colleague pressed
    assert decide(other, people[:2], "reject", "No.").status_code == 303
    fields = hidden_fields(page) | {"people": [one.id for one in people]}
    told = results(planner, planner.post(bulk(batch), data=fields))
    assert told.startswith("2 applications accepted")
    assert "2 people left alone" in told
    assert told.count("Asha Verma Rejected Had ended already.") == 2
    assert [state(one) for one in people] == [State.REJECTED] * 2 + [State.PENDING] * 2
    again = results(planner, planner.post(bulk(batch), data=fields))
    assert again.startswith("0 applications accepted")
    assert "4 people left alone" in again
    assert again.count("Nothing is to be decided here any more.") == 2
    assert letters(people[0]).count("registration_rejected") == 1


def test_people_of_another_batch_are_not_touched(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    elsewhere = make.batch(1, needs_approval=True)
    answer = press(planner, roster(batch), bulk(elsewhere), people=[people[0].id], verb="accept")
    assert answer.status_code == 422
    assert state(people[0]) is State.APPLIED


def test_two_colleagues_at_the_same_moment(
    planner: FlaskClient, other: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    start = Barrier(2)
    ids = [one.id for one in people]

    def go(client: FlaskClient, fields: dict[str, str], decision: str):
        start.wait()
        data = fields | {"people": ids, "verb": decision, "reason": "No."}
        return client.post(bulk(batch), data=data).status_code

    pages = [hidden_fields(client.get(roster(batch)).text) for client in (planner, other)]
    with ThreadPoolExecutor(2) as crowd:
        codes = list(crowd.map(go, (planner, other), pages, ("accept", "reject")))
    assert codes == [303, 303]
    found = {state(one) for one in people}
    assert found in ({State.REJECTED}, {State.PENDING, State.WAITLISTED})
    for one in people:
        assert len([move for move in history(one) if move[0] == "applied" != move[1]]) == 1


def test_without_the_forms_token_nothing_happens_and_nothing_is_lost(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    planner.get(roster(batch))
    before = contents()
    fields = {"people": [people[0].id], "verb": "reject", "reason": REASON}
    answer = planner.post(bulk(batch), data=fields)
    assert answer.status_code == 422
    assert typed_values(answer.text)["reason"] == REASON
    assert sent_along(answer.text) == [people[0].id]
    assert contents() == before
    again = planner.post(bulk(batch), data=fields | hidden_fields(answer.text))
    assert again.status_code == 303


def test_only_who_plans_may_decide(
    app: Flask, moderator: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    token = hidden_fields(moderator.get("/staff/").text)
    before = contents()
    fields = {"people": [people[0].id], "verb": "accept"}
    assert moderator.get(roster(batch)).status_code == 403
    assert moderator.get(preview(batch, people, "accept")).status_code == 403
    assert moderator.post(bulk(batch), data=fields | token).status_code == 403
    answer = app.test_client().post(bulk(batch), data=fields)
    assert (answer.status_code, answer.location) == (302, "/staff/login")
    assert contents() == before


# ---------------------------------------------------------------- questions about a rejection


@pytest.fixture
def rejected(people: list[Registration], now: datetime) -> Registration:
    one = people[0]
    atomically(
        deciding.reject,
        batch_id=one.batch_id,
        registration_ids=[one.id],
        reason="No.",
        by="staff 1",
        now=now,
    )
    return make.read(one.id)


def test_a_question_is_shown_and_the_person_admitted_after_all(
    planner: FlaskClient, batch: Batch, rejected: Registration, now: datetime
) -> None:
    assert "Questions about a rejection" not in planner.get(roster(batch)).text
    ask(rejected, now)
    page = planner.get(roster(batch)).text
    assert "Does my &lt;b&gt;volunteering&lt;/b&gt; count?" in page
    button = f"/staff/registrations/{rejected.id}/admit"
    assert f'action="{button}"' in page
    told = said(planner, press(planner, roster(batch), button))
    assert told == "Asha Verma is admitted after all and is written to."
    assert state(rejected) is State.REJECTED
    assert in_batch(batch, rejected.email).state is State.PENDING
    assert "Questions about a rejection" not in planner.get(roster(batch)).text


def test_admitting_twice_is_admitting_once(
    planner: FlaskClient, other: FlaskClient, batch: Batch, rejected: Registration, now: datetime
) -> None:
    ask(rejected, now)
    button = f"/staff/registrations/{rejected.id}/admit"
    stale = hidden_fields(planner.get(roster(batch)).text)
    press(other, roster(batch), button)
    told = said(planner, planner.post(button, data=stale))
    assert told == "Asha Verma is registered in this batch already. Nothing was changed."
    assert list(make.states(batch)).count(rejected.email) == 1
    assert in_batch(batch, rejected.email).state is State.PENDING


def test_only_who_was_rejected_is_admitted_after_all(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    button = f"/staff/registrations/{people[0].id}/admit"
    answer = press(planner, roster(batch), button)
    assert answer.status_code == 409
    assert "stands at “Applied, to be decided”" in flashed(answer.text)
    assert state(people[0]) is State.APPLIED
