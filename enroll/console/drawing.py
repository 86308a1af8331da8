"""Turns numbers into places on a drawing: what the macros of `_charts.html` draw. Knows no page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

# All drawings are as wide as this; browsers make them fit.
WIDTH = 640
LEFT = 64  # room for the numbers of the scale, also on a phone, where letters are larger
HEIGHT = 180


def scale(highest: float) -> list[int]:
    """The lines of a scale: four round steps at the most, from nothing to what nothing exceeds."""
    steps = (digit * 10**power for power in count() for digit in (1, 2, 5))
    step = next(one for one in steps if one * 4 >= highest)
    return list(range(0, step * max(1, math.ceil(highest / step)) + 1, step))


@dataclass(frozen=True)
class Frame:
    """The plane of a drawing: what lies at the left and at the right, and the lines of its scale."""

    first: float
    last: float
    lines: Sequence[int]

    @property
    def left(self) -> int:
        return LEFT

    @property
    def right(self) -> int:
        return WIDTH

    def x(self, value: float) -> float:
        """From left to right; also downwards, where `last` is the smaller."""
        span = (self.last - self.first) or 1
        return round(LEFT + (WIDTH - LEFT) * (value - self.first) / span, 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - (HEIGHT - 10) * value / self.lines[-1], 1)

    def line(self, points: Sequence[tuple[float, float]]) -> str:
        """A path in steps: each level holds until the next point."""
        path = ""
        for number, (x, y) in enumerate(points):
            path += f"H{self.x(x)}V{self.y(y)}" if number else f"M{self.x(x)} {self.y(y)}"
        return path

    def band(
        self, lower: Sequence[tuple[float, float]], upper: Sequence[tuple[float, float]]
    ) -> str:
        """The area between two lines in steps, which have their points at the same places."""
        back = ""
        for number, (x, y) in enumerate(reversed(lower)):
            back += f"V{self.y(y)}H{self.x(x)}" if number else f"L{self.x(x)} {self.y(y)}"
        # Backwards a step falls before it runs: the lower line is walked the other way round.
        return f"{self.line(upper)}{back}Z"


def bars(number: int, *, share: float = 0.78) -> list[tuple[float, float]]:
    """Where so many bars stand beside each other: the left edge and the width of each."""
    room = (WIDTH - LEFT) / max(number, 1)
    width = min(room * share, 90)
    return [
        (round(LEFT + room * (place + 0.5) - width / 2, 1), round(width, 1))
        for place in range(number)
    ]


@dataclass(frozen=True)
class Bar:
    """One rectangle; `kind` is its class in the style sheet."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Column:
    """What stands above one place of the scale: its bars, what it says when pointed at, its label."""

    words: str
    bars: Sequence[Bar]
    middle: float
    label: str = ""


@dataclass(frozen=True)
class Columns:
    """A drawing of columns."""

    frame: Frame
    columns: Sequence[Column]


class Counts(NamedTuple):
    """The numbers of one column, in the order of the kinds they are drawn in."""

    label: str
    words: str
    numbers: Sequence[int]


def draw_nested(kinds: Sequence[str], counts: Sequence[Counts]) -> Columns:
    """Each number a bar within the one before it: a part of it."""
    frame = Frame(0, 1, scale(max((max(one.numbers) for one in counts), default=0)))

    def nest(one: Counts, x: float, width: float) -> list[Bar]:
        return [
            _bar(frame, kind, x + width * 0.14 * place, width * (1 - 0.28 * place), 0, number)
            for place, (kind, number) in enumerate(zip(kinds, one.numbers, strict=True))
        ]

    return Columns(frame, _columns(counts, nest))


def draw_stacked(kinds: Sequence[str], counts: Sequence[Counts]) -> Columns:
    """Each number a bar on top of the one before it."""
    frame = Frame(0, 1, scale(max((sum(one.numbers) for one in counts), default=0)))

    def stack(one: Counts, x: float, width: float) -> list[Bar]:
        return [
            _bar(frame, kind, x, width, sum(one.numbers[:place]), number)
            for place, (kind, number) in enumerate(zip(kinds, one.numbers, strict=True))
        ]

    return Columns(frame, _columns(counts, stack))


def draw_beside(kinds: Sequence[str], counts: Sequence[Counts]) -> Columns:
    """Each number a bar beside the one before it."""
    frame = Frame(0, 1, scale(max((max(one.numbers) for one in counts), default=0)))

    def beside(one: Counts, x: float, width: float) -> list[Bar]:
        each = width / len(kinds)
        return [
            _bar(frame, kind, x + each * place, each * 0.92, 0, number)
            for place, (kind, number) in enumerate(zip(kinds, one.numbers, strict=True))
        ]

    return Columns(frame, _columns(counts, beside))


def _bar(frame: Frame, kind: str, x: float, width: float, base: int, number: int) -> Bar:
    top = frame.y(base + number)
    return Bar(kind, round(x, 1), top, round(width, 1), round(frame.y(base) - top, 1))


def _columns(
    counts: Sequence[Counts], arrange: Callable[[Counts, float, float], list[Bar]]
) -> list[Column]:
    """On a phone letters are wide: four labels at the most, the last one always."""
    every = max(1, math.ceil(len(counts) / 4)) if len(counts) > 6 else 1
    found = []
    for number, (one, (x, width)) in enumerate(zip(counts, bars(len(counts)), strict=True)):
        drawn = arrange(one, x, width)
        is_labelled = (len(counts) - 1 - number) % every == 0
        found.append(
            Column(
                words=one.words,
                bars=[bar for bar in drawn if bar.height],
                middle=round(x + width / 2, 1),
                label=one.label if is_labelled else "",
            )
        )
    return found
