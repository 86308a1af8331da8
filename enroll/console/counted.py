"""The tables of the figures: what stands behind each drawing, on the page and in its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Response
from flask_babel import gettext

from enroll.batches.models import Batch
from enroll.catalog.coverage import Level as Coverage
from enroll.console.sheets import send_sheet
from enroll.registrations.counting import (
    Journey,
    Level,
    by_month,
    delays,
    funnel,
    waitlist,
)
from enroll.registrations.figures import Named

Cell = str | int | float | date | None


@dataclass(frozen=True)
class Table:
    """A table with two headings: in words for people, in names that stay the same for programs."""

    name: str
    heads: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Cell]]
    has_months: bool = False

    @property
    def words(self) -> list[str]:
        return [words for _name, words in self.heads]

    def answer(self, filename: str) -> Response:
        """The table as a file; what a spreadsheet would take for a formula is made plain text."""
        rows = [[name for name, _words in self.heads], *map(_cells, self.rows)]
        return send_sheet(rows, name=f"{filename}.csv")


def _cells(row: Sequence[Cell]) -> list[object]:
    return [_plain(cell) for cell in row]


def _plain(cell: Cell) -> object:
    if isinstance(cell, float):
        return f"{cell:.1f}"
    return cell.isoformat() if isinstance(cell, date) else cell


def _stages() -> list[tuple[str, str]]:
    return [
        ("posted", gettext("Forms posted")),
        ("address_confirmed", gettext("Address confirmed")),
        ("enrolled", gettext("Enrolled")),
        ("still_enrolled", gettext("Still enrolled")),
    ]


def funnel_by_month(journeys: Sequence[Journey], months: Sequence[date]) -> Table:
    found = by_month(journeys)
    return Table(
        "months",
        [("month", gettext("Month")), *_stages()],
        [(month, *funnel(found.get(month, []))) for month in months],
        has_months=True,
    )


def funnel_by_batch(journeys: Mapping[int, Sequence[Journey]], names: Mapping[int, Named]) -> Table:
    return Table(
        "batches",
        [("batch", gettext("Batch")), ("title", gettext("Title")), *_stages()],
        [(one.code, one.title, *funnel(journeys.get(key, []))) for key, one in names.items()],
    )


def hours_words() -> list[str]:
    """What the steps of `counting.HOURS` are called; with room to stand under a bar."""
    return [
        gettext("< 1 h"),
        gettext("1–6 h"),
        gettext("6–24 h"),
        gettext("1–2 d"),
        gettext("2–7 d"),
        gettext("> 7 d"),
    ]


def hours_between(journeys: Sequence[Journey]) -> Table:
    confirmed, enrolled = delays(journeys)
    return Table(
        "hours",
        [
            ("after_posting", gettext("After posting")),
            ("address_confirmed", gettext("Address confirmed")),
            ("enrolled", gettext("Enrolled")),
        ],
        list(zip(hours_words(), confirmed, enrolled, strict=True)),
    )


def ends_words() -> list[tuple[str, str]]:
    """What can become of somebody who waits."""
    return [
        ("enrolled", gettext("Enrolled")),
        ("offer_not_taken", gettext("Had an offer, did not take it")),
        ("seat_elsewhere", gettext("Took a seat in another batch")),
        ("left_without_offer", gettext("Ended without an offer")),
        ("waiting", gettext("Still waiting")),
    ]


def _waited() -> list[tuple[str, str]]:
    return [
        ("waited", gettext("Waited")),
        ("got_an_offer", gettext("Got an offer")),
        ("median_hours", gettext("Median, hours")),
        ("p90_hours", gettext("90th percentile, hours")),
        *ends_words(),
    ]


def waits_by_month(journeys: Sequence[Journey], months: Sequence[date]) -> Table:
    found = by_month(journeys)
    return Table(
        "waitlist",
        [("month", gettext("Month")), *_waited()],
        [(month, *waitlist(found.get(month, []))) for month in months],
        has_months=True,
    )


def waits_of(batch: Batch, journeys: Sequence[Journey]) -> Table:
    head = ("batch", gettext("Batch"))
    return Table("waitlist", [head, *_waited()], [(batch.code, *waitlist(journeys))])


def fill_by_day(levels: Sequence[Level]) -> Table:
    return Table(
        "fill",
        [
            ("day", gettext("Day")),
            ("enrolled", gettext("Enrolled")),
            ("held", gettext("Held")),
            ("waiting", gettext("Waiting")),
            ("applied", gettext("Applied")),
        ],
        levels,
    )


@dataclass(frozen=True)
class Asked:
    """A skill: how often it was asked for and lacked in self-checks, and how far courses take it."""

    name: str
    asked: int
    lacked: int
    courses: int
    level: Coverage | None

    @property
    def is_gap(self) -> bool:
        """Lacked, and no course takes it to the end."""
        return bool(self.lacked) and self.level is not Coverage.MASTERED


def skills_table(skills: Sequence[Asked]) -> Table:
    return Table(
        "skills",
        [
            ("skill", gettext("Skill")),
            ("asked", gettext("Asked for")),
            ("lacked", gettext("Lacked")),
            ("courses", gettext("Courses that teach it")),
            ("highest_level", gettext("Highest level")),
        ],
        [(one.name, one.asked, one.lacked, one.courses, one.level or "") for one in skills],
    )
