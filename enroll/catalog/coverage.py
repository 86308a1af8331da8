"""The arithmetic of a curriculum map: levels, what a course adds up to, gaps and warnings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How a module treats a skill: the standard terms of a curriculum map, weakest first."""

    INTRODUCED = "I"
    REINFORCED = "R"
    MASTERED = "M"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


@dataclass(frozen=True)
class Cell:
    """One field of the map: how far a skill is taken, and whether it is assessed."""

    level: Level
    assessed: bool = False

    def __or__(self, other: Cell) -> Cell:
        """Both together: the higher level; assessed if either is."""
        highest = max(self.level, other.level, key=lambda level: level.rank)
        return Cell(highest, self.assessed or other.assessed)


Cells = Mapping[str, Cell]  # by the skill's slug


@dataclass(frozen=True)
class Unit:
    """A module as the map sees it."""

    slug: str
    title: str
    cells: Cells = field(default_factory=dict)


@dataclass(frozen=True)
class Curriculum:
    """A course as the map sees it: its modules in order, and what it asks for before."""

    slug: str
    title: str
    units: Sequence[Unit] = ()
    requires: Sequence[str] = ()  # slugs of courses
    prerequisites: Sequence[str] = ()  # in words
    hours: int = 0

    @property
    def cells(self) -> dict[str, Cell]:
        return summary(unit.cells for unit in self.units)


def summary(parts: Iterable[Cells]) -> dict[str, Cell]:
    """What the parts add up to, skill by skill: a further part never lowers anything."""
    found: dict[str, Cell] = {}
    for cells in parts:
        for skill, cell in cells.items():
            found[skill] = found[skill] | cell if skill in found else cell
    return found


@dataclass(frozen=True)
class Gaps:
    """The two reports of a curriculum map: skills nobody masters, modules that serve no skill."""

    unmastered: Sequence[str]
    idle: Sequence[tuple[Curriculum, Unit]]


def gaps(skills: Sequence[str], courses: Sequence[Curriculum]) -> Gaps:
    """Gaps of these courses towards these skills, in the order of the skills and the courses."""
    reached = summary(course.cells for course in courses)
    return Gaps(
        unmastered=[
            skill
            for skill in skills
            if skill not in reached or reached[skill].level is not Level.MASTERED
        ],
        idle=[
            (course, unit)
            for course in courses
            for unit in course.units
            if not any(skill in unit.cells for skill in skills)
        ],
    )


class Flaw(StrEnum):
    """What is odd about how one course treats one skill."""

    NOT_INTRODUCED = (
        "not introduced"  # mastered, with no introduction before, here or in a course before
    )
    NOT_ASSESSED = "not assessed"  # mastered, and assessed nowhere in the course


def warnings(course: Curriculum, before: Cells) -> list[tuple[str, Flaw]]:
    """The flaws of a course, skill by skill; `before` is what the courses it requires add up to."""
    found: list[tuple[str, Flaw]] = []
    known = set(before)
    for unit in course.units:
        for skill, cell in unit.cells.items():
            if cell.level is Level.MASTERED and skill not in known:
                found.append((skill, Flaw.NOT_INTRODUCED))
        known |= set(unit.cells)
    for skill, cell in course.cells.items():
        if cell.level is Level.MASTERED and not cell.assessed:
            found.append((skill, Flaw.NOT_ASSESSED))
    return found
