"""Registering together, applying, prerequisites, a full waitlist: the form and its answers."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from enroll.registrations.states import State
from tests import make
from tests.reading import hidden_fields

# The rules behind these pages are tested on both databases, with the verbs.
pytestmark = pytest.mark.either_database

ME = {"name": "Asha Verma", "email": "asha@example.org", "consent": "y"}


def send(client: FlaskClient, batch: make.Batch, **fields: str):
    page = f"/batches/{batch.code}/register"
    return client.post(page, data={**hidden_fields(client.get(page).text), **ME, **fields})


def bare(page: str) -> str:
    """A page without what differs from one request to the next."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page).replace("bilal@", "asha@")


def test_five_people_register_together_or_not_at_all(client: FlaskClient) -> None:
    batch, small = make.batch(3), make.batch(2)
    others = {"name2": "Bilal", "email2": "bilal@example.org"}
    others |= {"name3": "Chiara", "email3": "chiara@example.org"}
    assert send(client, batch, **others).status_code == 303
    assert set(make.states(batch).values()) == {State.PENDING}
    assert len(make.states(batch)) == 3
    assert send(client, small, **others).status_code == 303
    assert set(make.states(small).values()) == {State.WAITLISTED}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name2": "Bilal"}, "Enter this person’s e-mail address."),
        ({"email2": "bilal@example.org"}, "Enter this person’s name."),
        ({"name2": "Bilal", "email2": "asha@example.org"}, "an e-mail address of their own"),
        ({"name2": "Bilal", "email2": "bilal"}, "name@example.com"),
    ],
)
def test_half_a_person_is_asked_for_and_nothing_is_lost(
    client: FlaskClient, fields: dict[str, str], sentence: str
) -> None:
    batch = make.batch(3)
    answer = send(client, batch, message="By bus.", **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    for typed in ("Asha Verma", "By bus.", *fields.values()):
        assert typed in answer.text
    assert make.states(batch) == {}


def test_that_a_member_is_here_already_is_never_answered(client: FlaskClient) -> None:
    batch = make.batch(5)
    make.registration(batch, "bilal@example.org", confirmed=True)
    known = send(client, batch, name2="Bilal", email2="bilal@example.org")
    unknown = send(client, make.batch(5), name2="Chiara", email2="chiara@example.org")
    assert known.status_code == unknown.status_code == 303
    assert make.states(batch) == {
        "bilal@example.org": State.CONFIRMED,
        "asha@example.org": State.PENDING,
    }


def test_a_batch_by_application_takes_applications(client: FlaskClient) -> None:
    batch = make.batch(
        1,
        needs_approval=True,
        criteria="You **write** programs.",
        answer_on=make.clock.now().date(),
    )
    page = client.get(f"/batches/{batch.code}").text
    assert "Apply" in page
    assert "<strong>write</strong>" in page
    form = client.get(f"/batches/{batch.code}/register").text
    assert "You have the answer by" in form
    assert send(client, batch).status_code == 303
    assert make.states(batch) == {"asha@example.org": State.APPLIED}
    assert "our answer reaches you" in client.get(f"/batches/{batch.code}/registered").text


def test_prerequisites_are_ticked_where_the_batch_asks(client: FlaskClient) -> None:
    strict, lenient = make.batch(1, asks_prerequisites=True), make.batch(1)
    refused = send(client, strict)
    assert refused.status_code == 422
    assert "Tick the box if you meet the prerequisites." in refused.text
    assert send(client, strict, prerequisites="y").status_code == 303
    assert send(client, lenient).status_code == 303


def test_a_full_waitlist_refuses_everybody_in_the_same_words(client: FlaskClient) -> None:
    batch = make.batch(1, waitlist_limit=0)
    form = hidden_fields(client.get(f"/batches/{batch.code}/register").text)
    make.registration(batch, "bilal@example.org", confirmed=True)
    pages = []
    for email in ("asha@example.org", "bilal@example.org"):
        answer = client.post(f"/batches/{batch.code}/register", data={**form, **ME, "email": email})
        assert answer.status_code == 409
        pages.append(bare(answer.text))
    assert pages[0] == pages[1]
    assert "the waitlist is full" in pages[0]
    assert "Asha Verma" in pages[0]
    assert "The waitlist is full" in client.get(f"/batches/{batch.code}").text
    assert client.get("/api/v1/batches").json["batches"][0]["registration"] == "closed"
