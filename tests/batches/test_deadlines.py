"""Until when a hold or an offer is kept: never into the night, never beyond the end of registration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enroll.batches.deadlines import (
    LEAST_OFFER,
    LEAST_REMINDED,
    NIGHT_BEGINS,
    NIGHT_ENDS,
    SHORTEST,
    half_time,
    kept_until,
    offered_until,
)

ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Kolkata", "Europe/Berlin", "America/St_Johns")]
BERLIN = ZoneInfo("Europe/Berlin")
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "hours", "until"),
    [
        ("2027-01-11 10:00", 24, "2027-01-12 10:00"),
        ("2027-01-11 22:00", 24, "2027-01-13 09:00"),
        ("2027-01-11 03:00", 24, "2027-01-12 09:00"),
        ("2027-01-11 21:00", 24, "2027-01-12 21:00"),
        ("2027-01-11 20:30", 48, "2027-01-13 20:30"),
        # The night of 28 March 2027 has 23 hours, that of 31 October 25: 24 hours stay 24 hours.
        ("2027-03-27 12:00", 24, "2027-03-28 13:00"),
        ("2027-10-30 12:00", 24, "2027-10-31 11:00"),
    ],
)
def test_a_deadline_at_night_moves_to_the_morning(now: str, hours: int, until: str) -> None:
    assert kept_until(berlin(now), hours=hours, zone=BERLIN, latest=FAR) == berlin(until)


def test_it_ends_with_registration() -> None:
    now, closes = berlin("2027-01-11 10:00"), berlin("2027-01-11 18:00")
    assert kept_until(now, hours=24, zone=BERLIN, latest=closes) == closes


def test_an_end_at_night_moves_back_to_the_evening_if_an_hour_remains() -> None:
    closes = berlin("2027-01-12 00:00")
    early, late = berlin("2027-01-11 19:30"), berlin("2027-01-11 20:30")
    assert kept_until(early, hours=24, zone=BERLIN, latest=closes) == berlin("2027-01-11 21:00")
    assert kept_until(late, hours=24, zone=BERLIN, latest=closes) == closes


@given(
    # Hypothesis wants its bounds naive; the zone comes from `timezones`.
    now=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    hours=st.integers(1, 100),
    left=st.integers(1, 2000),
    zone=st.sampled_from(ZONES),
)
def test_the_promises_hold_for_every_moment(
    now: datetime, hours: int, left: int, zone: ZoneInfo
) -> None:
    latest = now + timedelta(hours=left)
    until = kept_until(now, hours=hours, zone=zone, latest=latest)
    assert now < until <= latest
    assert until >= min(now + timedelta(hours=hours), latest - timedelta(hours=12))
    clock = until.astimezone(zone).time()
    at_night = clock > NIGHT_BEGINS or clock < NIGHT_ENDS
    assert not at_night or (until == latest and until - now < timedelta(hours=12) + SHORTEST)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    hours=st.integers(12, 100),
    left=st.integers(1, 200),
    zone=st.sampled_from(ZONES),
)
def test_an_offer_lasts_twelve_hours_and_ends_by_day_or_is_not_made(
    now: datetime, hours: int, left: int, zone: ZoneInfo
) -> None:
    latest = now + timedelta(hours=left)
    until = offered_until(now, hours=hours, zone=zone, latest=latest)
    if until is None:
        assert left < 25  # with more time than a day and an hour there is always an evening
        return
    assert now + LEAST_OFFER <= until <= latest
    clock = until.astimezone(zone).time()
    assert NIGHT_ENDS <= clock <= NIGHT_BEGINS


def test_a_reminder_comes_at_half_time_unless_it_is_soon() -> None:
    now = berlin("2027-01-11 10:00")
    assert half_time(now, now + timedelta(hours=48)) == now + timedelta(hours=24)
    assert half_time(now, now + LEAST_REMINDED) == now + LEAST_REMINDED / 2
    assert half_time(now, now + LEAST_REMINDED - timedelta(seconds=1)) is None
