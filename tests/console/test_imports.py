"""Bringing a list: the pages from the file to the result."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.db import db
from enroll.registrations.import_rows import RosterImport
from enroll.worker import bring_some
from tests import make
from tests.accounts.people import colleague, csrf_token, sign_in
from tests.reading import hidden_fields

pytestmark = pytest.mark.either_database
PATH = "/staff/batches/mle-02/import"
PEOPLE = b"name,email\nAsha,asha@example.org\n=Bilal,bilal\nChen,chen@example.org\n"


@pytest.fixture
def batch(app: object) -> Batch:
    return make.batch(capacity=1, code="mle-02")


@pytest.fixture
def staff(client: FlaskClient, batch: Batch) -> FlaskClient:
    colleague(Duty.PLAN)
    sign_in(client)
    return client


def _upload(staff: FlaskClient, data: bytes = PEOPLE, **fields: str) -> TestResponse:
    form = hidden_fields(staff.get(PATH).text) | fields
    return staff.post(PATH, data=form | {"file": (io.BytesIO(data), "people.csv")})


def test_from_the_file_to_the_result(staff: FlaskClient, batch: Batch) -> None:
    answer = _upload(staff)
    page = staff.get(answer.location).text
    assert "Enrolled" in page
    assert "No address that mail can reach" in page
    assert "place 1" in page
    assert make.states(batch) == {}  # nobody is registered yet
    token = {"csrf_token": csrf_token(staff, answer.location)}
    assert staff.post(f"{answer.location}/start", data=token).status_code == 422  # on whose word?
    said = token | {"word": "On paper, on Monday.", "is_told": "y"}
    for _ in range(2):
        assert staff.post(f"{answer.location}/start", data=said).status_code == 303
    assert "It goes on when you close this window" in staff.get(answer.location).text
    while bring_some():
        pass
    page = staff.get(answer.location).text
    assert "Imported: 3 of 3 rows" in page
    assert "On paper, on Monday." in page
    assert len(make.states(batch)) == 2
    left = staff.post(f"{answer.location}/left.csv", data=token).get_data(as_text=True)
    assert "'=Bilal,bilal" in left
    assert "No address" in left


def test_a_file_that_is_no_table_says_what_is_wrong(staff: FlaskClient) -> None:
    for data, words in (
        (b"", "nobody in this file"), (b"a,b\n1,2\n", "It says: a, b"), (b"\0\1", "save it as CSV"),
        (b"x" * 5_050_000, "Divide the file"),
    ):
        answer = _upload(staff, data)
        assert answer.status_code == 422
        assert words in answer.text
    token = hidden_fields(staff.get(PATH).text)
    answer = staff.post(PATH, data=token)
    assert answer.status_code == 422
    assert "Choose a file" in answer.text
    assert _upload(staff, b"x" * 6_000_000).status_code == 413
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(RosterImport)) == 0


def test_a_list_is_found_in_its_own_batch_only(staff: FlaskClient) -> None:
    make.batch(code="other")
    location = _upload(staff).location
    foreign = location.replace("mle-02", "other")
    token = {"csrf_token": csrf_token(staff, location), "word": "w"}
    assert staff.get(foreign).status_code == 404
    for button in ("start", "stop", "left.csv"):
        assert staff.post(f"{foreign}/{button}", data=token).status_code == 404
    assert staff.post(f"{location}/stop", data=token).status_code == 303
    assert staff.post(f"{location}/stop", data=token).status_code == 303
