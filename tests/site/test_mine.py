"""My registration: the link shows, the buttons act, twice is kind, nobody else's link works."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from enroll.db import atomically, db
from enroll.registrations import entering
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.contents import contents
from tests.reading import hidden_fields

# The rules behind these pages are tested on both databases, with the verbs.
pytestmark = pytest.mark.either_database


def press(client: FlaskClient, mine: Registration, button: str):
    """Press a button, on the page as it is or as an older tab still shows it."""
    page = client.get(f"/registrations/{mine.token}").text
    token = hidden_fields(page) or older_tab(client, mine)
    return client.post(f"/registrations/{mine.token}/{button}", data=token)


def older_tab(client: FlaskClient, mine: Registration) -> dict[str, str]:
    code = db.session.get_one(make.Batch, mine.batch_id).code
    return hidden_fields(client.get(f"/batches/{code}/register").text)


def test_the_link_leads_to_a_page_with_a_button_and_changes_nothing(client: FlaskClient) -> None:
    mine = make.registration(make.batch())
    before = contents()
    page = client.get(f"/registrations/{mine.token}")
    assert page.status_code == 200
    assert f'action="/registrations/{mine.token}/confirm"' in page.text
    for _ in range(5):
        client.get(f"/registrations/{mine.token}")
        client.head(f"/registrations/{mine.token}")
        assert client.get(f"/registrations/{mine.token}/confirm").status_code == 405
    assert contents() == before


def test_the_button_confirms_and_a_second_press_says_so_kindly(client: FlaskClient) -> None:
    mine = make.registration(make.batch())
    first = press(client, mine, "confirm")
    assert (first.status_code, first.location) == (303, f"/registrations/{mine.token}")
    page = client.get(first.location).text
    assert "You are enrolled" in page
    assert make.read(mine.id).state is State.CONFIRMED
    before = contents()
    second = press(client, mine, "confirm")
    assert second.status_code == 303
    assert "confirmed already" in client.get(second.location).text
    assert contents() == before


def test_a_waiting_person_reads_the_place(client: FlaskClient) -> None:
    batch = make.batch(capacity=1)
    make.registration(batch)
    make.registration(batch)
    mine = make.registration(batch)
    assert "keep place 2" in client.get(f"/registrations/{mine.token}").text
    press(client, mine, "confirm")
    assert "number 2 on the waitlist" in client.get(f"/registrations/{mine.token}").text


@pytest.mark.parametrize(
    ("button", "state", "words"),
    [
        ("accept", State.CONFIRMED, "You are enrolled"),
        ("pass", State.WAITLISTED, "number 1 on the waitlist"),
        ("withdraw", State.WITHDRAWN, "You gave up your seat"),
    ],
)
def test_an_offer_can_be_taken_passed_and_declined(
    client: FlaskClient, button: str, state: State, words: str
) -> None:
    batch = make.batch(capacity=1)
    first = make.registration(batch, confirmed=True)
    mine = make.registration(batch, confirmed=True)
    press(client, first, "withdraw")
    assert "A seat is free for you until" in client.get(f"/registrations/{mine.token}").text
    for _ in range(2):
        answer = press(client, mine, button)
        assert answer.status_code == 303
        assert words in client.get(answer.location).text
    assert make.read(mine.id).state is state


def test_too_late_is_said_with_the_time(client: FlaskClient, now: datetime) -> None:
    mine = make.registration(
        make.batch(closes_at=now + timedelta(days=20)), now=now - timedelta(hours=20)
    )
    atomically(_shorten, registration_id=mine.id, now=now)
    answer = press(client, mine, "confirm")
    assert answer.status_code == 409
    assert "came too late" in answer.text
    assert make.read(mine.id).state is State.PENDING


def _shorten(*, registration_id: int, now: datetime) -> None:
    db.session.get_one(Registration, registration_id).deadline_at = now - timedelta(seconds=1)


def test_a_press_without_the_form_token_changes_nothing(client: FlaskClient) -> None:
    mine = make.registration(make.batch())
    before = contents()
    for button in ("confirm", "withdraw", "accept", "pass"):
        answer = client.post(f"/registrations/{mine.token}/{button}")
        assert answer.status_code == 400
        assert "There is a problem" in answer.text
    assert contents() == before


def test_what_cannot_be_is_refused_with_a_sentence(client: FlaskClient) -> None:
    mine = make.registration(make.batch(), confirmed=True)
    assert press(client, mine, "pass").status_code == 409
    press(client, mine, "withdraw")
    before = contents()
    for button in ("confirm", "accept", "pass"):
        answer = press(client, mine, button)
        assert answer.status_code == 409
        assert "has ended" in answer.text
    assert contents() == before


def test_an_unknown_link_is_not_found(client: FlaskClient) -> None:
    for token in ("nothing", "x" * 200, "%00", "..", "ä"):
        assert client.get(f"/registrations/{token}").status_code == 404
        assert client.post(f"/registrations/{token}/confirm").status_code == 404


def test_personal_pages_are_kept_out_of_caches_referrers_and_search(client: FlaskClient) -> None:
    mine = make.registration(make.batch())
    for path in (f"/registrations/{mine.token}", "/registrations/nothing"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]


def test_the_tokens_have_at_least_128_bits() -> None:
    assert entering.TOKEN_BYTES * 8 >= 128
