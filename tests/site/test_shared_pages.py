"""The product's public pages on the shelf, as people meet them: in several processes, with real forms."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from enroll import create_app
from enroll.accounts.duties import Duty
from enroll.db import db
from tests import make
from tests.accounts.people import colleague, sign_in
from tests.comments import acting
from tests.reading import hidden_fields
from tests.serving import Site

PAGE = "/batches/kept"
KEPT = {"ENROLL_PAGES_KEPT": "1"}


@pytest.fixture
def kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The same database behind an application that keeps its pages, with one batch to look at."""
    make.batch(capacity=3, code="kept")
    db.session.remove()
    monkeypatch.setenv("ENROLL_PAGES_KEPT", "1")
    other = create_app()
    other.test_client_class = app.test_client_class
    yield other
    with other.app_context():
        db.engine.dispose()


def test_a_seat_taken_is_shown_within_two_seconds(
    app: Flask, database_url: str, instance: Path
) -> None:
    batch = make.batch(capacity=7, code="kept")
    db.session.remove()
    with Site(database_url, instance, workers=2, env=KEPT) as site:
        for _ in range(8):  # both processes have it
            assert "7" in seats(site.visitor().get(PAGE).text)
        make.registration(batch, confirmed=True)
        taken = time.monotonic()
        while time.monotonic() < taken + 2:
            site.visitor().get(PAGE)
        for _ in range(8):
            assert "6" in seats(site.visitor().get(PAGE).text)


def seats(page: str) -> str:
    """The sentence about seats."""
    return page.split('class="seats')[1].split("</p>")[0]


@pytest.mark.either_database
def test_the_form_under_a_kept_page_works_for_each_who_got_it(
    app: Flask, database_url: str, instance: Path
) -> None:
    make.batch(capacity=3, code="kept")
    db.session.remove()
    with Site(database_url, instance, workers=1, env=KEPT) as site:
        asha, bilal = site.visitor(), site.visitor()
        forms = [one.open_form(PAGE, "/comments") for one in (asha, bilal)]
        assert forms[0]["csrf_token"] != forms[1]["csrf_token"]
        assert forms[0]["ticket"] != forms[1]["ticket"]
        typed = {"name": "Asha", "email": "asha@example.org", "body": "How long is it?"}
        sent = [one.post("/comments", form | typed) for one, form in ((asha, forms[0]), (bilal, forms[1]))]
        assert [one.status for one in sent] == [303, 303]
        stolen = site.visitor().post("/comments", forms[0] | typed)
        assert stolen.status == 422  # somebody else's token opens nothing


@pytest.mark.either_database
def test_what_a_visitor_typed_or_was_told_is_on_nobody_elses_page(kept: Flask) -> None:
    asha, bilal = kept.test_client(), kept.test_client()
    for one in (asha, bilal):
        one.get(PAGE)
    wrong = hidden_fields(asha.get(PAGE).text) | {
        "name": "Asha Verma", "email": "not an address", "body": "A thought of Asha"
    }
    assert asha.post("/comments", data=wrong).status_code == 422
    for _ in range(2):
        page = bilal.get(PAGE).text
        assert "Asha Verma" not in page
        assert hidden_fields(asha.get(PAGE).text)["csrf_token"] not in page


@pytest.mark.either_database
def test_staff_see_what_is_there_now(kept: Flask, app: Flask) -> None:
    colleague(*Duty)
    db.session.remove()
    stranger, staff = kept.test_client(), kept.test_client()
    assert sign_in(staff).status_code == 302
    stranger.get(PAGE)
    before = stranger.get(PAGE).text
    acting.published("Just approved.", page=PAGE)
    db.session.remove()
    assert "Just approved." in staff.get(PAGE).text
    assert before.count("Just approved.") == 0


@pytest.mark.either_database
def test_a_kept_page_has_every_header_of_another(kept: Flask, client: FlaskClient) -> None:
    """Also the guards: a stranger's machine is turned away while the site is on trial."""
    theirs, ours = dict(client.get(PAGE).headers), dict(kept.test_client().get(PAGE).headers)
    assert theirs.keys() - {"Set-Cookie", "Vary"} <= ours.keys()
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"):
        assert ours[name] == theirs[name]
    stranger = kept.test_client().get(PAGE, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert stranger.status_code == 403
    assert kept.test_client().get(PAGE).status_code == 200
    assert kept.test_client().get(PAGE, base_url="http://evil.example").status_code == 400


@pytest.mark.either_database
def test_each_language_is_kept_by_itself(kept: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENROLL_LANGUAGES", "en_GB,hi")
    monkeypatch.setenv("ENROLL_PAGES_KEPT", "1.5")
    client = create_app().test_client()
    for _ in range(2):
        for path, wanted, lang in (
            ("/courses", "hi;q=0.9,en;q=0.1", "hi"), ("/courses", "en-GB", "en-GB"),
            ("/hi/courses", "en-GB", "hi"), ("/en-gb/courses", "hi", "en-GB"),
        ):
            answer = client.get(path, headers={"Accept-Language": wanted})
            assert f'<html lang="{lang}"' in answer.text, path
            assert answer.headers["ETag"]


@pytest.mark.either_database
def test_one_line_of_the_log_for_each_visitor(kept: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "enroll.access")
    kept.test_client().get(PAGE)
    kept.test_client().head(PAGE)
    lines = [one.getMessage().rsplit(" ", 2)[0] for one in caplog.records if one.name == "enroll.access"]
    assert lines == ["GET /batches/<code> 200", "HEAD /batches/<code> 200"]
