"""What a batch page says before anybody registers: terms, device, data, hours beside class."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from enroll.catalog.models import Course
from enroll.db import atomically, db
from tests import make
from tests.console.acting import text

pytestmark = pytest.mark.either_database

TERMS = {"payment": "In two halves.", "refund": "All before class two.", "missed": "Watch it later."}
NEEDS = {"device": "A computer.", "data_needed": "About 1 GB a week.", "hours_beside": 2}


def test_the_page_says_what_is_needed_and_on_which_terms(client: FlaskClient) -> None:
    course = make.course()
    atomically(lambda: db.session.execute(sa.update(Course).values(NEEDS)))
    batch = make.batch(course_id=course, fee_minor=45_050, fee_currency="EUR", **TERMS)
    page = text(client.get(f"/batches/{batch.code}").text)
    for words in (*TERMS.values(), "A computer.", "About 1 GB a week.", "2 hours a week", "€450.50"):
        assert words in page, words
    free = make.batch(fee_currency="EUR")
    assert "Free of charge" in text(client.get(f"/batches/{free.code}").text)


def test_what_nobody_wrote_down_is_left_out(client: FlaskClient) -> None:
    batch = make.batch()
    page = client.get(f"/batches/{batch.code}").text
    assert "You pay nothing now" in page
    for words in ("The fee is", "Missed a session", "A device", "Internet and data", "beside class"):
        assert words not in page
