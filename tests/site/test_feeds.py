"""Calendars, feed and site map, read by parsers that are not ours."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient
from icalendar import Calendar

from enroll import clock
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.db import atomically
from tests import make

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def sessions(now: datetime) -> tuple[tuple[datetime, datetime, str], ...]:
    """Two meetings at 18:30 in Berlin, on either side of the change to summer time in 2027."""
    del now
    return tuple(
        (
            datetime(2027, 3, day, hour, 30, tzinfo=UTC),
            datetime(2027, 3, day, hour + 2, tzinfo=UTC),
            "T",
        )
        for day, hour in ((23, 17), (30, 16))
    )


def test_a_batchs_calendar_has_every_session_in_its_zone(
    client: FlaskClient, now: datetime
) -> None:
    batch = make.batch(sessions=sessions(now), zone="Europe/Berlin", place="Room 1, ground floor")
    answer = client.get(f"/batches/{batch.code}.ics")
    assert answer.mimetype == "text/calendar"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT12H" in answer.text
    assert all(len(line.encode()) <= 75 for line in answer.text.split("\r\n"))
    calendar = Calendar.from_ical(answer.text)
    events = calendar.walk("VEVENT")
    assert [event.start.strftime("%H:%M") for event in events] == ["18:30", "18:30"]
    assert [event.start.astimezone(UTC).hour for event in events] == [17, 16]
    assert {str(event["LOCATION"]) for event in events} == {"Room 1, ground floor"}
    assert len({str(event["UID"]) for event in events}) == 2
    assert calendar.walk("VTIMEZONE")
    again = Calendar.from_ical(client.get(f"/batches/{batch.code}.ics").text)
    assert [e["UID"] for e in again.walk("VEVENT")] == [e["UID"] for e in events]


def test_all_starts_in_one_calendar(client: FlaskClient, now: datetime) -> None:
    for _ in range(3):
        make.batch(sessions=sessions(now))
    calendar = Calendar.from_ical(client.get("/batches.ics").text)
    assert len(calendar.walk("VEVENT")) == 3


def test_my_calendar_is_mine_alone_and_empty_without_a_seat(
    client: FlaskClient, now: datetime
) -> None:
    batch = make.batch(capacity=1, sessions=sessions(now))
    seated, waiting = make.registration(batch), make.registration(batch)
    for one, count in ((seated, 2), (waiting, 0)):
        answer = client.get(f"/registrations/{one.token}.ics")
        assert answer.headers["Cache-Control"] == "no-store"
        assert len(Calendar.from_ical(answer.text).walk("VEVENT")) == count
        assert one.token not in answer.text
    assert client.get("/registrations/nobody.ics").status_code == 404


def test_the_feed_tells_of_open_batches(client: FlaskClient, now: datetime) -> None:
    batch = make.batch(title="Less < more & <b>bold</b>")
    make.batch(opens_at=now + timedelta(days=1))
    feed = ET.fromstring(client.get("/batches.atom").text)  # noqa: S314 - our own answer
    assert [entry.find(f"{ATOM}title").text for entry in feed.iter(f"{ATOM}entry")] == [batch.title]
    assert feed.find(f"{ATOM}updated").text


def test_a_skill_says_who_teaches_it_and_how_deeply(client: FlaskClient) -> None:
    atomically(load_catalog, folder=SHIPPED, now=clock.now())
    page = client.get("/skills/model-evaluation").text
    for words in ("Cross-validation", "Judging models", "First contact", "Taught in depth"):
        assert words in page
    assert client.get("/skills/juggling").status_code == 404
