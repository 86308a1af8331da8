"""The self-check: where somebody stands, what a role still asks of them, and a path of courses. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enroll.catalog.coverage import Curriculum

# Where somebody stands in a skill: 0 nothing yet, then as far as the three levels of coverage take.
STANDINGS = range(4)
TOP = max(STANDINGS)

Standing = Mapping[str, int]  # by the skill's slug; what is not named is 0


@dataclass(frozen=True)
class Step:
    """One course of a path, and what it adds: by how much the gap closes."""

    course: Curriculum
    closes: int


@dataclass(frozen=True)
class Path:
    """The courses in order, and where they lead."""

    steps: Sequence[Step]
    after: Standing

    def missing(self, skills: Sequence[str]) -> list[str]:
        """The skills that are still short of the top at its end, in the order given."""
        return [skill for skill in skills if self.after.get(skill, 0) < TOP]


def has_before(course: Curriculum, standing: Standing, courses: Mapping[str, Curriculum]) -> bool:
    """Whether somebody who stands there brings what the course asks for.

    In every skill that a required course assesses (or teaches, if it assesses none) they stand where
    that course leads. Where prerequisites are given in words only, they stand somewhere at all in each
    skill the course does not begin from nothing. Whoever stands nowhere never has any prerequisite.
    """
    if not course.requires and not course.prerequisites:
        return True
    if not any(standing.values()):
        return False
    needed: dict[str, int] = {}
    for slug in course.requires:
        if slug not in courses:
            return False
        cells = courses[slug].cells
        tested = {skill: cell for skill, cell in cells.items() if cell.assessed} or cells
        for skill, cell in tested.items():
            needed[skill] = max(needed.get(skill, 0), cell.level.rank + 1)
    if not course.requires:
        first: dict[str, int] = {}
        for unit in course.units:
            for skill, cell in unit.cells.items():
                first.setdefault(skill, cell.level.rank)
        needed = {skill: 1 for skill, rank in first.items() if rank}
    return all(standing.get(skill, 0) >= rank for skill, rank in needed.items())


def path(
    skills: Sequence[str], standing: Standing, courses: Sequence[Curriculum], *, longest: int = 5
) -> Path:
    """The courses to take, in order: each is one whose prerequisites are met by then, and of those
    the one that closes most of what is still missing; of equals the shorter one.

    The order in which skills and courses are listed makes no difference.
    """
    by_slug = {course.slug: course for course in courses}
    now = {skill: standing.get(skill, 0) for skill in skills}
    everything = dict(standing)
    steps: list[Step] = []
    while len(steps) < longest:
        taken = {step.course.slug for step in steps}
        open_to = [
            Step(course, _closes(course, now))
            for course in courses
            if course.slug not in taken
            and (
                (course.requires and taken.issuperset(course.requires))
                or has_before(course, everything, by_slug)
            )
        ]
        best = min(open_to, key=_first, default=None)
        if best is None or not best.closes:
            break
        steps.append(best)
        for skill, cell in best.course.cells.items():
            everything[skill] = max(everything.get(skill, 0), cell.level.rank + 1)
            if skill in now:
                now[skill] = everything[skill]
    return Path(steps, now)


def _closes(course: Curriculum, standing: Standing) -> int:
    cells = course.cells
    return sum(
        max(0, cells[skill].level.rank + 1 - at) for skill, at in standing.items() if skill in cells
    )


def _first(step: Step) -> tuple[int, int, str]:
    return -step.closes, step.course.hours, step.course.slug
