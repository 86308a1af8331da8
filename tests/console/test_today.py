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
from enroll.mail import polling
from enroll.mail.models import Letter, PhoneTask
from enroll.mail.outbox import ERASED, post
from enroll.mail.states import LetterState
from enroll.registrations import answering, arriving
from enroll.registrations.models import Registration
from tests import make
from tests.accounts.people import colleague, sign_in
from tests.comments import acting
from tests.console.acting import said, text, written
from tests.postgres import free_port
from tests.reading import hidden_fields

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


# ---------------------------------------------------------------- letters that came back


def lose(letter: Letter, said: str = "came back: 550 no such mailbox") -> None:
    def fail() -> None:
        db.session.execute(
            sa.update(Letter)
            .where(Letter.id == letter.id)
            .values(state=LetterState.FAILED, last_error=said)
        )

    atomically(fail)


def lost(client: FlaskClient, now: datetime) -> tuple[str, Registration]:
    """Somebody whose letter came back, and where the tick is sent."""
    asha = make.applicant("asha@example.org", name="Asha Verma", phone="+91 98000 00001")
    given = {"batch_id": make.batch(2).id, "applicant": asha, "now": now}
    one = make.read(atomically(arriving.register, **given))
    letter = db.session.scalars(sa.select(Letter)).one()
    lose(letter)
    return f"{PAGE}/letters/{letter.id}/reached", one


def test_who_was_reached_by_telephone_is_ticked_once_and_leaves(
    staff: FlaskClient, now: datetime
) -> None:
    tick, one = lost(staff, now)
    page = staff.get(PAGE).text
    assert 'href="tel:+919800000001"' in page
    assert "came back: 550 no such mailbox" in text(page)
    token = hidden_fields(page)["csrf_token"]
    assert "nobody needs to telephone" in said(staff, staff.post(tick, data={"csrf_token": token}))
    assert "did not arrive" not in words(staff)
    db.session.rollback()
    (task,) = db.session.scalars(sa.select(PhoneTask))
    assert task.told_by.startswith("staff ")
    assert task.told_at >= now
    before = (task.told_by, task.told_at)
    assert "ticked already" in said(staff, staff.post(tick, data={"csrf_token": token}))
    db.session.rollback()
    (task,) = db.session.scalars(sa.select(PhoneTask))
    assert (task.told_by, task.told_at) == before
    person = text(staff.get(f"/staff/registrations/{one.id}").text)
    assert "Reached by telephone by Meera Pillai" in person
    assert "550 no such mailbox" in person  # what happened is still told


def test_only_letters_that_did_not_arrive_are_ticked(staff: FlaskClient, now: datetime) -> None:
    make.registration(make.batch(2))
    letter = db.session.scalars(sa.select(Letter)).one()
    token = {"csrf_token": hidden_fields(staff.get("/staff/account").text)["csrf_token"]}
    assert staff.post(f"{PAGE}/letters/{letter.id}/reached", data=token).status_code == 404
    assert staff.post(f"{PAGE}/letters/{2**40}/reached", data=token).status_code == 404
    assert db.session.scalar(sa.select(sa.func.count(PhoneTask.id))) == 0


def test_letters_of_the_deleted_are_nobodys_task(staff: FlaskClient, now: datetime) -> None:
    lost(staff, now)
    atomically(lambda: db.session.execute(sa.update(Letter).values(recipient=ERASED)))
    assert "did not arrive" not in words(staff)


def test_a_letter_to_a_colleague_leads_to_the_colleague(staff: FlaskClient, now: datetime) -> None:
    def write() -> None:
        post(kind="staff_password_changed", about="staff:1", recipient="x@example.org",
             language="en_GB", context={"name": "X"}, dedupe_key="x", now=now)

    atomically(write)
    lose(db.session.scalars(sa.select(Letter)).one())
    page = staff.get(PAGE).text
    assert 'href="/staff/colleagues/1"' in page
    assert "The password was changed" in text(page)


# ---------------------------------------------------------------- messages


def test_messages_are_there_until_somebody_has_read_them(staff: FlaskClient, now: datetime) -> None:
    batch = make.batch(5)
    first = written("May I bring <b>my</b> dog?", batch, "a@example.org", now)
    second = written("I am in a wheelchair.", batch, "b@example.org", now)
    written("", batch, "c@example.org", now)
    page = staff.get(PAGE).text
    assert page.index("wheelchair") < page.index("dog")  # the newest first
    assert "&lt;b&gt;" in page
    assert f'href="/staff/registrations/{first}"' in page
    token = {"csrf_token": hidden_fields(page)["csrf_token"]}
    tick = f"{PAGE}/messages/{second}/read"
    assert "Ticked: read" in said(staff, staff.post(tick, data=token))
    assert "wheelchair" not in words(staff)
    assert "dog" in words(staff)
    one = make.read(second)
    assert one.message_read_by.startswith("staff ")
    assert one.message_read_at >= now
    before = one.message_read_at
    assert "ticked already" in said(staff, staff.post(tick, data=token))
    assert make.read(second).message_read_at == before
    assert one.message == "I am in a wheelchair."


def test_messages_of_those_who_left_need_nobody(staff: FlaskClient, now: datetime) -> None:
    one = make.read(written("Please wait for me.", make.batch(5), "a@example.org", now))
    given = {"batch_id": one.batch_id, "registration_id": one.id, "now": now}
    assert "wait for me" in words(staff)
    atomically(answering.withdraw, **given)
    assert "wait for me" not in words(staff)


def test_nothing_is_ticked_where_nothing_was_written(staff: FlaskClient, now: datetime) -> None:
    one = make.registration(make.batch(5))
    token = {"csrf_token": hidden_fields(staff.get("/staff/account").text)["csrf_token"]}
    for number in (one.id, 2**31, 4711):
        assert staff.post(f"{PAGE}/messages/{number}/read", data=token).status_code == 404


# ---------------------------------------------------------------- the mailbox of bounces


def test_a_mailbox_of_bounces_that_cannot_be_read(
    app: Flask, client: FlaskClient, now: datetime
) -> None:
    app.config |= {"MAIL_BOUNCES": "b@example.org", "BOUNCE_IMAP_HOST": "127.0.0.1",
                   "BOUNCE_IMAP_PORT": free_port(), "MAIL_TIMEOUT": 2}
    colleague(Duty.ADMINISTER)
    sign_in(client)
    assert QUIET in words(client)
    polling.poll_bounces()
    page = words(client)
    assert "The mailbox of letters that came back cannot be read" in page
    assert "flask --app wsgi doctor" in page
    planner = app.test_client()
    colleague(Duty.PLAN, email="p@example.org")
    sign_in(planner, email="p@example.org")
    assert QUIET in words(planner)  # they cannot solve it
