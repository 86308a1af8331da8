"""Until when a hold or an offer is kept, so that nobody loses a seat asleep. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

NIGHT_BEGINS = time(21)
NIGHT_ENDS = time(9)
SHORTEST = timedelta(hours=1)
LEAST_OFFER = timedelta(hours=12)
LEAST_REMINDED = timedelta(hours=4)


def kept_until(now: datetime, *, hours: int, zone: ZoneInfo, latest: datetime) -> datetime:
    """The end of a hold or offer made at `now`: `hours` later, moved out of the local night.

    A deadline between 21:00 and 09:00 in the batch's zone moves on to 09:00. It never lies beyond
    `latest`; where that itself is at night, it moves back to 21:00 if an hour or more remains.
    Hours are real hours: a change to daylight saving time makes them neither more nor fewer.
    """
    end = _morning_after(now + timedelta(hours=hours), zone)
    return end if end <= latest else last_moment(now, zone=zone, latest=latest)


def last_moment(now: datetime, *, zone: ZoneInfo, latest: datetime) -> datetime:
    """`latest`, or 21:00 before it where it lies at night and an hour or more remains from `now`."""
    evening = _evening_before(latest, zone)
    return evening if evening - now >= SHORTEST else latest


def offered_until(
    now: datetime, *, hours: int, zone: ZoneInfo, latest: datetime
) -> datetime | None:
    """The end of an offer made at `now`; `None` where less than twelve hours by day would remain.

    Then nobody could answer in peace: staff telephone instead.
    """
    end = kept_until(now, hours=hours, zone=zone, latest=latest)
    if end - now < LEAST_OFFER or _is_night(end.astimezone(zone)):
        return None
    return end


def half_time(now: datetime, end: datetime) -> datetime | None:
    """When to remind of a deadline set at `now`; `None` where it is too near for a second letter."""
    return now + (end - now) / 2 if end - now >= LEAST_REMINDED else None


def _is_night(local: datetime) -> bool:
    clock = local.time()
    return clock > NIGHT_BEGINS or clock < NIGHT_ENDS


def _morning_after(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    if not _is_night(local):
        return moment
    on = local.date() + timedelta(days=1 if local.time() > NIGHT_BEGINS else 0)
    return datetime.combine(on, NIGHT_ENDS, zone).astimezone(moment.tzinfo)


def _evening_before(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    if not _is_night(local):
        return moment
    on = local.date() - timedelta(days=0 if local.time() > NIGHT_BEGINS else 1)
    return datetime.combine(on, NIGHT_BEGINS, zone).astimezone(moment.tzinfo)
