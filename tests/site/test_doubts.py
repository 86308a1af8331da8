"""Addresses that look mistyped are asked back about, once; nothing is lost, and no program is stopped."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from enroll.db import db
from enroll.registrations.models import Registration
from tests import make
from tests.contents import contents
from tests.reading import hidden_fields, typed_values

pytestmark = pytest.mark.either_database

TYPED = {
    "name": "Asha Verma",
    "email": "Asha@gmial.com",
    "phone": "+91 98765 43210",
    "background": "Nurse",
    "message": "I come by bus.\r\nAt six.",
    "name2": "Bilal",
    "email2": "bilal@example.org",
    "consent": "y",
}


@pytest.fixture
def form(client: FlaskClient) -> str:
    return f"/batches/{make.batch(capacity=9, code='b').code}/register"


def addresses() -> list[str]:
    db.session.rollback()
    return sorted(db.session.scalars(sa.select(Registration.address)))


def asked(client: FlaskClient, path: str, **fields: str) -> str:
    """The page with the question."""
    answer = client.post(path, data=hidden_fields(client.get(path).text) | fields)
    assert answer.status_code == 422
    assert "Did you mean Asha@gmail.com?" in answer.text
    return answer.text


def test_the_question_loses_nothing_and_is_no_error(client: FlaskClient, form: str) -> None:
    before = contents()
    page = asked(client, form, **TYPED)
    assert contents() == before
    again = typed_values(page) | hidden_fields(page)
    for name, value in TYPED.items():
        if name != "consent":
            assert again[name].replace("\r", "") == value.replace("\r", ""), name
    assert re.search(r'<input[^>]* name="consent"[^>]* checked', page)
    for words in ("There is a problem", "Error:", "field-wrong", "aria-invalid"):
        assert words not in page, words
    assert "<title>A question: Register: " in page
    assert re.search(r'<input[^>]* name="email"[^>]*aria-describedby="email-hint email-doubt"', page)
    assert page.index('tabindex="-1" aria-hidden="true"></button>') < page.index("take_address")


def test_the_suggestion_is_taken_by_one_press(client: FlaskClient, form: str) -> None:
    page = asked(client, form, **TYPED)
    button = re.search(r'name="take_address" value="([^"]+)"', page)[1]
    answer = client.post(form, data=TYPED | hidden_fields(page) | {"take_address": button})
    assert answer.status_code == 303
    assert addresses() == ["asha@gmail.com", "bilal@example.org"]
    assert "Asha@gmail.com" in client.get(answer.location).text


def test_who_says_that_it_is_right_is_believed(client: FlaskClient, form: str) -> None:
    page = asked(client, form, **TYPED)
    assert client.post(form, data=TYPED | hidden_fields(page)).status_code == 303
    assert addresses() == ["asha@gmial.com", "bilal@example.org"]


def test_what_is_typed_anew_counts_and_another_slip_is_asked_about(
    client: FlaskClient, form: str
) -> None:
    sent = TYPED | hidden_fields(asked(client, form, **TYPED))
    other = client.post(form, data=sent | {"email": "asha@yaho.com"})
    assert "Did you mean asha@yahoo.com?" in other.text
    right = sent | {"email": "asha@work.example.org", "take_address": "Asha@gmail.com"}
    assert client.post(form, data=right).status_code == 303
    assert addresses() == ["asha@work.example.org", "bilal@example.org"]


def test_errors_come_before_questions(client: FlaskClient, form: str) -> None:
    fields = hidden_fields(client.get(form).text) | TYPED | {"name": ""}
    page = client.post(form, data=fields).text
    assert "Enter your name." in page
    assert "Did you mean" not in page
    assert hidden_fields(page)["meant"] == ""


def test_a_program_that_posts_the_contracts_fields_is_not_asked(
    client: FlaskClient, form: str
) -> None:
    token = hidden_fields(client.get(form).text)["csrf_token"]
    names = ("name", "email", "phone", "background", "message", "consent")
    fields = {name: TYPED[name] for name in names} | {"csrf_token": token}
    assert client.post(form, data=fields).status_code == 303
    assert addresses() == ["asha@gmial.com"]


def test_a_suggestion_that_is_not_ours_is_not_taken(client: FlaskClient, form: str) -> None:
    sent = TYPED | hidden_fields(asked(client, form, **TYPED))
    answer = client.post(form, data=sent | {"take_address": "thief@evil.example"})
    assert answer.status_code == 303
    assert "asha@gmial.com" in addresses()


def test_the_form_for_lost_links_asks_too(client: FlaskClient) -> None:
    page = asked(client, "/registrations", email="Asha@gmial.com")
    assert "<title>A question: " in page
    again = hidden_fields(page) | {"email": "Asha@gmial.com"}
    assert client.post("/registrations", data=again).status_code == 303
    token = {"csrf_token": again["csrf_token"], "email": "Asha@gmial.com"}
    assert client.post("/registrations", data=token).status_code == 303
