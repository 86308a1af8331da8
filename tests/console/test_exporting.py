"""A roster taken along: what is filtered, neutral cells, real dates; and the log.

Ten thousand rows: see `test_large_roster.py`.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from openpyxl import load_workbook

from enroll.accounts.duties import Duty
from enroll.accounts.models import Activity
from enroll.batches.models import Batch
from enroll.console.sheets import neutral
from enroll.db import atomically, db
from enroll.registrations.models import Registration
from tests import make
from tests.accounts.people import colleague, csrf_token, sign_in

EVIL = {
    "=HYPERLINK(1)": "'=HYPERLINK(1)", "+1": "'+1", "-1": "'-1", "@SUM(1)": "'@SUM(1)",
    "\tx": "'\tx", "\rx": "'\rx", "\x00x": "'\x00x", "＝1": "'＝1", "fine": "fine", "": "",
}


@pytest.mark.parametrize(("cell", "shown"), EVIL.items())
def test_no_cell_is_a_formula(cell: str, shown: str) -> None:
    assert neutral(cell) == shown
    assert neutral(7) == 7


@pytest.fixture
def staff(client: FlaskClient) -> FlaskClient:
    colleague(Duty.PLAN)
    sign_in(client)
    return client


def _batch() -> Batch:
    batch = make.batch(capacity=2, code="mle-02", zone="Asia/Kolkata")
    for number in range(3):
        make.registration(batch, f"person{number}@example.org", confirmed=True)

    def be_evil() -> None:
        one = db.session.scalars(sa.select(Registration).order_by(Registration.id)).first()
        one.name, one.phone, one.message = "=1+1", "+919876543210", "Two\nlines, “quoted”"

    atomically(be_evil)
    return batch


def _export(staff: FlaskClient, kind: str, query: str = "") -> bytes:
    token = {"csrf_token": csrf_token(staff, "/staff/batches/mle-02/roster")}
    answer = staff.post(f"/staff/batches/mle-02/roster/export.{kind}{query}", data=token)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=mle-02-")
    return answer.data


@pytest.mark.either_database
def test_a_csv_of_what_is_looked_at(staff: FlaskClient) -> None:
    _batch()
    text = _export(staff, "csv").decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text))
    assert head[:3] == ["Name", "E-mail", "Telephone"]
    assert [row[1] for row in rows] == [f"person{number}@example.org" for number in range(3)]
    assert rows[0][0] == "'=1+1"
    assert rows[0][2] == "'+919876543210"
    assert rows[0][8] == "Two\nlines, “quoted”"
    waiting = _export(staff, "csv", "?state=waitlisted").decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(waiting)))) == 2
    db.session.rollback()
    logged = db.session.execute(sa.select(Activity.action, Activity.object)).all()
    assert [tuple(row) for row in logged[1:]] == [
        ("exporting.export", "batches/mle-02/roster/export.csv")] * 2


@pytest.mark.either_database
def test_a_workbook_with_texts_and_real_dates(staff: FlaskClient) -> None:
    batch = _batch()
    sheet = load_workbook(io.BytesIO(_export(staff, "xlsx"))).active
    rows = list(sheet.iter_rows())
    assert len(rows) == 4
    name, _email, phone, _state, seat, registered, *_rest = rows[1]
    assert (name.value, name.data_type) == ("=1+1", "s")  # a text, not a formula
    assert (phone.value, phone.data_type) == ("+919876543210", "s")
    assert (seat.value, seat.data_type) == (1, "n")
    assert isinstance(registered.value, datetime)
    one = db.session.scalars(sa.select(Registration).order_by(Registration.id)).first()
    there = one.created_at.astimezone(batch.tz).replace(tzinfo=None)
    assert abs((registered.value - there).total_seconds()) < 1


@pytest.mark.either_database
def test_only_by_the_button(staff: FlaskClient) -> None:
    _batch()
    assert staff.get("/staff/batches/mle-02/roster/export.csv").status_code == 405
    assert staff.post("/staff/batches/mle-02/roster/export.csv").status_code == 400
    token = {"csrf_token": csrf_token(staff, "/staff/batches/mle-02/roster")}
    assert staff.post("/staff/batches/none/roster/export.csv", data=token).status_code == 404
    assert staff.post("/staff/batches/mle-02/roster/export.exe", data=token).status_code == 404
