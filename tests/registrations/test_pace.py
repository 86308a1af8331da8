"""The arithmetic of paces and figures against naive recounts; then against stories counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from enroll.batches.models import Batch
from enroll.db import atomically, db
from enroll.registrations import answering, counting, deciding, erasing, figures, tidying
from enroll.registrations.board import coming
from enroll.registrations.counting import Journey
from enroll.registrations.pace import AT_THE_START, DAY, LONGEST, SHORTEST, Pace, first_change, pace
from enroll.registrations.states import State
from tests import make
from tests.registrations.acting import in_batch, press, state, transfer, wish

START = datetime(2027, 5, 3, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)

moments = st.integers(-5_000, 20_000).map(lambda minutes: START - timedelta(minutes=minutes))
moves = st.lists(st.tuples(moments, st.booleans()), max_size=40)


def naive(found: list[tuple[datetime, bool]], at: datetime) -> int:
    """How many were enrolled at a moment: everybody who came by then, without who left by then."""
    return len([1 for when, came in found if came and when <= at]) - len(
        [1 for when, came in found if not came and when <= at]
    )


@given(moves, st.integers(-5_000, 20_000))
def test_a_pace_is_a_naive_recount(found: list[tuple[datetime, bool]], minutes: int) -> None:
    before = timedelta(minutes=minutes)
    own = pace(START, found)
    assert own.at(before) == naive(found, START - before)
    assert own.at(AT_THE_START) == naive(found, START)
    assert own.so_far == sum(1 if came else -1 for _at, came in found)


@given(moves, st.integers(0, 200), st.integers(0, 200))
def test_the_line_is_true_at_each_of_its_steps(
    found: list[tuple[datetime, bool]], one: int, other: int
) -> None:
    since, until = max(one, other) * DAY / 10, min(one, other) * DAY / 10
    own = pace(START, found)
    line = own.steps(since=since, until=until)
    assert (line[0][0], line[-1][0]) == (since, until)
    assert all(a[0] >= b[0] for a, b in zip(line, line[1:], strict=False))
    for before, level in line[1:]:
        assert level == own.at(before)
    if since > until:
        assert line[0][1] == own.at(since)


@given(st.lists(moves, max_size=5))
def test_a_drawing_begins_with_the_first_change_and_has_bounds(
    several: list[list[tuple[datetime, bool]]],
) -> None:
    found = first_change([pace(START, one) for one in several])
    assert SHORTEST <= found <= LONGEST
    assert not found % DAY
    assert first_change([]) == SHORTEST
    assert first_change([pace(START, [(START - 400 * DAY, True)])]) == LONGEST


@given(moves)
def test_shifting_the_calendar_changes_no_pace(found: list[tuple[datetime, bool]]) -> None:
    by = timedelta(days=91, hours=3)
    assert pace(START + by, [(at + by, came) for at, came in found]) == pace(START, found)
    assert pace(START, []) == Pace([])


# ---------------------------------------------------------------- the figures

steps = st.lists(
    st.tuples(moments, st.sampled_from([None, *State]), st.sampled_from(list(State))), max_size=40
)


@given(steps, st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]))
def test_levels_are_a_naive_recount_at_midnight(
    found: list[tuple[datetime, State | None, State]], zone: str
) -> None:
    for level in counting.levels(found, ZoneInfo(zone)):
        until = [one for one in found if one[0].astimezone(ZoneInfo(zone)).date() <= level.day]

        def stand(*states: State, until: list = until) -> int:
            return sum(one[2] in states for one in until) - sum(one[1] in states for one in until)

        assert level.enrolled == stand(State.CONFIRMED)
        assert level.held == stand(State.PENDING, State.OFFERED)
        assert level.waiting == stand(State.WAITLISTED)
        assert level.applied == stand(State.APPLIED)


maybe = st.none() | moments
journeys = st.lists(
    st.builds(
        Journey, batch_id=st.integers(1, 3), began_at=moments, is_posted=st.booleans(),
        confirmed_at=maybe, enrolled_at=maybe, waited_at=maybe, offered_at=maybe,
        state=st.sampled_from(list(State)), is_elsewhere=st.booleans(),
    ),
    max_size=30,
)  # fmt: skip


@given(journeys)
def test_parts_add_up(found: list[Journey]) -> None:
    waited = counting.waitlist(found)
    assert sum(waited[-5:]) == waited.waited == sum(one.waited_at is not None for one in found)
    assert (waited.median is None) == (waited.offered == 0)
    if waited.median is not None and waited.p90 is not None:
        assert 0 <= waited.median <= waited.p90
    funnel = counting.funnel(found)
    confirmed, enrolled = counting.delays(found)
    assert sum(confirmed) == funnel.confirmed <= funnel.posted
    assert sum(enrolled) == funnel.enrolled
    by_month = counting.by_month(found).values()
    parts = [counting.funnel(part) for part in by_month]
    assert tuple(map(sum, zip(*parts, strict=True))) == (tuple(funnel) if parts else ())


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.integers(1, 100))
def test_the_nearest_rank_is_the_definition(values: list[float], percent: int) -> None:
    values.sort()
    found = counting.nearest_rank(values, percent)
    enough = [one for one in values if sum(v <= one for v in values) * 100 >= percent * len(values)]
    assert found == min(enough)


def test_twelve_months_over_the_turn_of_a_year() -> None:
    found = counting.months(date(2027, 3, 31), 12)
    assert (found[0], found[-1], len(found)) == (date(2026, 4, 1), date(2027, 3, 1), 12)
    assert counting.months(date(2026, 1, 1), 2) == [date(2025, 12, 1), date(2026, 1, 1)]


# ---------------------------------------------------------------- a story counted by hand


@pytest.fixture
def begins(now: datetime) -> datetime:
    return now.replace(microsecond=0) + 20 * DAY


def dated(begins: datetime, code: str, capacity: int = 3, now: datetime | None = None) -> Batch:
    return make.batch(
        capacity, code=code, now=now, starts_on=begins.date(), ends_on=begins.date() + 30 * DAY,
        sessions=((begins, begins + HOUR, "One"),), closes_at=begins - HOUR,
        opens_at=begins - 90 * DAY,
    )  # fmt: skip


def test_every_way_in_and_out_is_counted(app: Flask, now: datetime, begins: datetime) -> None:
    here, there = dated(begins, "here"), dated(begins + DAY, "there", 9)
    stays = make.registration(here, confirmed=True, now=now)
    leaves = make.registration(here, confirmed=True, now=now)
    erased = make.registration(here, confirmed=True, now=now)
    waits = make.registration(here, confirmed=True, now=now)
    press(answering.withdraw, leaves, now=now + HOUR)  # the one who waits is asked
    press(answering.accept, waits, now=now + 3 * HOUR)
    atomically(erasing.erase, registration_id=erased.id, by="student", now=now + 4 * HOUR)
    lapsed = make.registration(here, now=now + 5 * HOUR)
    atomically(tidying.tidy_batch, batch_id=here.id, now=now + 5 * DAY)
    assert state(lapsed) is State.EXPIRED
    moved = make.registration(here, confirmed=True, now=now + 6 * DAY)
    transfer(moved, there, now=now + 7 * DAY)
    db.session.rollback()
    found = {one.batch.code: one for one in coming(now + 8 * DAY)}
    own = found["here"].pace
    after = [timedelta(0), HOUR, 3 * HOUR, 4 * HOUR, 6 * DAY, 7 * DAY]
    assert [own.at(begins - now - at) for at in after] == [3, 2, 3, 2, 3, 2]
    assert own.so_far == found["here"].enrolled == 2
    assert found["there"].pace.so_far == found["there"].enrolled == 1
    assert (found["here"].held, found["here"].waiting, found["here"].capacity) == (0, 0, 3)
    assert state(stays) is State.CONFIRMED

    levels = figures.fill(here)
    assert levels[-1][1:] == (2, 0, 0, 0)
    assert sum(one.day == now.date() for one in levels) == 1
    journeys = figures.journeys(batch_id=here.id)
    assert counting.funnel(journeys) == (6, 5, 5, 2)
    waited = counting.waitlist(journeys)
    assert (waited.waited, waited.offered, waited.enrolled) == (1, 1, 1)
    assert waited.median == waited.p90 == 1.0
    # Who moved posted one form, not two.
    assert counting.funnel(figures.journeys(batch_id=there.id)) == (0, 0, 0, 0)
    assert len(figures.journeys(since=now + 6 * DAY)) == 2


def test_what_becomes_of_those_who_wait(app: Flask, now: datetime, begins: datetime) -> None:
    full, other = dated(begins, "full", 1), dated(begins + DAY, "other", 1)
    sitting = make.registration(full, confirmed=True, now=now)
    elsewhere = make.registration(other, confirmed=True, now=now)
    people = [make.registration(full, confirmed=True, now=now) for _ in range(5)]
    declines, lapses, wishes, gives_up, waits = people
    wish(wishes, other, now=now)
    press(answering.withdraw, sitting, now=now + 2 * HOUR)  # declines is asked
    press(answering.withdraw, declines, now=now + 3 * HOUR)  # lapses is asked
    press(answering.withdraw, elsewhere, now=now + 4 * HOUR)  # wishes is asked elsewhere
    press(answering.accept, in_batch(other, wishes.email), now=now + 5 * HOUR)
    press(answering.withdraw, gives_up, now=now + 6 * HOUR)
    press(deciding.cancel, lapses, by="staff 1", reason="", now=now + 7 * HOUR)  # waits is asked
    waited = counting.waitlist(figures.journeys(batch_id=full.id))
    assert waited == counting.Waitlist(
        waited=5, offered=3, median=3.0, p90=7.0,
        enrolled=0, declined=2, elsewhere=1, left=1, waiting=1,
    )  # fmt: skip
    assert state(waits) is State.OFFERED


