"""The student's own page: other batches, questions, corrections, my data; all twice harmless."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from enroll import clock
from enroll.db import atomically
from enroll.registrations import answering, asking, deciding
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.contents import contents
from tests.reading import hidden_fields
from tests.registrations.acting import in_batch, press, state, with_sessions

# The rules behind these pages are tested on both databases, with the verbs.
pytestmark = pytest.mark.either_database

ASHA = "asha@example.org"


def push(client: FlaskClient, one: Registration, button: str, **fields: object):
    """Press a button of the person's page, with the token that stands in it."""
    page = f"/registrations/{one.token}"
    hidden = hidden_fields(client.get(page).text)
    return client.post(f"{page}/{button}", data={**hidden, **fields})


def test_the_page_says_beforehand_what_moving_will_do(client: FlaskClient) -> None:
    here, free, full = make.batch(1), make.batch(3), make.batch(1)
    choosy = make.batch(1, needs_approval=True)
    make.registration(full, confirmed=True)
    mine = make.registration(here, ASHA)
    page = client.get(f"/registrations/{mine.token}").text
    assert "3 seats are free: you are enrolled there at once." in page
    assert "All seats are taken, 0 people wait" in page
    assert "stays yours until a seat there is offered" in page
    assert "The institute decides who is admitted there" in page
    assert "The press also confirms your e-mail address." in page
    for batch in (free, full, choosy):
        assert f"Move to {batch.code}" in page
    assert f"Move to {here.code}" not in page


def test_moving_twice_is_moving_once(client: FlaskClient) -> None:
    here, there = make.batch(1), make.batch(1)
    mine = make.registration(here, ASHA, confirmed=True)
    first = push(client, mine, "transfer", to=there.code)
    moved = in_batch(there, ASHA)
    assert (first.status_code, first.location) == (303, f"/registrations/{moved.token}")
    assert "in the other batch" in client.get(first.location).text
    before = contents()
    assert push(client, mine, "transfer", to=there.code).location == first.location
    assert contents() == before


@pytest.mark.parametrize("to", ["", "nowhere", "draft"])
def test_moving_nowhere_is_a_sentence(client: FlaskClient, to: str) -> None:
    mine = make.registration(make.batch(1), ASHA, confirmed=True)
    answer = push(client, mine, "transfer", to=to)
    assert answer.status_code == 409
    assert "choose one of the batches below" in answer.text


def test_a_clash_is_named_after_confirming_only(client: FlaskClient) -> None:
    common = with_sessions()
    monday = make.batch(1, title="Monday batch", **common)
    other = make.batch(1, refuses_overlap=True, **common)
    make.registration(monday, ASHA, confirmed=True)
    form = hidden_fields(client.get(f"/batches/{other.code}/register").text)
    sent = client.post(
        f"/batches/{other.code}/register",
        data={**form, "name": "Asha", "email": ASHA, "consent": "y"},
    )
    assert sent.status_code == 303
    assert "Monday batch" not in client.get(sent.location).text
    answer = push(client, in_batch(other, ASHA), "confirm")
    assert answer.status_code == 409
    assert "You are enrolled in Monday batch" in answer.text


def test_a_wish_is_shown_and_the_first_seat_offered(client: FlaskClient) -> None:
    here, there = make.batch(1), make.batch(1, title="The other one")
    make.registration(here, confirmed=True)
    holder = make.registration(there, confirmed=True)
    mine = make.registration(here, ASHA, confirmed=True)
    assert push(client, mine, "wish", also=there.code).status_code == 303
    assert "you wait there already" in client.get(f"/registrations/{mine.token}").text
    press(answering.withdraw, holder, now=make.clock.now())
    assert state(in_batch(there, ASHA)) is State.OFFERED
    assert push(client, mine, "wish").status_code == 409


def test_a_rejection_can_be_questioned_once(client: FlaskClient) -> None:
    batch = make.batch(1, needs_approval=True)
    mine = make.registration(batch, ASHA, confirmed=True)
    page = client.get(f"/registrations/{mine.token}").text
    assert "decides" in page
    assert "waitlist" not in page.lower()
    atomically(
        deciding.reject,
        batch_id=batch.id,
        registration_ids=[mine.id],
        reason="The group is full of beginners.",
        by="staff 1",
        now=make.clock.now(),
    )
    assert "full of beginners" in client.get(f"/registrations/{mine.token}").text
    empty = push(client, mine, "question", words=" ")
    assert empty.status_code == 422
    assert push(client, mine, "question", words="I know Python.").status_code == 303
    assert make.read(mine.id).question == "I know Python."
    assert "Ask us to look again" not in client.get(f"/registrations/{mine.token}").text


def test_a_name_is_corrected_and_nothing_typed_is_lost(client: FlaskClient) -> None:
    mine = make.registration(make.batch(1), ASHA, confirmed=True)
    wrong = push(client, mine, "details", name="Asha Rao", phone="no number")
    assert wrong.status_code == 422
    assert 'value="Asha Rao"' in wrong.text
    assert "Enter a telephone number" in wrong.text
    right = push(client, mine, "details", name="Asha Rao", phone="98765 43210")
    assert right.status_code == 303
    assert (make.read(mine.id).name, make.read(mine.id).phone) == ("Asha Rao", "+919876543210")


def test_my_data_is_all_of_it(client: FlaskClient) -> None:
    mine = make.registration(make.batch(1), ASHA, confirmed=True)
    make.registration(make.batch(1), ASHA)
    answer = client.get(f"/registrations/{mine.token}/data.json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    kept = json.loads(answer.text)
    assert kept["email"] == ASHA
    assert [one["state"] for one in kept["registrations"]] == ["confirmed", "pending"]
    first = kept["registrations"][0]
    assert [event["to"] for event in first["history"]] == ["pending", "confirmed"]
    assert len(first["letters"]) == 2
    assert mine.token not in answer.text


def test_my_data_tells_of_moves_groups_and_reminders(client: FlaskClient) -> None:
    batch, there, later = make.batch(2), make.batch(2), make.batch(2, needs_approval=True)
    mine = make.registration(batch, ASHA, confirmed=True)
    push(client, mine, "transfer", to=there.code)
    atomically(
        asking.ask_for_opening, batch_id=later.id, email=ASHA, language="en", now=clock.now()
    )
    kept = json.loads(client.get(f"/registrations/{mine.token}/data.json").text)
    assert [one["instead_of"] for one in kept["registrations"]] == [None, batch.code]
    assert [one["batch"] for one in kept["reminders_of_an_opening"]] == [later.code]
    assert kept["registrations"][0].keys() >= {"group_id", "wish_id", "network", "queue_number"}


def test_erasing_asks_twice_and_kills_the_link(client: FlaskClient) -> None:
    mine = make.registration(make.batch(1), ASHA, confirmed=True)
    page = f"/registrations/{mine.token}/erase"
    hidden = hidden_fields(client.get(page).text)
    assert client.post(page, data=hidden).status_code == 422
    assert state(mine) is State.CONFIRMED
    answer = client.post(page, data={**hidden, "sure": "y"})
    assert answer.status_code == 303
    assert answer.location.startswith("/erased/")
    assert "1 registration and 2 e-mails" in client.get(answer.location).text
    assert client.get(f"/registrations/{mine.token}").status_code == 404
    assert client.post(page, data={**hidden, "sure": "y"}).status_code == 404


def test_the_link_of_one_does_nothing_on_another(client: FlaskClient) -> None:
    batch, there = make.batch(2), make.batch(2)
    mine = make.registration(batch, ASHA, confirmed=True)
    other = make.registration(batch, "bilal@example.org", confirmed=True)
    push(client, mine, "transfer", to=there.code)
    push(client, mine, "withdraw")
    assert state(other) is State.CONFIRMED
    assert in_batch(there, "bilal@example.org") is None


def test_an_ended_registration_is_not_brought_back_by_its_link(client: FlaskClient) -> None:
    batch, there = make.batch(1), make.batch(1)
    mine = make.registration(batch, ASHA)
    press(answering.withdraw, mine, now=make.clock.now())
    for button, fields in (
        ("confirm", {}),
        ("accept", {}),
        ("pass", {}),
        ("transfer", {"to": there.code}),
        ("wish", {"also": there.code}),
        ("question", {"words": "Why?"}),
    ):
        assert push(client, mine, button, **fields).status_code == 409, button
    assert state(mine) is State.WITHDRAWN
    assert make.states(there) == {}


@pytest.mark.parametrize("known", [True, False])
def test_a_lost_link_is_answered_the_same_for_everybody(client: FlaskClient, known: bool) -> None:
    if known:
        make.registration(make.batch(1), ASHA)
    hidden = hidden_fields(client.get("/registrations").text)
    answer = client.post("/registrations", data={**hidden, "email": "Asha@Example.org"})
    assert (answer.status_code, answer.location) == (303, "/registrations/sent")
    assert "on its way" in client.get(answer.location).text
    wrong = client.post("/registrations", data={**hidden, "email": "asha at example"})
    assert wrong.status_code == 422
    assert "asha at example" in wrong.text


def test_a_batch_that_is_not_open_offers_to_remind(client: FlaskClient) -> None:
    now = make.clock.now()
    batch = make.batch(1, opens_at=now + timedelta(days=2))
    page = client.get(f"/batches/{batch.code}").text
    assert "Remind me" in page
    hidden = hidden_fields(page)
    answer = client.post(f"/batches/{batch.code}/remind", data={**hidden, "email": ASHA})
    assert (answer.status_code, answer.location) == (303, f"/batches/{batch.code}/noted")
    wrong = client.post(f"/batches/{batch.code}/remind", data={**hidden, "email": "asha"})
    assert wrong.status_code == 422
    assert 'value="asha"' in wrong.text
