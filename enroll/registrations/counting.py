"""The arithmetic of the figures: from the form to the seat, the waitlist, how a batch filled. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from enroll.registrations.states import State

# Up to so many hours; the last one takes what is longer.
HOURS = (1, 6, 24, 48, 168)

SERIES = (State.CONFIRMED, State.PENDING, State.OFFERED, State.WAITLISTED, State.APPLIED)


class Journey(NamedTuple):
    """What one registration came to, and when: moments and counts, no person."""

    batch_id: int
    began_at: datetime
    is_posted: bool  # by the form; not a move, a wish, an offer elsewhere, or staff
    confirmed_at: datetime | None
    enrolled_at: datetime | None
    waited_at: datetime | None
    offered_at: datetime | None
    state: State
    is_elsewhere: bool  # given up for a seat in another batch


class Funnel(NamedTuple):
    """How many forms were posted, and how far they came."""

    posted: int = 0
    confirmed: int = 0
    enrolled: int = 0
    still: int = 0


class Waitlist(NamedTuple):
    """What became of those who waited: the last five add up to `waited`."""

    waited: int
    offered: int
    median: float | None  # hours to the first offer, of those who got one
    p90: float | None
    enrolled: int
    declined: int  # had an offer, and did not take it
    elsewhere: int  # took a seat in another batch
    left: int  # ended without an offer
    waiting: int


class Level(NamedTuple):
    """How many stood where at the end of a day."""

    day: date
    enrolled: int
    held: int
    waiting: int
    applied: int


def funnel(journeys: Iterable[Journey]) -> Funnel:
    """Each stage counted by itself: nobody is followed from one to the next."""
    posted = [one for one in journeys if one.is_posted]
    return Funnel(
        posted=len(posted),
        confirmed=sum(one.confirmed_at is not None for one in posted),
        enrolled=sum(one.enrolled_at is not None for one in posted),
        still=sum(one.state is State.CONFIRMED for one in posted),
    )


def delays(journeys: Iterable[Journey]) -> tuple[list[int], list[int]]:
    """How long it took from the posted form to the confirmed address and to the enrolment.

    How many each, by the steps of `HOURS` and beyond.
    """
    found = ([0] * (len(HOURS) + 1), [0] * (len(HOURS) + 1))
    for one in journeys:
        for counts, at in zip(found, (one.confirmed_at, one.enrolled_at), strict=True):
            if one.is_posted and at is not None:
                counts[_step(_hours(one.began_at, at))] += 1
    return found


def _step(hours: float) -> int:
    return next((number for number, most in enumerate(HOURS) if hours < most), len(HOURS))


def waitlist(journeys: Iterable[Journey]) -> Waitlist:
    """What became of those who were on a waitlist at some time, and how long an offer took."""
    waited = [one for one in journeys if one.waited_at is not None]
    ends = Counter(_end(one) for one in waited)
    hours = sorted(
        _hours(one.waited_at, at)
        for one in waited
        if one.waited_at is not None and (at := one.offered_at or one.enrolled_at) is not None
    )
    return Waitlist(
        waited=len(waited),
        offered=len(hours),
        median=nearest_rank(hours, 50),
        p90=nearest_rank(hours, 90),
        **{name: ends[name] for name in ("enrolled", "declined", "elsewhere", "left", "waiting")},
    )


def _end(one: Journey) -> str:
    """Each has one end; whoever was enrolled counts as that, also if they left again."""
    if one.enrolled_at is not None:
        return "enrolled"
    if one.state.is_live:
        return "waiting"
    if one.is_elsewhere:
        return "elsewhere"
    return "declined" if one.offered_at is not None else "left"


def _hours(since: datetime, until: datetime) -> float:
    return max(0.0, (until - since).total_seconds() / 3600)


def nearest_rank(values: Sequence[float], percent: int) -> float | None:
    """The smallest of the sorted values that so many per cent do not exceed: one that was there."""
    return values[max(1, -(-len(values) * percent // 100)) - 1] if values else None


def by_month(journeys: Iterable[Journey]) -> dict[date, list[Journey]]:
    """By the month in which they began (UTC)."""
    found: dict[date, list[Journey]] = defaultdict(list)
    for one in journeys:
        found[one.began_at.date().replace(day=1)].append(one)
    return found


def months(last: date, number: int) -> list[date]:
    """The first days of so many months, the last one in the month of `last`."""
    count = last.year * 12 + last.month - 1
    return [date(one // 12, one % 12 + 1, 1) for one in range(count - number + 1, count + 1)]


def levels(moves: Iterable[tuple[datetime, State | None, State]], zone: tzinfo) -> list[Level]:
    """Where people stood at the end of each day on which somebody moved; days are the zone's."""
    changes: dict[date, Counter[State]] = defaultdict(Counter)
    for at, source, target in moves:
        day = at.astimezone(zone).date()
        changes[day][target] += 1
        if source is not None:
            changes[day][source] -= 1
    standing: Counter[State] = Counter()
    found = []
    for day in sorted(changes):
        for state in SERIES:
            standing[state] += changes[day][state]
        found.append(_level(day, standing))
    return found


def _level(day: date, standing: Mapping[State, int]) -> Level:
    return Level(
        day,
        enrolled=standing[State.CONFIRMED],
        held=standing[State.PENDING] + standing[State.OFFERED],
        waiting=standing[State.WAITLISTED],
        applied=standing[State.APPLIED],
    )
