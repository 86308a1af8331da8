"""The drawings of the figures, from their tables: the same numbers, in shapes and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext, ngettext

from enroll.batches.models import Batch
from enroll.console.counted import Table
from enroll.console.drawing import (
    Columns,
    Counts,
    Frame,
    draw_beside,
    draw_nested,
    draw_stacked,
    scale,
)
from enroll.moments import day
from enroll.registrations.counting import Level

STAGES = ("bar-posted", "bar-held", "bar-enrolled")
ENDS = ("bar-enrolled", "bar-left", "bar-held", "bar-applied", "bar-waiting")


@dataclass(frozen=True)
class Filling:
    """How a batch filled, as bands on top of each other."""

    frame: Frame
    bands: Sequence[tuple[str, str, str]]  # kind, words, path
    first: date
    last: date
    words: str


def draw_fill(batch: Batch, levels: Sequence[Level], capacity: int, today: date) -> Filling | None:
    """From the first day on which somebody moved until the last, or until the start; whole days."""
    if not levels:
        return None
    first = levels[0].day
    last = max(levels[-1].day, min(batch.starts_on, today))
    days = [*((one.day - first).days for one in levels), (last - first).days + 1]
    numbers = [one[1:] for one in (*levels, levels[-1])]
    sums = [[sum(row[:end]) for row in numbers] for end in range(5)]
    frame = Frame(0, days[-1], scale(max([capacity, batch.minimum or 0, *sums[4]])))
    kinds = (
        ("bar-enrolled", gettext("enrolled")),
        ("bar-held", gettext("held")),
        ("bar-waiting", gettext("waiting")),
        ("bar-applied", gettext("applied")),
    )
    bands = [
        (kind, words, _band(frame, days, sums[number], sums[number + 1]))
        for number, (kind, words) in enumerate(kinds)
        if any(row[number] for row in numbers)
    ]
    return Filling(frame, bands, first, last, _last_words(levels[-1]))


def _band(frame: Frame, days: Sequence[int], lower: Sequence[int], upper: Sequence[int]) -> str:
    return frame.band(list(zip(days, lower, strict=True)), list(zip(days, upper, strict=True)))


def _last_words(last: Level) -> str:
    return gettext(
        "On %(day)s: %(enrolled)s enrolled, %(held)s held, %(waiting)s waiting.",
        day=day(last.day),
        enrolled=last.enrolled,
        held=last.held,
        waiting=last.waiting,
    )


def draw_months(table: Table) -> Columns:
    return draw_nested(
        STAGES,
        [
            Counts(
                day(month, "MMM"),
                gettext(
                    "%(month)s: %(posted)s posted, %(confirmed)s confirmed, %(enrolled)s enrolled",
                    month=day(month, "MMMM y"),
                    posted=posted,
                    confirmed=confirmed,
                    enrolled=enrolled,
                ),
                (posted, confirmed, enrolled),
            )
            for month, posted, confirmed, enrolled, _still in table.rows
        ],
    )


def draw_hours(table: Table) -> Columns:
    return draw_beside(
        ("bar-held", "bar-enrolled"),
        [
            Counts(
                label,
                gettext(
                    "%(label)s: %(confirmed)s confirmed, %(enrolled)s enrolled",
                    label=label,
                    confirmed=confirmed,
                    enrolled=enrolled,
                ),
                (confirmed, enrolled),
            )
            for label, confirmed, enrolled in table.rows
        ],
    )


def draw_waits(table: Table) -> Columns:
    return draw_stacked(
        ENDS,
        [
            Counts(
                day(row[0], "MMM"),
                ngettext(
                    "%(month)s: %(num)s waited, %(offered)s got an offer",
                    "%(month)s: %(num)s waited, %(offered)s got an offer",
                    row[1],
                    month=day(row[0], "MMMM y"),
                    offered=row[2],
                ),
                row[5:],
            )
            for row in table.rows
        ],
    )
