"""The form: what it takes, what it refuses, and that nothing typed is ever lost."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.db import db
from enroll.registrations.models import Registration
from tests import make
from tests.contents import contents
from tests.reading import hidden_fields, typed_values

# The rules behind these pages are tested on both databases, with the verbs.
pytestmark = pytest.mark.either_database

GOOD = {
    "name": "Asha Verma",
    "email": "asha@example.org",
    "phone": "+91 98765 43210",
    "background": "Nurse",
    "message": "I come by bus.",
    "consent": "y",
}
LONG = "x" * 10_000


def send(client: FlaskClient, code: str, **fields: str):
    page = client.get(f"/batches/{code}/register")
    return client.post(f"/batches/{code}/register", data=hidden_fields(page.text) | fields)


def test_a_good_form_leads_to_a_page_that_tells_nothing(client: FlaskClient) -> None:
    batch = make.batch()
    answer = send(client, batch.code, **GOOD)
    assert (answer.status_code, answer.location) == (303, f"/batches/{batch.code}/registered")
    page = client.get(answer.location)
    assert "asha@example.org" in page.text
    mine = db.session.scalars(sa.select(Registration)).one()
    assert mine.token not in answer.text + page.text + str(answer.headers) + str(page.headers)
    assert mine.phone == "+919876543210"


def test_known_and_unknown_addresses_read_the_same(client: FlaskClient, app: Flask) -> None:
    batch = make.batch()
    make.registration(batch, GOOD["email"], confirmed=True)
    before = contents()
    known = send(client, batch.code, **GOOD)
    assert contents() == before
    page = client.get(known.location)
    other = app.test_client()
    unknown = send(other, batch.code, **{**GOOD, "email": "ashb@example.org"})
    other_page = other.get(unknown.location)
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert page.text == other_page.text.replace("ashb@example.org", "asha@example.org")


def test_consent_keeps_text_language_and_time(client: FlaskClient, now: datetime) -> None:
    send(client, make.batch().code, **GOOD)
    mine = db.session.scalars(sa.select(Registration)).one()
    assert (mine.consent_version, mine.consent_language) == ("2026-11/18", "en_GB")
    assert now <= mine.consented_at <= now + timedelta(minutes=5)
    assert mine.news_consented_at is None


def test_news_is_a_choice_of_its_own(client: FlaskClient) -> None:
    page = client.get(f"/batches/{make.batch(code='b').code}/register").text
    assert "checked" not in page
    send(client, "b", **GOOD, news="y")
    assert db.session.scalars(sa.select(Registration)).one().news_consented_at is not None


def test_the_age_in_the_consent_is_a_setting(app: Flask, client: FlaskClient) -> None:
    app.config["MINIMUM_AGE"] = 16
    page = client.get(f"/batches/{make.batch(code='b').code}/register").text
    assert "16 or over" in page
    assert "parent or guardian" in page
    send(client, "b", **GOOD)
    assert db.session.scalars(sa.select(Registration)).one().consent_version == "2026-11/16"


BAD = [
    *[(name, "") for name in ("name", "email", "consent")],
    *[(name, LONG) for name in ("name", "email", "phone", "background", "message")],
    *[
        (name, f"a{bad}b@example.org")
        for name in ("name", "email", "phone", "background", "message")
        for bad in ("\0", "\x07", "\x1b", "\u202e")
    ],
    ("name", "🎉"),
    ("name", "Asha\nVerma"),
    ("email", "🎉@example.org"),
    ("email", "عائشة@example.org"),
    ("email", "asha@example.org\nBcc: all@example.org"),
    ("email", "asha@example.org\r\nBcc: all@example.org"),
    ("email", "asha"),
    ("email", "asha@"),
    ("email", "asha@example.org, other@example.org"),
    ("email", "Asha <asha@example.org>"),
    ("phone", "call me"),
    ("phone", "12"),
    ("phone", "☎️☎️☎️☎️☎️"),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_bad_input_is_refused_kindly_and_nothing_is_lost(
    client: FlaskClient, field: str, value: str
) -> None:
    batch = make.batch()
    before = contents()
    given = {**GOOD, field: value}
    if field == "consent":
        del given["consent"]
    answer = send(client, batch.code, **given)
    assert answer.status_code == 422
    assert contents() == before
    assert "There is a problem" in answer.text
    kept = typed_values(answer.text)
    for name in ("name", "email", "phone", "background", "message"):
        assert normal(kept[name]) == normal(given[name]), name


def normal(text: str) -> str:
    """As an HTML parser reads it: line ends are one character, NUL cannot be shown."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").replace("\ufffd", "")


def test_all_fields_empty(client: FlaskClient) -> None:
    batch = make.batch()
    answer = client.post(
        f"/batches/{batch.code}/register",
        data=hidden_fields(client.get(f"/batches/{batch.code}/register").text),
    )
    assert answer.status_code == 422
    for words in ("Enter your name", "Enter your e-mail address", "Tick the box"):
        assert answer.text.count(words) == 2  # in the summary and at the field


@pytest.mark.parametrize("name", ["عائشة الخوري", "דוד כהן", "李小龙", "Zoë 🎉 Müller", "O'Brien"])
def test_names_of_all_scripts_are_welcome(client: FlaskClient, name: str) -> None:
    assert send(client, make.batch().code, **{**GOOD, "name": name}).status_code == 303
    assert db.session.scalars(sa.select(Registration.name)).one() == name


def test_an_address_is_one_address_in_whatever_letters(client: FlaskClient) -> None:
    batch = make.batch()
    send(client, batch.code, **GOOD)
    send(client, batch.code, **{**GOOD, "email": "  Asha@Example.ORG "})
    assert list(make.states(batch)) == ["asha@example.org"]


def test_without_the_form_token_nothing_happens_and_nothing_is_lost(client: FlaskClient) -> None:
    batch = make.batch()
    before = contents()
    answer = client.post(f"/batches/{batch.code}/register", data=GOOD)
    assert 400 <= answer.status_code < 500
    assert contents() == before
    assert typed_values(answer.text)["message"] == GOOD["message"]
    again = client.post(f"/batches/{batch.code}/register", data=GOOD | hidden_fields(answer.text))
    assert again.status_code == 303


def test_an_unknown_batch_is_not_found(client: FlaskClient) -> None:
    for path in ("/batches/nowhere/register", "/batches/nowhere", "/batches/nowhere/registered"):
        assert client.get(path).status_code == 404
    assert client.post("/batches/nowhere/register", data=GOOD).status_code == 404


@pytest.mark.parametrize("hours", [(1, 48), (-48, -1)])
def test_a_batch_that_takes_nobody_keeps_what_was_typed(
    client: FlaskClient, now: datetime, hours: tuple[int, int]
) -> None:
    """The window moved while the person was typing."""
    batch = make.batch(
        opens_at=now + timedelta(hours=hours[0]), closes_at=now + timedelta(hours=hours[1])
    )
    open_one = make.batch()
    token = hidden_fields(client.get(f"/batches/{open_one.code}/register").text)
    before = contents()
    answer = client.post(f"/batches/{batch.code}/register", data=GOOD | token)
    assert answer.status_code == 409
    assert contents() == before
    assert typed_values(answer.text)["name"] == GOOD["name"]


def test_what_is_not_in_the_form_is_ignored(client: FlaskClient) -> None:
    batch = make.batch()
    send(
        client,
        batch.code,
        **GOOD,
        state="confirmed",
        seat_number="2",
        batch_id="99",
        address_confirmed_at="2026-01-01",
        token="mine",
    )
    mine = db.session.scalars(sa.select(Registration)).one()
    assert (mine.state, mine.seat_number, mine.batch_id) == ("pending", 1, batch.id)
    assert mine.token != "mine"


def test_a_body_too_large_is_a_clear_page(client: FlaskClient) -> None:
    batch = make.batch()
    answer = client.post(f"/batches/{batch.code}/register", data={"name": "x" * 2_000_000})
    assert answer.status_code == 413
