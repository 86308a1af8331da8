"""The line on my registration: what is done, where somebody stands, what lies ahead."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from enroll import clock
from enroll.db import atomically
from enroll.registrations import answering, deciding, personal
from enroll.registrations.models import Registration
from enroll.site.progress import steps
from tests import make

pytestmark = [pytest.mark.either_database, pytest.mark.usefixtures("app")]

TO_COME = ["begins ahead", "ends ahead"]


def line(mine: Registration, *, later: timedelta = timedelta()) -> list[str]:
    now = clock.now() + later
    found = steps(personal.by_token(mine.token), personal.history(mine), now)
    return [f"{step.stage} {step.standing}" for step in found]


def test_a_seat_that_is_kept_then_taken() -> None:
    mine = make.registration(make.batch())
    assert line(mine) == ["registered done", "address here", "seat ahead", *TO_COME]
    press(answering.confirm, mine, seen=mine.state)
    assert line(mine) == ["registered done", "address done", "seat done", *TO_COME]


def test_on_the_waitlist() -> None:
    full = make.batch(capacity=1)
    make.registration(full, confirmed=True)
    unproven, proven = make.registration(full), make.registration(full, confirmed=True)
    assert line(unproven) == ["registered done", "address here", "seat ahead", *TO_COME]
    assert line(proven) == ["registered done", "address done", "seat here", *TO_COME]


def test_an_application_and_its_answer() -> None:
    chosen = make.batch(needs_approval=True)
    unproven, proven = make.registration(chosen), make.registration(chosen, confirmed=True)
    awaited = ["registered done", "address here", "decision ahead", "seat ahead", *TO_COME]
    assert line(unproven) == awaited
    assert line(proven) == [
        "registered done", "address done", "decision here", "seat ahead", *TO_COME,
    ]  # fmt: skip
    atomically(
        deciding.reject,
        batch_id=chosen.id,
        registration_ids=[proven.id],
        reason="We look for two years at work.",
        by="staff 1",
        now=clock.now(),
    )
    assert line(proven) == ["registered done", "address done", "decision ended"]


def test_who_has_left_sees_where_the_line_ended() -> None:
    mine = make.registration(make.batch(), confirmed=True)
    press(answering.withdraw, mine)
    assert line(mine) == ["registered done", "address done", "seat ended"]


def test_days_that_have_passed_are_done() -> None:
    mine = make.registration(make.batch(), confirmed=True)
    assert line(mine, later=timedelta(days=45))[-2:] == ["begins done", "ends ahead"]
    assert line(mine, later=timedelta(days=400))[-2:] == ["begins done", "ends done"]


def test_the_page_draws_it_with_words(client: FlaskClient) -> None:
    mine = make.registration(make.batch())
    page = client.get(f"/registrations/{mine.token}").text
    drawn = re.findall(r'<li class="(\w+)"[^>]*>\s*<strong>(.*?)</strong>', page)
    assert drawn[:3] == [
        ("done", "Registered"),
        ("here", "Confirm your e-mail"),
        ("ahead", "Enrolled"),
    ]
    assert page.count('aria-current="step"') == 1


def press(verb, mine: Registration, **more) -> None:
    atomically(verb, batch_id=mine.batch_id, registration_id=mine.id, now=clock.now(), **more)
