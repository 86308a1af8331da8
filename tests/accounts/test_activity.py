"""The activity log: one row for every action, in its transaction; nobody changes it."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError

from enroll.accounts.activity import Actor, act_as, actions, find_activity
from enroll.accounts.duties import Duty
from enroll.accounts.models import Activity, Staff
from enroll.db import WRITING, atomically, db
from enroll.mail.models import Letter
from tests import make
from tests.accounts.people import colleague, csrf_token, sign_in


def _rows() -> list[Activity]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Activity).order_by(Activity.id)))


def _nothing() -> None:
    """A verb that writes nothing of its own."""


def _actor(staff_id: int, now: datetime, action: str = "trial.press", object: str = "x") -> Actor:
    return Actor(staff_id=staff_id, action=action, object=object, at=now)


def test_an_action_and_its_row_are_one_transaction(app: Flask, now: datetime) -> None:
    staff_id = colleague(Duty.PLAN)

    def rename(fails: bool) -> None:
        db.session.get_one(Staff, staff_id).name = "Another"
        db.session.flush()
        if fails:
            raise ZeroDivisionError

    act_as(_actor(staff_id, now))
    with pytest.raises(ZeroDivisionError):
        atomically(rename, fails=True)
    assert _rows() == []
    atomically(rename, fails=False)
    atomically(_nothing)  # a second transaction of the same press
    (row,) = _rows()
    assert (row.staff_id, row.action, row.at) == (staff_id, "trial.press", now)


@pytest.mark.parametrize("statement", ["UPDATE activity SET action = 'x'", "DELETE FROM activity"])
def test_no_row_is_ever_changed_or_deleted(app: Flask, now: datetime, statement: str) -> None:
    act_as(_actor(colleague(Duty.PLAN), now))
    atomically(_nothing)
    with (
        db.engine.connect().execution_options(**WRITING) as connection,
        pytest.raises(DBAPIError, match="the activity log is never changed"),
        connection.begin(),
    ):
        connection.execute(sa.text(statement))
    assert len(_rows()) == 1


def test_every_button_of_a_staff_page_is_logged_without_a_value(
    app: Flask, client: FlaskClient
) -> None:
    me = colleague(Duty.PLAN, Duty.ADMINISTER)
    batch = make.batch(code="ml-1")
    one = make.registration(batch, confirmed=True)
    sign_in(client)
    token = csrf_token(client, "/staff/batches/ml-1/steer")
    client.post("/staff/batches/ml-1/resize", data={"capacity": "7", "csrf_token": token})
    path = f"/staff/registrations/{one.id}/cancel"
    token = csrf_token(client, path)
    client.post(path, data={"reason": "Asha moved to Pune.", "csrf_token": token},
                environ_base={"REMOTE_ADDR": "127.0.0.9"})
    signed_in, resized, cancelled = _rows()
    assert {row.staff_id for row in (signed_in, resized, cancelled)} == {me}
    assert (signed_in.action, signed_in.object) == ("security.login", "login")
    assert (resized.action, resized.object) == ("steering.resize", "batches/ml-1/resize")
    assert (resized.fields, resized.network) == ("capacity", "127.0.0.0/24")
    assert (cancelled.action, cancelled.fields) == ("person.cancel_now", "reason")
    assert cancelled.object == f"registrations/{one.id}/cancel"
    assert cancelled.session_id is not None
    kept = "".join(f"{row.object}{row.fields}{row.network}" for row in _rows())
    assert "Pune" not in kept
    assert one.email not in kept


def test_what_was_refused_was_not_done(client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    make.batch(code="ml-1")
    sign_in(client)
    token = csrf_token(client, "/staff/batches/ml-1/steer")
    client.post("/staff/batches/ml-1/resize", data={"capacity": "no number", "csrf_token": token})
    client.post("/staff/batches/nowhere/resize", data={"capacity": "7", "csrf_token": token})
    client.post("/staff/colleagues/1/dismiss", data={"csrf_token": token})
    assert [row.action for row in _rows()] == ["security.login"]


def test_a_wrong_password_is_nobodys_action(client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    sign_in(client, password="wrong")
    assert _rows() == []


def test_a_link_in_an_address_is_not_kept(app: Flask, client: FlaskClient) -> None:
    me = colleague(Duty.PLAN)
    token = csrf_token(client, "/staff/password")
    client.post("/staff/password", data={"email": "meera@example.org", "csrf_token": token})
    secret = db.session.scalars(sa.select(Letter)).one().context["token"]
    path = f"/staff/password/{secret}"
    client.post(path, data={"password": "a sentence that nobody guesses",
                            "csrf_token": csrf_token(client, path)})
    (row,) = _rows()
    assert (row.staff_id, row.object, row.fields) == (me, "password/<token>", "password")


# ---------------------------------------------------------------- reading


def _story(now: datetime) -> tuple[int, int]:
    me, other = colleague(Duty.ADMINISTER), colleague(Duty.PLAN, email="farida@example.org")
    told = [(me, "a.one", "batches/ml-1/resize"), (other, "a.two", "batches/ml-10/resize"),
            (me, "a.two", "batches/ml-1"), (other, "a.one", "registrations/4/cancel")] * 20
    for staff_id, action, object in told:
        act_as(_actor(staff_id, now, action, object))
        atomically(_nothing)
    return me, other


def test_searches_by_who_what_and_everything_below_an_address(app: Flask, now: datetime) -> None:
    me, other = _story(now)
    db.session.rollback()

    def found(**wanted: object) -> int:
        return len(find_activity(limit=1000, **wanted))  # type: ignore[arg-type]

    assert found() == 80
    assert found(staff_id=me) == found(action="a.one") == 40
    assert found(object="batches/ml-1") == 40
    assert found(object="batches") == 60
    assert found(object="batches/ml") == 0
    assert found(staff_id=other, action="a.two", object="batches/ml-10/resize") == 20
    assert found(since=now) == 80
    assert found(until=now) == 0
    assert actions() == ["a.one", "a.two"]


def test_the_page_goes_on_by_id_and_keeps_the_search(
    app: Flask, client: FlaskClient, now: datetime
) -> None:
    me, _other = _story(now)
    sign_in(client)
    first = client.get("/staff/log?object=batches")
    assert first.text.count('scope="row"') == 50
    assert "object=batches" in first.text.split("before=")[1][:40]
    before = first.text.split("before=")[1].split("&")[0].split('"')[0]
    second = client.get(f"/staff/log?object=batches&before={before}")
    assert second.text.count('scope="row"') == 10
    assert "Nothing is found" in client.get("/staff/log?action=no").text
    for odd in ("before=x", f"before={10**30}", "since=9999-99-99", "until=9999-12-31", "who=x"):
        assert client.get(f"/staff/log?{odd}").status_code in (200, 422), odd
    assert client.get(f"/staff/log?who={me}").status_code == 200


def test_the_export_is_whole_neutral_and_logged(
    app: Flask, client: FlaskClient, now: datetime
) -> None:
    me, _other = _story(now)
    act_as(_actor(me, now, "=HYPERLINK(1)", "@SUM(1)"))
    atomically(_nothing)
    sign_in(client)
    token = csrf_token(client, "/staff/log")
    answer = client.post("/staff/log/export", data={"csrf_token": token})
    assert answer.mimetype == "text/csv"
    table = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert len(table) - 1 >= 82
    assert any(row[2:4] == ["'=HYPERLINK(1)", "'@SUM(1)"] for row in table)
    assert _rows()[-1].action == "log.export"
    assert client.post("/staff/log/export").status_code == 400
