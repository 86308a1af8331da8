"""Making staff accounts."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_security import verify_password

from enroll import create_app
from enroll.accounts.duties import Duty
from enroll.accounts.models import DutyRow, Staff
from enroll.accounts.staffing import AlreadyStaff, NotAnAddress, WeakPassword, add_staff, renew_hash
from enroll.db import atomically, db
from tests.accounts.people import PASSWORD, colleague, csrf_token, sign_in
from tests.accounts.proving import switch_on_authenticator

pytestmark = pytest.mark.usefixtures("app")


def _add(now: datetime, **changes: object) -> Staff:
    given = {"email": "lena@example.org", "name": " Lena Hartwig ", "password": PASSWORD,
             "duties": [Duty.PLAN, Duty.MODERATE], "now": now} | changes
    return atomically(add_staff, **given)


def test_adds_a_colleague_with_duties_and_a_hashed_password(now: datetime) -> None:
    staff = _add(now, email=" Lena@Example.ORG ")
    assert (staff.email, staff.name, staff.created_at) == ("lena@example.org", "Lena Hartwig", now)
    assert staff.has_duty(Duty.PLAN)
    assert staff.has_duty(Duty.ADMINISTER, Duty.MODERATE)
    assert not staff.has_duty(Duty.ADMINISTER)
    assert staff.password.startswith("$argon2id$")
    assert verify_password(PASSWORD, staff.password)


def test_a_password_is_slow_to_guess(app: Flask) -> None:
    """The tests hash with less work (see conftest), the program with what RFC 9106 advises or more."""
    hashed = create_app().extensions["security"].pwd_context.hash(PASSWORD)
    kind, _version, work = hashed.split("$")[1:4]
    assert kind == "argon2id"
    asked = dict(one.split("=") for one in work.split(","))
    assert int(asked["m"]) >= 64 * 1024  # KiB
    assert int(asked["t"]) >= 3


def test_two_colleagues_share_the_row_of_a_duty(now: datetime) -> None:
    _add(now)
    _add(now, email="sofia@example.org")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(DutyRow)) == 2


@pytest.mark.parametrize("spelling", ["lena@example.org", "LENA@example.org", " lena@EXAMPLE.org"])
def test_refuses_an_address_that_has_an_account(now: datetime, spelling: str) -> None:
    _add(now)
    with pytest.raises(AlreadyStaff):
        _add(now, email=spelling)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Staff)) == 1


@pytest.mark.parametrize("text", ["", "lena", "lena@", "a b@example.org", "lena@example.org\0"])
def test_refuses_what_is_no_address(now: datetime, text: str) -> None:
    with pytest.raises(NotAnAddress):
        _add(now, email=text)


@pytest.mark.parametrize(
    "password",
    ["", "short", "eleven char", "aaaaaaaaaaaaaaaa", "abababababababab", "x" * 5000,
     "lena@example.org", "LENA@example.org"],
)
def test_refuses_a_weak_password(now: datetime, password: str) -> None:
    with pytest.raises(WeakPassword) as refusal:
        _add(now, password=password)
    assert refusal.value.facts["why"]
    assert password[:5] not in str(refusal.value) or not password
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Staff)) == 0


def test_a_new_hash_never_overwrites_a_new_password(app: Flask) -> None:
    staff_id = colleague()
    atomically(renew_hash, staff_id=staff_id, old="not the hash", new="$argon2id$other")
    assert verify_password(PASSWORD, db.session.get_one(Staff, staff_id).password)


def test_whoever_runs_the_server_can_let_somebody_in(app: Flask) -> None:
    colleague(Duty.ADMINISTER)
    browser, runner = app.test_client(), app.test_cli_runner()
    sign_in(browser)
    switch_on_authenticator(browser)
    told = runner.invoke(args=["staff-link", "Meera@example.org"])
    assert told.exit_code == 0
    path = told.output.splitlines()[0].removeprefix(app.config["BASE_URL"])
    assert browser.get("/staff/account").status_code == 302
    new = "a sentence that nobody guesses"
    browser.post(path, data={"password": new, "csrf_token": csrf_token(browser, path)})
    assert sign_in(browser, password=new).location == "/staff/"
    assert runner.invoke(args=["staff-link", "nobody@example.org"]).exit_code == 1
