"""Correcting an address on the staff's page."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from enroll.registrations import answering
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.console.acting import flashed, press, said, text
from tests.contents import contents
from tests.reading import hidden_fields, typed_values
from tests.registrations import acting
from tests.registrations.acting import adds_up, letters  # noqa: F401 - a fixture

pytestmark = [pytest.mark.usefixtures("adds_up"), pytest.mark.either_database]


@pytest.fixture
def asha(app: Flask) -> Registration:
    return make.registration(make.batch(1), "asah@example.org", confirmed=True)


def page_of(one: Registration) -> str:
    return f"/staff/registrations/{one.id}/address"


def test_it_says_what_will_happen_and_does_it(planner: FlaskClient, asha: Registration) -> None:
    before = contents()
    page = planner.get(page_of(asha))
    assert contents() == before
    assert "The seat or the place stays." in text(page.text)
    assert typed_values(page.text)["email"] == "asah@example.org"
    told = said(planner, press(planner, page_of(asha), email="Asha@Example.org"))
    assert told.startswith("We wrote to asha@example.org. Until the link is pressed")
    one = make.read(asha.id)
    assert (one.email, one.address_confirmed_at, one.state) == ("asha@example.org", None, State.CONFIRMED)
    shown = text(planner.get(f"/staff/registrations/{asha.id}").text)
    assert "corrected the address" in shown
    assert "Not confirmed" in shown


def test_confirmed_on_the_telephone(planner: FlaskClient, asha: Registration) -> None:
    answer = press(planner, page_of(asha), email="asha@example.org", confirmed="y")
    assert said(planner, answer) == "asha@example.org is confirmed, and written to."
    again = press(planner, page_of(asha), email="asha@example.org", confirmed="y")
    assert said(planner, again) == "Asha Verma had this address already. Nothing was changed."
    assert letters(asha).count("address_corrected") == 1


@pytest.mark.parametrize("email", ["", "no address", "a@b@c", "x\x00@example.org"])
def test_a_wrong_one_is_shown_again(planner: FlaskClient, asha: Registration, email: str) -> None:
    answer = press(planner, page_of(asha), email=email)
    assert answer.status_code == 422
    assert typed_values(answer.text)["email"] == email
    assert make.read(asha.id).email == "asah@example.org"


def test_another_person_has_it(planner: FlaskClient, asha: Registration) -> None:
    batch = make.read(asha.id).batch_id
    other = make.registration(acting.db.session.get_one(make.Batch, batch), "asha@example.org")
    answer = press(planner, page_of(asha), email="asha@example.org")
    assert answer.status_code == 409
    assert "Somebody else is registered in" in flashed(answer.text)
    assert typed_values(answer.text)["email"] == "asha@example.org"
    assert make.read(other.id).email == "asha@example.org"


def test_who_has_left_has_no_address_to_correct(
    planner: FlaskClient, asha: Registration, now: datetime
) -> None:
    stale = hidden_fields(planner.get(page_of(asha)).text)
    acting.press(answering.withdraw, asha, now=now)
    assert "has ended" in planner.get(page_of(asha)).text
    answer = planner.post(page_of(asha), data=stale | {"email": "asha@example.org"})
    assert answer.status_code == 409


def test_who_may(app: Flask, asha: Registration, moderator: FlaskClient, planner: FlaskClient) -> None:
    assert app.test_client().get(page_of(asha)).location.startswith("/staff/login")
    token = hidden_fields(moderator.get("/staff/").text)
    assert moderator.get(page_of(asha)).status_code == 403
    assert moderator.post(page_of(asha), data=token | {"email": "x@example.org"}).status_code == 403
    assert planner.post(page_of(asha), data={"email": "x@example.org"}).status_code == 422
    assert planner.get("/staff/registrations/999999/address").status_code == 404
    assert make.read(asha.id).email == "asah@example.org"
