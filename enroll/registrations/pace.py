"""How a batch fills, aligned by the time that is left before it begins; and so beside earlier ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

AT_THE_START = timedelta(0)
DAY = timedelta(days=1)
LONGEST = timedelta(days=180)  # what lies further before the start is drawn at the edge
SHORTEST = timedelta(days=7)


class Change(NamedTuple):
    """One more enrolled, or one fewer, so long before the start."""

    before: timedelta
    by: int


@dataclass(frozen=True)
class Pace:
    """The enrolments of one batch over time: in how long before the start, whatever the calendar says.

    Sums do not depend on the order of the changes, so a clock that stepped back does no harm.
    """

    changes: Sequence[Change] = ()

    @property
    def so_far(self) -> int:
        """How many are enrolled by all that is known."""
        return sum(change.by for change in self.changes)

    def at(self, before: timedelta) -> int:
        """How many were enrolled so long before the start; what happened at that moment counts."""
        return sum(change.by for change in self.changes if change.before >= before)

    def steps(self, *, since: timedelta, until: timedelta) -> list[tuple[timedelta, int]]:
        """The line to draw: how many from when on, from `since` to `until` before the start."""
        found = [(since, self.at(since))]
        for change in sorted(self.changes, key=lambda one: -one.before):
            if since > change.before >= until:
                level = found[-1][1] + change.by
                if found[-1][0] == change.before:
                    found.pop()
                found.append((change.before, level))
        return [*found, (until, found[-1][1])]


def pace(begins_at: datetime, moves: Iterable[tuple[datetime, bool]]) -> Pace:
    """The pace of a batch, from the moments at which people were enrolled (true) or left (false)."""
    return Pace([Change(begins_at - at, 1 if came else -1) for at, came in moves])


def first_change(paces: Iterable[Pace]) -> timedelta:
    """How long before the start a drawing of all of these begins: with the first of their changes.

    In whole days, a week at the least and half a year at the most.
    """
    furthest = max((change.before for one in paces for change in one.changes), default=SHORTEST)
    days = -(-min(max(furthest, SHORTEST), LONGEST) // DAY)
    return timedelta(days=days)
