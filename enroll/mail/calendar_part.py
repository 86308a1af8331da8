"""Dates for a person's calendar, as a part of a mail (RFC 5545, 5546 and 6047).

PUBLISH and not REQUEST: nobody is invited, so no program asks for an answer or writes one to us.
The part is an attachment beside the text and not an alternative to it: programs that show a
calendar part as the mail itself (Outlook does) would hide the letter. Apple's programs and Outlook
open it with "add to calendar"; Gmail shows it as a file. CANCEL has the same UIDs and a higher
SEQUENCE, which is what a program needs to take its entries out again; those that take no
cancellation of what they only imported (Google Calendar) leave that to the person, so the letter
says it in words too.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from icalendar import Calendar, Event

FILE_NAME = "sessions.ics"


class _Sequenced(TypedDict, total=False):
    sequence: int


class CalendarEvent(_Sequenced):
    """One dated meeting; the moments are ISO 8601 texts in UTC, the UID is the same for ever.

    Without a `sequence` of its own it has that of all.
    """

    uid: str
    starts_at: str
    ends_at: str
    summary: str
    location: str
    url: str


class _Dates(TypedDict):
    method: Literal["PUBLISH", "CANCEL"]
    sequence: int
    name: str
    zone: str
    events: list[CalendarEvent]


class CalendarDates(_Dates, total=False):
    """What a letter's context holds under `calendar`. Without `organizer` it is the institute."""

    organizer: str


def calendar_part(
    dates: CalendarDates, *, organizer: str, organizer_name: str, written_at: datetime
) -> bytes:
    """These dates as one iCalendar object in UTF-8, lines folded at 75 octets and ended by CRLF.

    Both methods want an ORGANIZER and no ATTENDEE (RFC 5546, 3.2.1 and 3.2.5), and SEQUENCE once
    it is not zero. RFC 5546 would have one CANCEL for each UID; a letter with twenty attachments
    helps nobody, so all stand in one, which programs read as they do in PUBLISH.
    """
    # Here and not above: every command and every start of a server would wait for it.
    from icalendar import Calendar, vCalAddress, vText

    calendar = Calendar()
    calendar.add("prodid", "-//Enroll//Letters//EN")
    calendar.add("version", "2.0")
    calendar.add("method", dates["method"])
    calendar.add("name", dates["name"])  # RFC 7986
    who = vCalAddress(f"mailto:{dates.get('organizer') or organizer}")
    # A parameter cannot hold a double quote (RFC 5545, 3.1), and few programs know RFC 6868.
    who.params["CN"] = vText(organizer_name.replace('"', ""))
    for one in dates["events"]:
        event = _event(one, ZoneInfo(dates["zone"]))
        event.add("dtstamp", written_at)
        event.add("sequence", one.get("sequence", dates["sequence"]))
        event.add("organizer", who)
        if dates["method"] == "CANCEL":
            event.add("status", "CANCELLED")
        calendar.add_component(event)
    _add_timezone(calendar, dates["events"])
    text: bytes = calendar.to_ical()
    return text


def _add_timezone(calendar: Calendar, events: list[CalendarEvent]) -> None:
    """The rules of the zone for the years of these events: one that is used must be explained."""
    years = [int(one["starts_at"][:4]) for one in events]
    calendar.add_missing_timezones(date(min(years) - 1, 1, 1), date(max(years) + 2, 1, 1))


def _event(one: CalendarEvent, zone: ZoneInfo) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", one["uid"])
    event.add("dtstart", datetime.fromisoformat(one["starts_at"]).astimezone(zone))
    event.add("dtend", datetime.fromisoformat(one["ends_at"]).astimezone(zone))
    event.add("summary", one["summary"])
    optional: dict[str, Any] = {"location": one["location"], "url": one["url"]}
    for name, value in optional.items():
        if value:
            event.add(name, value)
    return event
