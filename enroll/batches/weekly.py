"""The weekly rhythm of a batch, seen in its sessions: weekdays and hours, and what is out of step. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]


class Slot(NamedTuple):
    """A weekday (ISO 8601: Monday is 1) with its hours, and how many times there is one."""

    weekday: int
    starts: time
    ends: time
    times: int


class Week(NamedTuple):
    """The slots in the order of a week, and the sessions outside them; local times of the zone."""

    slots: tuple[Slot, ...]
    besides: tuple[Span, ...]

    @property
    def is_weekly(self) -> bool:
        """Does any weekday come again? Else the slots are single dates."""
        return any(slot.times > 1 for slot in self.slots)

    @property
    def hours(self) -> list[tuple[time, time]]:
        """The different hours, the earliest first: the rows of a drawing."""
        return sorted({(slot.starts, slot.ends) for slot in self.slots})


def week_of(spans: Iterable[Span], zone: ZoneInfo) -> Week:
    """The rhythm of these sessions, as the clocks of the zone show it.

    In step is what comes at least twice and at least a third as often as the most frequent slot;
    where nothing comes twice, every session is a slot of its own.
    """
    local = sorted((begin.astimezone(zone), end.astimezone(zone)) for begin, end in spans)
    counts = Counter(_slot(one) for one in local)
    most = max(counts.values(), default=0)
    least = max(2, -(-most // 3)) if most > 1 else 1
    in_step = {slot for slot, count in counts.items() if count >= least}
    return Week(
        slots=tuple(Slot(*slot, counts[slot]) for slot in sorted(in_step)),
        besides=tuple(one for one in local if _slot(one) not in in_step),
    )


def _slot(span: Span) -> tuple[int, time, time]:
    begin, end = span
    return begin.isoweekday(), begin.time(), end.time()
