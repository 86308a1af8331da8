"""Registering somebody by hand: the form, possible doubles, save and next, what to say, the tick."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.db import db
from enroll.mail import telephone
from enroll.mail.states import NO_MAILBOX
from enroll.registrations import answering
from enroll.registrations.models import Note, Registration
from enroll.registrations.states import State
from tests import make
from tests.console.acting import flashed, press, said, statements, text
from tests.contents import contents
from tests.reading import hidden_fields, typed_values
from tests.registrations import acting
from tests.registrations.acting import adds_up, letter  # noqa: F401 - a fixture

pytestmark = [pytest.mark.usefixtures("adds_up"), pytest.mark.either_database]

CALLER = {"name": "Leela Nair", "phone": "+91 98765 43210", "background": "Nurse",
          "message": "Needs a chair.", "note": "Sounded in a hurry.", "consent": "y"}


@pytest.fixture
def batch(app: Flask) -> make.Batch:
    return make.batch(1, code="ml-1")


PAGE = "/staff/batches/ml-1/by-hand"


def people() -> list[Registration]:
    db.session.rollback()
    rows = sa.select(Registration).order_by(Registration.id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def test_a_caller_is_registered_and_their_page_opens(
    planner: FlaskClient, planner_id: int, batch: make.Batch
) -> None:
    before = contents()
    page = planner.get(PAGE).text
    assert contents() == before
    assert "I am 18 or over, and I agree" in text(page)
    assert "1 seat is free: the caller is enrolled at once." in text(page)
    answer = press(planner, PAGE, **CALLER)
    (leela,) = people()
    assert answer.location == f"/staff/registrations/{leela.id}"
    assert said(planner, answer) == "Leela Nair is registered."
    assert (leela.state, leela.phone, leela.consent_read_by) == (
        State.CONFIRMED, "+919876543210", planner_id
    )
    assert (leela.background, leela.message) == ("Nurse", "Needs a chair.")
    page = text(planner.get(f"/staff/registrations/{leela.id}").text)
    assert "Read out by Meera Pillai" in page
    assert "No e-mail: by telephone" in page
    assert "Sounded in a hurry." in page
    assert NO_MAILBOX not in page
    assert db.session.scalar(sa.select(Note.by)) == f"staff {planner_id}"


def test_save_and_next_keeps_the_batch_and_lists_who_was_registered(
    planner: FlaskClient, batch: make.Batch, other: FlaskClient
) -> None:
    answer = press(planner, PAGE, **CALLER, then="next")
    assert answer.location == PAGE
    page = planner.get(PAGE).text
    assert typed_values(page)["name"] == ""
    assert "Leela Nair,Enrolled,seat1" in text(page).replace(" ", "").replace("LeelaNair", "Leela Nair")
    assert "You are enrolled in A batch. It begins on" in text(page)
    assert "Leela Nair" not in other.get(PAGE).text  # each colleague sees their own
    press(planner, PAGE, **CALLER | {"name": "Zoe Quist", "phone": "+4915112345678",
                                     "email": "zoe@example.org"}, then="next")
    page = text(planner.get(PAGE).text)
    assert page.index("Zoe Quist") < page.index("Leela Nair")
    assert "place 1" in page
    assert "To say: All seats of A batch are taken just now." in page


def test_the_call_is_ticked_from_every_page(planner: FlaskClient, batch: make.Batch) -> None:
    press(planner, PAGE, **CALLER, then="next")
    (leela,) = people()
    mine = f"/staff/registrations/{leela.id}"
    for page in (PAGE, "/staff/today", mine):
        shown = planner.get(page).text
        assert "You are enrolled in A batch." in text(shown), page
        assert f'action="{mine}/told"' in shown
        assert 'href="tel:+919876543210"' in shown
    (task,) = telephone.untold()
    answer = press(planner, mine, f"{mine}/told", task=task.id, back="today")
    assert answer.location == "/staff/today"
    assert said(planner, answer) == "Ticked: Leela Nair has been told."
    page = text(planner.get("/staff/today").text)
    assert "To be told on the telephone" not in page
    assert "Told by Meera Pillai on" in text(planner.get(mine).text)
    again = press(planner, mine, f"{mine}/told", task=task.id, back="by-hand")
    assert again.location == PAGE
    assert "had been told already" in said(planner, again)


def test_a_task_of_somebody_else_is_not_found(planner: FlaskClient, batch: make.Batch) -> None:
    press(planner, PAGE, **CALLER)
    other_one = make.registration(make.batch(1))
    (task,) = telephone.untold()
    page = f"/staff/registrations/{other_one.id}"
    for number in (task.id, 0, 2**40):
        assert press(planner, page, f"{page}/told", task=number).status_code == 404
    assert press(planner, page, f"{page}/told", task="x").status_code == 422
    assert press(planner, page, f"{page}/told", task=task.id, back="//evil.example").status_code == 422
    assert len(telephone.untold()) == 1


def test_possible_doubles_are_shown_before_saving(planner: FlaskClient, batch: make.Batch) -> None:
    there = make.registration(batch, "leela+work@example.org")
    fields = CALLER | {"email": "leela@example.org"}
    answer = press(planner, PAGE, **fields)
    assert answer.status_code == 409
    page = text(answer.text)
    assert "Perhaps they are registered here already" in page
    assert "same mailbox" in page
    assert "Nothing is saved yet." in page
    assert f'/staff/registrations/{there.id}"' in answer.text
    assert typed_values(answer.text)["note"] == "Sounded in a hurry."
    assert len(people()) == 1
    kept = hidden_fields(answer.text)
    assert kept["seen"] == str(there.id)
    assert planner.post(PAGE, data=kept | fields).status_code == 303
    # The second click finds the one the first has made.
    again = planner.post(PAGE, data=kept | fields)
    assert again.status_code == 409
    assert len(people()) == 2


def test_siblings_with_one_address(planner: FlaskClient, batch: make.Batch) -> None:
    fields = CALLER | {"email": "nair@example.org"}
    press(planner, PAGE, **fields)
    refused = planner.post(PAGE, data=hidden_fields(planner.get(PAGE).text) | fields | {"name": "Ravi Nair"})
    assert refused.status_code == 409
    data = hidden_fields(refused.text) | fields | {"name": "Ravi Nair"}
    assert planner.post(PAGE, data=data).status_code == 303
    leela, ravi = people()
    assert (leela.address, ravi.address) == ("nair@example.org", "nair@example.org")
    page = text(planner.get(f"/staff/registrations/{ravi.id}").text)
    assert "Shared with somebody else in this batch" in page
    assert "Also registered Leela Nair" in page
    assert "Perhaps the same person Leela Nair" in page
    assert NO_MAILBOX not in page
    roster = planner.get("/staff/batches/ml-1/roster").text
    assert NO_MAILBOX not in roster
    assert roster.count("mailto:nair@example.org") == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Enter the caller’s name."),
        ({"name": "12"}, "with letters"),
        ({"phone": ""}, "Enter a telephone number, or at least an e-mail address."),
        ({"phone": "call me"}, "Enter a telephone number like"),
        ({"email": "no address"}, "Enter your e-mail address like this"),
        ({"consent": ""}, "Read the consent aloud"),
        ({"message": "x" * 2001}, "longer than 2000"),
        ({"note": "nul \x00"}, "invisible characters"),
        ({"seen": "1; DROP"}, "Invalid input."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    planner: FlaskClient, batch: make.Batch, changes: dict[str, str], words: str
) -> None:
    fields = {name: value for name, value in (CALLER | changes).items() if value}
    answer = press(planner, PAGE, **fields)
    assert answer.status_code == 422
    assert words in text(answer.text)
    typed = typed_values(answer.text)
    assert all(typed[name] == value for name, value in fields.items() if name in typed)
    assert people() == []


def test_an_address_alone_is_enough(planner: FlaskClient, batch: make.Batch) -> None:
    assert press(planner, PAGE, name="Zoe Quist", email="zoe@example.org", consent="y").status_code == 303
    (zoe,) = people()
    assert letter(zoe, "registration_confirmed").recipient == "zoe@example.org"


def test_a_batch_that_asks_for_approval_gives_the_choice(planner: FlaskClient, app: Flask) -> None:
    make.batch(1, code="ask-1", needs_approval=True)
    page = "/staff/batches/ask-1/by-hand"
    assert "Admit them at once" in planner.get(page).text
    press(planner, page, **CALLER)
    press(planner, page, **CALLER | {"name": "Zoe Quist", "phone": "+4915112345678"}, admits="y")
    assert [one.state for one in people()] == [State.APPLIED, State.CONFIRMED]


@pytest.mark.parametrize("state", ["called off", "begun", "early", "full"])
def test_a_no_is_said_in_a_sentence(
    planner: FlaskClient, app: Flask, now: datetime, state: str
) -> None:
    given: dict[str, Any] = {
        "called off": {},
        "begun": {"opens_at": now - 40 * acting.HOUR * 24, "closes_at": now - 48 * acting.HOUR,
                  "starts_on": (now - 24 * acting.HOUR).date()},
        "early": {"opens_at": now + acting.HOUR},
        "full": {"waitlist_limit": 0},
    }[state]
    batch = make.batch(1, code="no-1", **given)
    if state == "full":
        make.registration(batch, confirmed=True)
    if state == "called off":
        press(planner, "/staff/batches/no-1/call-off")
    answer = press(planner, "/staff/batches/no-1/by-hand", **CALLER)
    assert answer.status_code == 409
    assert flashed(answer.text)
    assert typed_values(answer.text)["name"] == "Leela Nair"
    assert [one.name for one in people() if one.name == "Leela Nair"] == []


def test_who_may_and_which_pages_there_are(
    app: Flask, batch: make.Batch, moderator: FlaskClient, planner: FlaskClient
) -> None:
    stranger = app.test_client()
    assert stranger.get(PAGE).location.startswith("/staff/login")
    token = hidden_fields(moderator.get("/staff/").text)
    assert moderator.get(PAGE).status_code == 403
    assert moderator.post(PAGE, data=token | CALLER).status_code == 403
    assert planner.get("/staff/batches/none/by-hand").status_code == 404
    assert planner.post("/staff/batches/none/by-hand", data=CALLER).status_code == 404
    without_token = planner.post(PAGE, data=CALLER)
    assert without_token.status_code == 422
    assert typed_values(without_token.text)["name"] == "Leela Nair"
    assert people() == []


def test_yes_by_telephone_leads_on_to_what_is_to_be_said(
    planner: FlaskClient, batch: make.Batch, now: datetime
) -> None:
    holder = make.registration(batch, confirmed=True)
    press(planner, PAGE, **CALLER)
    leela = people()[-1]
    acting.press(answering.withdraw, holder, now=now)
    mine = f"/staff/registrations/{leela.id}"
    assert "A seat in A batch is free for you until" in text(planner.get("/staff/today").text)
    answer = press(planner, mine, f"{mine}/seat")
    assert answer.location == mine
    page = text(planner.get(mine).text)
    assert "please tell them on the telephone" in page
    assert [task.kind for task in telephone.untold()] == ["registration_confirmed"]


def test_today_asks_no_more_queries_for_more_calls(planner: FlaskClient, app: Flask) -> None:
    make.batch(9, code="ml-1")
    press(planner, PAGE, **CALLER)
    few = statements(planner, "/staff/today")
    for number in range(4):
        fields = CALLER | {"name": "ABCD"[number] * 9, "phone": f"+49151123456{number}8"}
        assert press(planner, PAGE, **fields).status_code == 303
    assert statements(planner, "/staff/today") == few
