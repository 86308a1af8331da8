"""The seats alone: never older than two seconds, the same for everybody, and nothing around them."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.db import atomically, db
from tests import make
from tests.console.acting import statements, text

pytestmark = pytest.mark.either_database


def test_the_seats_follow_what_happens(client: FlaskClient, now: datetime) -> None:
    batch = make.batch(2, code="b", now=now)
    path = "/batches/b/seats"
    for words in ("2 of 2 seats left", "1 of 2 seats left", "All 2 seats are taken"):
        page = client.get(path).text
        assert words in text(page)
        assert "waitlist" not in page
        make.registration(batch, confirmed=True, now=now)
    page = client.get(path).text
    assert "1 person is on the waitlist." in text(page)
    assert "<svg" in page
    for around in ("<html", "<header", "<form", "<a "):
        assert around not in page
    picture = page[page.index("<div") : page.index("</div>")]
    assert picture in client.get("/batches/b").text


def test_a_cache_may_keep_it_for_two_seconds_and_for_everybody(client: FlaskClient) -> None:
    make.batch(code="b")
    answer = client.get("/batches/b/seats")
    assert answer.headers["Cache-Control"] == "public, max-age=2"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Language"
    assert statements(client, "/batches/b/seats") <= 6


def test_who_has_closed_says_so_and_drafts_are_unknown(client: FlaskClient) -> None:
    batch = make.batch(code="b")

    def becomes(state: BatchState) -> None:
        one = sa.update(Batch).where(Batch.id == batch.id).values(state=state)
        atomically(lambda: db.session.execute(one))

    becomes(BatchState.CALLED_OFF)
    assert text(client.get("/batches/b/seats").text).strip() == "Does not take place"
    becomes(BatchState.DRAFT)
    assert client.get("/batches/b/seats").status_code == 404
    assert client.get("/batches/nobody/seats").status_code == 404
