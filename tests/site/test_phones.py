"""Whose country a telephone number without + is of, and how it is shown again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from enroll.db import db
from enroll.phones import example, likely_regions, normal_phone, region_of_zone, spaced_phone
from enroll.registrations.models import Registration
from tests import make
from tests.console.acting import text
from tests.reading import hidden_fields, typed_values

pytestmark = pytest.mark.either_database

LANGUAGES = st.lists(st.sampled_from(["en-US", "en-GB", "hi-IN", "de", "de-DE", "zh-Hant-TW", "x-y"]))


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Asia/Kolkata", "IN"),
        ("Asia/Calcutta", "IN"),
        ("Europe/Berlin", "DE"),
        ("America/New_York", "US"),
        ("Mars/Olympus", ""),
    ],
)
def test_a_zone_belongs_to_a_country(zone: str, country: str) -> None:
    assert region_of_zone(zone) == country


@pytest.mark.parametrize(
    ("zone", "languages", "first"),
    [
        ("Europe/Berlin", [], "DE"),
        ("Europe/Berlin", ["en-GB", "en"], "DE"),  # English as it is installed
        ("Europe/Berlin", ["hi-IN", "en-US"], "IN"),
        ("Europe/Berlin", ["zh-Hant-TW"], "TW"),
        ("UTC", ["en-US"], "IN"),  # the setting
        ("UTC", ["*", "en-001", "en-ZZ"], "IN"),
    ],
)
def test_the_likeliest_country_comes_first(
    app: Flask, zone: str, languages: list[str], first: str
) -> None:
    assert likely_regions(zone=zone, languages=languages)[0] == first


@pytest.mark.parametrize(
    ("typed", "regions", "kept"),
    [
        ("98765 43210", ("IN",), "+919876543210"),
        ("07400 123456", ("GB", "IN"), "+447400123456"),
        ("98765 43210", ("GB", "IN"), "+919876543210"),  # there is no such number in Britain
        ("+44 7400 123456", ("IN",), "+447400123456"),
        ("0044 7400 123456", ("IN",), "+447400123456"),
        ("९८७६५ ४३२१०", ("IN",), "+919876543210"),
        ("12345", ("IN",), "12345"),
        ("", ("IN",), ""),
        ("98765 43210", (), "+919876543210"),
    ],
)
def test_a_number_is_read_in_the_first_country_that_has_it(
    app: Flask, typed: str, regions: tuple[str, ...], kept: str
) -> None:
    assert normal_phone(typed, regions) == kept


def test_a_number_is_shown_with_spaces_and_reads_back(app: Flask) -> None:
    assert spaced_phone("+919876543210") == "+91 98765 43210"
    assert normal_phone("+91 98765 43210", ("DE",)) == "+919876543210"
    assert spaced_phone("12345") == "12345"


@pytest.fixture(scope="module")
def settings_only() -> Flask:
    app = Flask("settings")
    app.config["PHONE_REGION"] = "IN"
    return app


@given(st.sampled_from(["Asia/Kolkata", "Europe/Berlin", "UTC", "Asia/Tokyo"]), LANGUAGES)
def test_every_example_is_a_number_that_we_read(
    settings_only: Flask, zone: str, languages: list[str]
) -> None:
    with settings_only.app_context():
        regions = likely_regions(zone=zone, languages=languages)
        assert "IN" in regions
        shown = example(regions)
        for number in shown:
            assert normal_phone(number, regions).startswith("+"), number
        assert shown.abroad.startswith("+")


def test_the_form_says_how_and_keeps_the_readers_country(client: FlaskClient) -> None:
    batch = make.batch(code="b", zone="Europe/Berlin")
    words = "For example 01512 3456789, or +44 7400 123456 from abroad."
    assert words in text(client.get("/batches/b/register").text)
    indian = {"Accept-Language": "hi-IN, en-US;q=0.8"}
    page = client.get("/batches/b/register", headers=indian).text
    assert "For example 081234 56789, or +44 7400 123456 from abroad." in text(page)
    fields = {"name": "Asha", "phone": "98765 43210", "consent": "y"} | hidden_fields(page)
    for email, headers in (("a@example.org", indian), ("b@example.org", {})):
        sent = client.post(f"/batches/{batch.code}/register", data=fields | {"email": email},
                           headers=headers)
        assert sent.status_code == 303
    db.session.rollback()
    by_address = dict(db.session.execute(sa.select(Registration.email, Registration.phone)).all())
    assert by_address == {"a@example.org": "+919876543210", "b@example.org": "+499876543210"}


def test_ones_own_page_shows_the_number_as_people_read_it(client: FlaskClient) -> None:
    mine = make.registration(make.batch())
    first = hidden_fields(client.get(f"/registrations/{mine.token}").text)
    client.post(f"/registrations/{mine.token}/details",
                data=first | {"name": "Asha", "phone": "098765 43210"})
    page = client.get(f"/registrations/{mine.token}").text
    assert typed_values(page)["phone"] == "+91 98765 43210"
    same = typed_values(page) | hidden_fields(page)
    client.post(f"/registrations/{mine.token}/details", data=same)
    assert make.read(mine.id).phone == "+919876543210"
