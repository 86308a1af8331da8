"""Batches as iCalendar (RFC 5545, with the names of RFC 7986): what a calendar program subscribes to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from enroll.batches.models import Batch, BatchSession
from enroll.batches.states import BatchState

# Imported where a calendar is made: every command and every start of a server would wait for it.
if TYPE_CHECKING:
    from icalendar import Event

REFRESH = timedelta(hours=12)


def sessions_calendar(
    batch: Batch, sessions: Iterable[BatchSession], *, address: str, now: datetime
) -> bytes:
    """These sessions of one batch, in the batch's zone; `address` is the batch's page."""
    events = [_event(batch, one, one.topic or batch.title, address, now) for one in sessions]
    return _calendar(batch.title, events)


def starts_calendar(batches: Iterable[Batch], *, name: str, base_url: str, now: datetime) -> bytes:
    """The first session of each batch: when something new begins."""
    events = [
        _event(batch, held[0], batch.title, f"{base_url}/batches/{batch.code}", now)
        for batch in batches
        if (held := [one for one in batch.sessions if one.cancelled_at is None])
    ]
    return _calendar(name, events)


def _event(batch: Batch, session: BatchSession, summary: str, address: str, now: datetime) -> Event:
    """One session. The UID stays the same for ever, so that a later copy replaces this one."""
    from icalendar import Event

    event = Event()
    event.add("uid", f"session-{session.id}@{address.split('/')[2]}")
    event.add("dtstamp", now)
    event.add("dtstart", session.starts_at.astimezone(batch.tz))
    event.add("dtend", session.ends_at.astimezone(batch.tz))
    event.add("summary", summary)
    event.add("url", address)
    if place := session.place or batch.place:
        event.add("location", place)
    if sequence := 2 * (batch.sequence + session.sequence):
        event.add("sequence", sequence)
    if batch.state is BatchState.CALLED_OFF or session.cancelled_at is not None:
        event.add("status", "CANCELLED")
    return event


def _calendar(name: str, events: list[Event]) -> bytes:
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Enroll//Batches//EN")
    calendar.add("version", "2.0")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)  # what older programs read instead
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for event in events:
        calendar.add_component(event)
    calendar.add_missing_timezones()
    text: bytes = calendar.to_ical()
    return text
