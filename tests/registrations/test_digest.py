"""The morning's digest: once, only to who wants it, only what they can solve, nobody named in it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.accounts.digests import Digest, choose, chosen
from enroll.accounts.duties import Duty
from enroll.accounts.models import Staff
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.registrations.digest import write_digests
from enroll.worker import keep_house
from tests import make
from tests.accounts.people import colleague, sign_in
from tests.comments.acting import confirmed
from tests.reading import hidden_fields

MONDAY = datetime(2027, 3, 1, 1, 30, tzinfo=UTC)  # 07:00 in Kolkata
PLANNER, MODERATOR = "planner@example.org", "moderator@example.org"


def reader(*duties: Duty, email: str) -> int:
    staff_id = colleague(*duties, email=email)
    atomically(choose, staff_id=staff_id, digest=Digest.WEEKDAYS, now=MONDAY)
    return staff_id


def write(at: datetime = MONDAY) -> int:
    return atomically(write_digests, now=at)


def digests() -> list[Letter]:
    db.session.rollback()
    rows = db.session.scalars(
        sa.select(Letter).where(Letter.kind == "staff_digest").order_by(Letter.id)
    )
    return list(rows)


@pytest.fixture
def application(app: Flask) -> None:
    """Something to do for who plans."""
    batch = make.batch(needs_approval=True, title="By choice", now=MONDAY)
    make.registration(batch, "asha@example.org", confirmed=True, now=MONDAY)


def test_once_a_morning_and_colleague(application: None) -> None:
    reader(Duty.PLAN, email=PLANNER)
    colleague(Duty.PLAN, email="wants-none@example.org")
    assert [write(MONDAY + timedelta(minutes=5 * n)) for n in range(4)] == [1, 0, 0, 0]
    (letter,) = digests()
    assert letter.recipient == PLANNER
    assert letter.context["lines"] == [{"what": "applications", "number": 1}]
    assert write(MONDAY + timedelta(days=1)) == 1
    assert len({one.dedupe_key for one in digests()}) == 2


def test_workers_side_by_side_write_it_once(app: Flask, application: None) -> None:
    for number in range(3):
        reader(Duty.PLAN, email=f"p{number}@example.org")

    def work() -> None:
        with app.app_context():
            atomically(write_digests, now=MONDAY)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(digests()) == 3


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(MONDAY - timedelta(minutes=1), id="before seven"),
        pytest.param(MONDAY + timedelta(hours=5), id="noon"),
        pytest.param(MONDAY - timedelta(days=1), id="Sunday"),
        pytest.param(MONDAY - timedelta(days=2), id="Saturday"),
    ],
)
def test_only_on_the_mornings_of_weekdays(application: None, at: datetime) -> None:
    reader(Duty.PLAN, email=PLANNER)
    assert write(at) == 0
    assert digests() == []


def test_the_morning_is_that_of_the_setting(app: Flask, application: None) -> None:
    app.config["TIMEZONE"] = "America/New_York"
    reader(Duty.PLAN, email=PLANNER)
    assert write(MONDAY) == 0  # Sunday evening there
    assert write(datetime(2027, 3, 1, 12, 0, tzinfo=UTC)) == 1
    assert write(datetime(2027, 3, 16, 11, 0, tzinfo=UTC)) == 1  # after the clocks changed


def test_nothing_to_do_is_no_letter_and_stays_so_this_morning(app: Flask) -> None:
    reader(Duty.PLAN, email=PLANNER)
    assert write() == 0
    batch = make.batch(needs_approval=True, now=MONDAY)
    make.registration(batch, confirmed=True, now=MONDAY)
    assert write(MONDAY + timedelta(hours=1)) == 0
    assert digests() == []
    assert write(MONDAY + timedelta(days=1)) == 1


def test_everybody_reads_only_what_they_may_solve(application: None) -> None:
    confirmed("Waits too long.", now=MONDAY - timedelta(hours=30))
    reader(Duty.PLAN, email=PLANNER)
    reader(Duty.MODERATE, email=MODERATOR)
    reader(Duty.ADMINISTER, email="admin@example.org")
    assert write() == 2
    told = {one.recipient: [line["what"] for line in one.context["lines"]] for one in digests()}
    assert told == {PLANNER: ["applications"], MODERATOR: ["late"]}


def test_nobody_is_named(application: None) -> None:
    reader(Duty.PLAN, email=PLANNER)
    write()
    (letter,) = digests()
    for word in ("Asha", "Verma", "asha@example.org", "By choice"):
        assert word not in str(letter.context)


def test_who_left_is_not_written_to(application: None) -> None:
    staff_id = reader(Duty.PLAN, email=PLANNER)
    atomically(lambda: setattr(db.session.get_one(Staff, staff_id), "active", False))
    assert write() == 0


def test_one_click_ends_it_and_the_account_says_so(
    app: Flask, client: FlaskClient, application: None
) -> None:
    reader(Duty.PLAN, email=PLANNER)
    write()
    (letter,) = digests()
    assert letter.subscription
    assert "You work with us" in client.get(f"/unsubscribe/{letter.subscription}").text
    one_click = {"List-Unsubscribe": "One-Click"}
    stranger = app.test_client()
    assert stranger.post(f"/unsubscribe/{letter.subscription}", data=one_click).status_code == 200
    assert digests()[0].state.value == "suppressed"
    assert chosen(PLANNER) is Digest.NONE
    assert write(MONDAY + timedelta(days=1)) == 0


@pytest.mark.either_database
def test_the_choice_on_my_account(app: Flask, client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    sign_in(client)
    page = client.get("/staff/account").text
    assert 'value="none" checked' in page
    token = hidden_fields(page)["csrf_token"]

    def press(digest: str) -> tuple[int, str]:
        data = {"csrf_token": token, "digest": digest}
        answer = client.post("/staff/account/digest", data=data)
        return answer.status_code, client.get("/staff/account").text

    status, page = press("weekdays")
    assert status == 303
    assert "on weekdays at 07:00 (Asia/Kolkata)" in page
    assert 'value="weekdays" checked' in page
    db.session.rollback()
    assert chosen("meera@example.org") is Digest.WEEKDAYS
    assert press("hourly")[0] == 422
    assert press("")[0] == 422
    assert 'value="none" checked' in press("none")[1]
    db.session.rollback()
    assert chosen("meera@example.org") is Digest.NONE
    assert press("weekdays")[0] == 303  # and back again
    db.session.rollback()
    assert chosen("meera@example.org") is Digest.WEEKDAYS


def test_the_worker_writes_it(
    app: Flask, application: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader(Duty.PLAN, email=PLANNER)
    monkeypatch.setattr("enroll.clock.now", lambda: MONDAY)
    keep_house()
    keep_house()
    assert len(digests()) == 1
