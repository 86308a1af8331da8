"""Sessions from a weekly pattern (RFC 5545, 3.3.10): the same local hours, days left out. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import WEEKLY, rrule

MOST = 200  # sessions of one batch


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Which days of the week, from when to when, how often; days and times in the batch's zone.

    `weekdays` counts Monday as 0. Either `count` sessions or all until `until`, the day included.
    A day of `besides` (holidays, exceptions) has no session; with `count` another one follows
    instead. A session that ends before it begins ends on the following day.
    """

    weekdays: Collection[int]
    begins: time
    ends: time
    first_on: date
    count: int | None = None
    until: date | None = None
    besides: Collection[date] = ()


def meetings(pattern: Pattern, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Begin and end of each session in UTC, in order; at most `MOST`.

    A local time that the clocks skip is read as RFC 5545, 3.3.5 says: with the offset before it.
    """
    found: list[tuple[datetime, datetime]] = []
    wanted = min(pattern.count or MOST, MOST)
    begin = datetime.combine(pattern.first_on, pattern.begins)
    until = datetime.combine(pattern.until, time.max) if pattern.until else None
    besides = set(pattern.besides)
    length = _length(pattern)
    last = pattern.first_on + timedelta(weeks=MOST * 2)
    for local in rrule(WEEKLY, byweekday=sorted(set(pattern.weekdays)), dtstart=begin, until=until):
        if len(found) == wanted or local.date() > last:
            break
        if local.date() not in besides:
            found.append(_held(local, local + length, zone))
    return found


def shifted(moment: datetime, *, weeks: int, zone: ZoneInfo) -> datetime:
    """The same local time so many weeks later, whatever the clocks do in between; in UTC."""
    return _moment(_local(moment, zone) + timedelta(weeks=weeks), zone)


def shifted_span(
    begin: datetime, end: datetime, *, weeks: int, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """A session so many weeks later, begin and end at the same local times; in UTC."""
    by = timedelta(weeks=weeks)
    return _held(_local(begin, zone) + by, _local(end, zone) + by, zone)


def rezoned(
    begin: datetime, end: datetime, *, former: ZoneInfo, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """A session at the same local times in another zone; in UTC."""
    return _held(_local(begin, former), _local(end, former), zone)


def _held(begin: datetime, end: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From one local time to another. Where the clocks skip the beginning, it lasts as long as meant."""
    first, last = _moment(begin, zone), _moment(end, zone)
    return first, last if last > first else first + (end - begin)


def _length(pattern: Pattern) -> timedelta:
    begin, end = (datetime.combine(date.min, one) for one in (pattern.begins, pattern.ends))
    return end - begin if end > begin else end - begin + timedelta(days=1)


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _moment(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)
