"""Today: each line is there when it needs a hand, and gone when it does not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.accounts.duties import Duty
from enroll.comments import appeals, questions, reporting
from enroll.comments.states import Verb
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.mail.states import LetterState
from tests import make
from tests.accounts.people import colleague, sign_in
from tests.comments import acting
from tests.console.acting import text

pytestmark = pytest.mark.either_database

PAGE = "/staff/today"
QUIET = "Nothing needs you just now"


@pytest.fixture
def staff(app: Flask, client: FlaskClient) -> FlaskClient:
    colleague(*Duty)
    sign_in(client)
    return client


def words(client: FlaskClient) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return " ".join(text(answer.text).split())


def test_a_quiet_day_says_so(staff: FlaskClient) -> None:
    assert QUIET in words(staff)
    make.registration(make.batch(capacity=2), confirmed=True)
    assert QUIET in words(staff)


def test_a_batch_below_its_minimum_near_its_day(staff: FlaskClient, now: datetime) -> None:
    soon = now.date() + timedelta(days=5)
    make.batch(code="few", title="Too few", minimum=3, decide_on=soon)
    make.batch(code="later", title="Not yet", minimum=3, decide_on=now.date() + timedelta(days=20))
    full = make.batch(code="enough", title="Enough", capacity=3, minimum=1, decide_on=soon)
    make.registration(full, confirmed=True)
    page = staff.get(PAGE).text
    assert "Too few" in page
    assert "/staff/batches/few/steer" in page
    assert "0 of at least 3" in text(page)
    assert "Not yet" not in page
    assert "Enough" not in page


def test_applications_and_seats_whose_time_ends(staff: FlaskClient, now: datetime) -> None:
    chosen = make.batch(needs_approval=True, title="By choice")
    make.registration(chosen, confirmed=True)
    make.registration(chosen)  # its address is not confirmed: nobody can decide
    make.registration(make.batch(capacity=2, title="Held"))
    page = words(staff)
    assert "1 application for By choice" in page
    assert "1 person in Held" in page


def test_letters_that_did_not_arrive(staff: FlaskClient, now: datetime) -> None:
    one = make.registration(make.batch(capacity=2))

    def fail() -> None:
        db.session.execute(
            sa.update(Letter).values(state=LetterState.FAILED, last_error="550 no such mailbox")
        )

    atomically(fail)
    page = staff.get(PAGE).text
    assert f"/staff/registrations/{one.id}" in page
    assert "550 no such mailbox" in text(page)


def test_what_people_say(staff: FlaskClient, now: datetime) -> None:
    acting.confirmed("Waits too long.", now=now - timedelta(hours=30))
    acting.published("Is it hard?", email="b@example.org", now=now)
    atomically(questions.ask, post=acting.post("In private?"), now=now)
    down = acting.confirmed("Turned down.", email="c@example.org", now=now)
    acting.decide(Verb.REJECT, down, now=now)
    atomically(appeals.appeal, comment_id=down.id, text="Look again.", now=now)
    told = acting.published("Something.", email="d@example.org", now=now)
    atomically(
        reporting.report,
        comment_id=told.id,
        reason=reporting.Complaint.OTHER,
        words="",
        network=None,
        now=now,
    )
    page = words(staff)
    for line in (
        "1 comment waits",
        "the first for 30 hours",
        "1 question under our pages has no answer",
        "1 private question has no answer",
        "1 appeal",
        "1 comment was reported",
    ):
        assert line in page


def test_everybody_sees_only_what_they_may_solve(
    app: Flask, client: FlaskClient, now: datetime
) -> None:
    acting.confirmed("Waits too long.", now=now - timedelta(hours=30))
    chosen = make.batch(needs_approval=True, title="By choice")
    make.registration(chosen, confirmed=True)
    colleague(Duty.PLAN)
    sign_in(client)
    assert "By choice" in words(client)
    assert "comment waits" not in words(client)
    other = app.test_client()
    colleague(Duty.MODERATE, email="m@example.org")
    sign_in(other, email="m@example.org")
    assert "By choice" not in words(other)
    assert "comment waits" in words(other)
