"""The weekly rhythm: found in the sessions there are, and said in the reader's words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from enroll.batches.weekly import Slot, Span, week_of
from enroll.site.rhythm import rhythm_words, weekday_name
from tests import make
from tests.console.acting import text

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2027, 3, 1)
MONDAY_UTC = datetime(2027, 3, 1, tzinfo=UTC)


def spans(*days: int, weeks: int = 8, begins: int = 18, hours: int = 2) -> list[Span]:
    """Sessions on these weekdays (Monday is 0), at the same local hour over the change of clocks."""
    found = []
    for week in range(weeks):
        for day in days:
            at = datetime.combine(MONDAY + timedelta(weeks=week, days=day), time(begins), BERLIN)
            found.append((at.astimezone(UTC), at.astimezone(UTC) + timedelta(hours=hours)))
    return found


def test_the_same_local_hours_are_one_slot_whatever_the_clocks_do() -> None:
    week = week_of(spans(0, 2), BERLIN)
    assert week.slots == (Slot(1, time(18), time(20), 8), Slot(3, time(18), time(20), 8))
    assert week.besides == ()
    assert week.is_weekly


def test_what_is_out_of_step_stands_beside() -> None:
    moved = spans(4, weeks=2, begins=9)
    week = week_of([*spans(0, 2), *moved], BERLIN)
    assert [slot.weekday for slot in week.slots] == [1, 3]
    assert [begin.astimezone(UTC) for begin, _end in week.besides] == [one for one, _ in moved]
    every_other = [*spans(0), *spans(5, weeks=4, begins=10)]
    assert [slot.weekday for slot in week_of(every_other, BERLIN).slots] == [1, 6]


def test_dates_that_never_come_again_are_slots_of_their_own() -> None:
    week = week_of(spans(5, 6, weeks=1, begins=10, hours=6), BERLIN)
    assert [(slot.weekday, slot.times) for slot in week.slots] == [(6, 1), (7, 1)]
    assert not week.is_weekly
    assert week_of([], BERLIN) == ((), ())


@given(
    st.lists(
        st.tuples(
            # Minutes after a moment before the clocks change.
            st.integers(0, 200_000).map(lambda one: MONDAY_UTC + timedelta(minutes=one)),
            st.integers(1, 600),
        ),
        max_size=30,
    )
)
def test_every_session_is_counted_once(found: list[tuple[datetime, int]]) -> None:
    held = [(begin, begin + timedelta(minutes=length)) for begin, length in found]
    week = week_of(held, BERLIN)
    assert sum(slot.times for slot in week.slots) + len(week.besides) == len(held)
    assert list(week.slots) == sorted(week.slots)
    assert all(1 <= slot.weekday <= 7 for slot in week.slots)
    assert bool(week.slots) == bool(held)


@pytest.mark.parametrize(
    ("held", "language", "words"),
    [
        (spans(0, 2), "en_GB", "Mondays and Wednesdays, 18:00–20:00"),
        (spans(0, 2, 3), "en_GB", "Mondays, Wednesdays and Thursdays, 18:00–20:00"),
        ([*spans(1), *spans(5, begins=10, hours=3)], "en_GB",
         "Tuesdays, 18:00–20:00; Saturdays, 10:00–13:00"),
        ([*spans(0), *spans(4, weeks=2, begins=9)], "en_GB", "Mondays, 18:00–20:00; and 2 more dates"),
        ([*spans(0), *spans(4, weeks=1)], "en_GB", "Mondays, 18:00–20:00; and 1 more date"),
        (spans(5, 6, weeks=1, begins=10), "en_GB", "Saturday and Sunday, 10:00–12:00"),
        (spans(5, 6, weeks=1, begins=10), "de", "Samstag und Sonntag, 10:00–12:00 Uhr"),
        ([], "en_GB", ""),
    ],
)
def test_it_is_said_in_the_readers_words(
    app: Flask, held: list[Span], language: str, words: str
) -> None:
    with app.test_request_context(), force_locale(language):
        assert rhythm_words(week_of(held, BERLIN)) == words


def test_a_column_has_the_readers_name_of_its_day(app: Flask) -> None:
    with app.test_request_context():
        assert [weekday_name(day) for day in (1, 7)] == ["Mon", "Sun"]


@pytest.mark.either_database
def test_a_batch_that_says_no_rhythm_shows_the_one_it_has(client: FlaskClient) -> None:
    held = tuple((begin, end, "") for begin, end in spans(0, 2))
    first = make.batch(zone="Europe/Berlin", sessions=held)
    assert "Mondays and Wednesdays, 18:00–20:00" in text(client.get(f"/batches/{first.code}").text)
    said = make.batch(sessions=held, rhythm="When the moon is full")
    page = text(client.get(f"/batches/{said.code}").text)
    assert "When the moon is full" in page
    assert "Wednesdays" not in page
