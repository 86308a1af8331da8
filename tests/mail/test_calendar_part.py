"""The dates in a letter, read back as a calendar program reads them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from icalendar import Calendar, Event

from enroll import create_app
from enroll.mail.rendering import render
from tests.mail.samples import BATCH, WRITTEN_AT, calendar, row


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application without a database."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'none.sqlite3'}")
    monkeypatch.setenv("ENROLL_INSTANCE", str(tmp_path))
    monkeypatch.setenv("ENROLL_INSTITUTE_NAME", 'The "Best" Institute, Köln')
    app = create_app()
    with app.app_context():
        yield app


def letter_with(dates: dict[str, Any], kind: str = "registration_confirmed") -> EmailMessage:
    context = {"name": "Asha", "token": "t", "why": "", "batch": BATCH, "calendar": dates}
    return message_from_bytes(render(row(kind, context)), policy=policy.default)


def part_of(message: EmailMessage) -> EmailMessage:
    (part,) = message.iter_attachments()
    return part


def bytes_of(message: EmailMessage) -> bytes:
    return part_of(message).get_payload(decode=True)


def events_of(message: EmailMessage) -> list[Event]:
    return list(Calendar.from_ical(bytes_of(message)).walk("VEVENT"))


@pytest.mark.parametrize("method", ["PUBLISH", "CANCEL"])
def test_it_is_an_attachment_whose_two_methods_are_the_same(app: Flask, method: str) -> None:
    message = letter_with(calendar(method))
    assert message.get_content_type() == "multipart/mixed"
    assert [one.get_content_type() for one in message.iter_parts()] == [
        "multipart/alternative",
        "text/calendar",
    ]
    part = part_of(message)
    assert part.get_filename() == "sessions.ics"
    assert part.get_content_disposition() == "attachment"
    assert part.get_param("method") == method
    assert part.get_content_charset() == "utf-8"
    assert str(Calendar.from_ical(bytes_of(message))["METHOD"]) == method
    # The letter itself is still text and HTML.
    assert "Hello Asha" in message.get_body(("plain",)).get_content()
    assert "Hello Asha" in message.get_body(("html",)).get_content()


def test_a_cancellation_has_the_same_uids_and_a_higher_sequence(app: Flask) -> None:
    published = events_of(letter_with(calendar("PUBLISH", 4)))
    cancelled = events_of(letter_with(calendar("CANCEL", 5), "registration_withdrawn"))
    uids = ["session-1@enroll.example", "session-2@enroll.example"]
    assert [one["UID"] for one in published] == [one["UID"] for one in cancelled] == uids
    assert {one["SEQUENCE"] for one in published} == {4}
    assert {one["SEQUENCE"] for one in cancelled} == {5}
    assert {one.get("STATUS") for one in published} == {None}
    assert {str(one["STATUS"]) for one in cancelled} == {"CANCELLED"}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "America/New_York", "UTC"])
def test_times_are_the_same_moments_told_in_the_batchs_zone(app: Flask, zone: str) -> None:
    dates = calendar() | {"zone": zone}
    message = letter_with(dates)
    for event, told in zip(events_of(message), dates["events"], strict=True):
        for name, moment in (("DTSTART", told["starts_at"]), ("DTEND", told["ends_at"])):
            assert event[name].dt == datetime.fromisoformat(moment)
            here = datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))
            assert event[name].dt.replace(tzinfo=None) == here.replace(tzinfo=None)
        assert event["DTSTAMP"].dt == WRITTEN_AT
    used = {zone} - {"UTC"}
    zones = Calendar.from_ical(bytes_of(message)).walk("VTIMEZONE")
    assert {str(one["TZID"]) for one in zones} == used


def test_the_zone_is_explained_for_programs_that_do_not_know_it(app: Flask) -> None:
    """Read by its rules alone: one hour more after the clocks have changed."""
    (zone,) = Calendar.from_ical(bytes_of(letter_with(calendar()))).walk("VTIMEZONE")
    explained = zone.to_tz(lookup_tzid=False)
    for day, hours in ((22, 1), (29, 2)):
        there = datetime(2027, 3, day, 18, tzinfo=explained)
        assert there.utcoffset() == timedelta(hours=hours)


def test_who_sends_it_is_the_organizer_and_nobody_is_invited(app: Flask) -> None:
    (event, _) = events_of(letter_with(calendar()))
    assert str(event["ORGANIZER"]) == f"mailto:{app.config['MAIL_SENDER']}"
    assert event["ORGANIZER"].params["CN"] == "The Best Institute, Köln"
    assert "ATTENDEE" not in event
    (event, _) = events_of(letter_with(calendar() | {"organizer": "dean@enroll.example"}))
    assert str(event["ORGANIZER"]) == "mailto:dean@enroll.example"


def test_its_lines_are_short_and_end_as_the_rfc_wants(app: Flask) -> None:
    """RFC 5545, 3.1: CRLF, and no line longer than 75 octets; none is cut within a letter."""
    raw = bytes_of(letter_with(calendar()))
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert raw.endswith(b"END:VCALENDAR\r\n")
    summary = str(Calendar.from_ical(raw).walk("VEVENT")[0]["SUMMARY"])
    assert summary == calendar()["events"][0]["summary"]


def test_nothing_typed_can_add_a_line(app: Flask) -> None:
    dates = calendar()
    dates["events"][0] |= {
        "summary": "One\r\nATTENDEE:mailto:victim@example.org",
        "location": "Two\nEND:VEVENT",
    }
    first, second = events_of(letter_with(dates))
    assert "ATTENDEE" not in first
    assert second["UID"] == "session-2@enroll.example"


def test_without_sessions_there_is_no_file_and_no_word_of_one(app: Flask) -> None:
    message = letter_with(calendar() | {"events": []})
    assert message.get_content_type() == "multipart/alternative"
    assert "attached" not in message.get_body(("plain",)).get_content()


def test_the_same_letter_has_the_same_dates_each_time(app: Flask) -> None:
    assert bytes_of(letter_with(calendar())) == bytes_of(letter_with(calendar()))
    assert WRITTEN_AT.tzinfo is UTC
