"""After nobody was there: people get their time back, and nothing goes on unseen."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from enroll.db import atomically
from enroll.mail.beats import beat, last_seen
from enroll.registrations import answering, outages, reminding
from tests import make
from tests.registrations.acting import (
    HOUR,
    adds_up,  # noqa: F401 - a fixture
    confirm,
    letter,
    letters,
    press,
)

pytestmark = pytest.mark.usefixtures("adds_up")
NOON = datetime.fromisoformat("2027-03-01T12:00:00+00:00")


@pytest.fixture
def now() -> datetime:
    return NOON


def seen(at: datetime) -> None:
    atomically(beat, worker="w", now=at)


def notice(at: datetime) -> outages.Outage | None:
    return atomically(outages.notice, now=at)


def test_a_pause_of_minutes_is_no_outage(now: datetime) -> None:
    seen(now)
    assert notice(now + timedelta(minutes=29)) is None
    assert not outages.is_quiet(now + timedelta(minutes=29))


def test_the_first_start_ever_is_no_outage(now: datetime) -> None:
    assert notice(now) is None


def test_deadlines_grow_by_the_time_away_once(now: datetime) -> None:
    batch = make.batch(2, now=now, hold_hours=6)
    held = make.registration(batch, now=now)
    sure = make.registration(batch, now=now)
    confirm(sure, now=now)
    seen(now)
    back = now + 3 * HOUR
    outage = notice(back)
    assert (outage.deadlines, outage.letters) == (1, 3)
    assert make.read(held.id).deadline_at == now + 9 * HOUR
    assert letter(held, "reminder").context["extended"] is True
    assert outages.is_quiet(back + timedelta(minutes=9))
    assert not outages.is_quiet(back + timedelta(minutes=10))
    assert notice(back) is None  # another worker comes back a moment later
    assert make.read(held.id).deadline_at == now + 9 * HOUR


def test_an_extension_ends_by_day_and_never_earlier(now: datetime) -> None:
    batch = make.batch(1, now=now, hold_hours=6)
    held = make.registration(batch, now=now)
    seen(now)
    notice(now + 4 * HOUR)  # 18:00 and four hours are 22:00: the next morning
    assert make.read(held.id).deadline_at == datetime.fromisoformat("2027-03-02T09:00:00+00:00")
    short = make.batch(1, now=now, closes_at=now + 8 * HOUR)
    last = make.registration(short, now=now + 5 * HOUR)
    before = last.deadline_at
    seen(now + 5 * HOUR)
    notice(now + 6 * HOUR)
    assert make.read(last.id).deadline_at == before


def test_old_letters_wait_and_new_ones_do_not(now: datetime) -> None:
    old = make.registration(make.batch(1, now=now), now=now)
    seen(now)
    back = now + 2 * HOUR
    new = make.registration(make.batch(1, now=now), now=back - timedelta(minutes=1))
    outage = notice(back)
    assert letter(old, "registration_held").due_at == outage.quiet_until
    assert letter(new, "registration_held").due_at < back
    found = outages.backlog(back)
    assert found.letters == {"registration_held": 2, "reminder": 2}
    atomically(outages.go_on, now=back)
    assert letter(old, "registration_held").due_at == back
    assert outages.backlog(back) is None


def test_a_clock_that_ran_ahead_and_was_put_right_leaves_no_silence(now: datetime) -> None:
    held = make.registration(make.batch(1, now=now), now=now)
    seen(now)
    ahead = now + timedelta(days=1)
    assert notice(ahead) is not None
    seen(ahead)
    back = now + timedelta(minutes=2)
    notice(back)
    assert not outages.is_quiet(back)
    seen(back)
    assert last_seen(back) == back
    assert letter(held, "registration_held").due_at <= back
    assert letters(held).count("registration_held") == 1


def test_an_extension_never_ends_at_night(now: datetime) -> None:
    starts = datetime.fromisoformat("2027-03-04T08:00:00+00:00")
    sessions = ((starts, starts + 2 * HOUR, "Topic"),)
    batch = make.batch(
        1, now=now, sessions=sessions, starts_on=starts.date(), closes_at=starts - 4 * HOUR
    )
    holder = make.registration(batch, now=now, confirmed=True)
    waits = make.registration(batch, now=now, confirmed=True)
    press(answering.withdraw, holder, now=now)
    assert make.read(waits.id).deadline_at == now + 48 * HOUR  # 3 March, noon
    seen(now + 30 * HOUR)
    notice(now + 44 * HOUR)
    # Fourteen hours more would be at night, the morning after it is beyond the start.
    assert make.read(waits.id).deadline_at == datetime.fromisoformat("2027-03-03T21:00:00+00:00")


def test_a_reminder_of_the_former_deadline_is_not_sent(now: datetime) -> None:
    held = make.registration(make.batch(1, now=now), now=now)
    atomically(reminding.remind_due, now=now + 12 * HOUR)
    first = letter(held, "reminder")
    seen(now + 12 * HOUR)
    notice(now + 14 * HOUR)
    extended = letter(held, "reminder")
    assert (extended.id != first.id, extended.state.value) == (True, "queued")
    assert make.db.session.get_one(type(first), first.id, populate_existing=True).state.value == (
        "suppressed"
    )
