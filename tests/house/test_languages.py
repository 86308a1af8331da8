"""A language in the address stays in every address of the page; without one the browser decides."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email import policy
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll import create_app
from enroll.config import BadSettings
from enroll.db import db
from enroll.mail.models import Letter
from enroll.mail.rendering import render
from enroll.registrations.models import Registration
from tests import make
from tests.house.test_imports import ROOT
from tests.reading import hidden_fields

pytestmark = pytest.mark.either_database

HEBREW = {"Accept-Language": "he,en;q=0.5"}
ANYWHERE = re.compile(r'\b(?:href|action|src|data-seats)="(/(?!static/|design)[^"]*)"')


@pytest.fixture
def two(app: Flask, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[FlaskClient]:
    """A visitor of a site that speaks English and Hebrew."""
    db.session.rollback()
    monkeypatch.setenv("ENROLL_LANGUAGES", "en_GB,he")
    other = create_app()
    yield other.test_client()
    with other.app_context():
        db.engine.dispose()


def language(page: str) -> tuple[str, str]:
    return re.search(r'<html lang="([\w-]+)" dir="(\w+)">', page).groups()


def test_the_address_decides_else_the_browser(two: FlaskClient) -> None:
    for path, browser, expected in (
        ("/privacy", "", ("en-GB", "ltr")),
        ("/privacy", "he,en;q=0.5", ("he", "rtl")),
        ("/privacy", "fr", ("en-GB", "ltr")),
        ("/he/privacy", "", ("he", "rtl")),
        ("/he/privacy", "en-GB", ("he", "rtl")),
        ("/en-gb/privacy", "he", ("en-GB", "ltr")),
    ):
        answer = two.get(path, headers={"Accept-Language": browser})
        assert language(answer.text) == expected, (path, browser)
        negotiated = path == "/privacy"
        assert ("Accept-Language" in answer.headers.get("Vary", "")) is negotiated


def test_a_page_keeps_its_language_in_every_address(two: FlaskClient) -> None:
    batch = make.batch(capacity=1)
    make.registration(batch, confirmed=True)
    mine = make.registration(batch, confirmed=True)
    make.guide()
    paths = ["/", "/courses", "/courses/course", "/batches", "/roles/ml-engineer", "/curriculum"]
    paths += [f"/batches/{batch.code}", f"/batches/{batch.code}/register", "/search?q=course"]
    paths += [f"/registrations/{mine.token}", f"/registrations/{mine.token}/erase", "/nowhere"]
    paths += ["/registrations", "/comments/write?page=/courses/course", "/staff/login"]
    for path in paths:
        found = ANYWHERE.findall(two.get(f"/he{path}").text)
        assert len(found) > 5, path
        astray = [one for one in found if not one.startswith(("/he/", "/en-gb/"))]
        assert not astray, (path, astray)
        assert not [one for one in found if one.startswith("/he/he/")], path


def test_a_form_leads_on_in_its_language(two: FlaskClient) -> None:
    batch = make.batch()
    page = two.get(f"/he/batches/{batch.code}/register").text
    fields = {"name": "Noa", "email": "noa@example.com", "consent": "y"}
    answer = two.post(
        f"/he/batches/{batch.code}/register", data=hidden_fields(page) | fields
    )
    assert (answer.status_code, answer.location) == (303, f"/he/batches/{batch.code}/registered")
    mine = db.session.scalars(sa.select(Registration)).one()
    letter = db.session.scalars(sa.select(Letter)).one()
    assert letter.language == "he"
    with two.application.app_context():
        told = email.message_from_bytes(render(letter), policy=policy.SMTP)
    assert f"/he/registrations/{mine.token}" in told.get_body("plain").get_content()


def test_each_language_is_told_to_search_engines_and_to_people(two: FlaskClient) -> None:
    page = two.get("/he/privacy").text
    assert re.findall(r'hreflang="([\w-]+)" href="http://127.0.0.1:8000([^"]*)"', page) == [
        ("en-gb", "/en-gb/privacy"),
        ("he", "/he/privacy"),
        ("x-default", "/privacy"),
    ]
    assert '<link rel="canonical" href="http://127.0.0.1:8000/he/privacy">' in page
    assert 'href="/en-gb/privacy" lang="en-gb"' in page
    assert ">English<" in page
    assert ">עברית<" in page


def test_with_one_language_nothing_is_said_of_languages(client: FlaskClient) -> None:
    page = client.get("/privacy", headers=HEBREW)
    assert language(page.text) == ("en-GB", "ltr")
    assert "hreflang" not in page.text
    assert "Accept-Language" not in page.headers.get("Vary", "")
    assert client.get("/he/privacy").status_code == 404


def test_a_language_that_is_none_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ENROLL_INSTANCE", str(tmp_path))
    monkeypatch.setenv("ENROLL_LANGUAGES", "en_GB,xx_YY")
    with pytest.raises(BadSettings, match="xx_YY"):
        create_app()


def test_no_template_writes_an_address_without_its_language() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        if "letters" not in path.parts:
            found = re.findall(r'\b(?:href|action|src)="/(?!static)[^"]*"', path.read_text())
            assert not found, (path, found)
