"""What the catalog's pages show: a constant number of queries each, and no loading afterwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, raiseload, selectinload

from enroll.catalog.coverage import Level
from enroll.catalog.models import Course, Coverage, Module, RoleGuide, Skill
from enroll.db import db


@dataclass(frozen=True)
class Taught:
    """How far a course, or one of its modules, takes a skill."""

    course: Course
    level: Level
    assessed: bool


def role_guides() -> Sequence[RoleGuide]:
    """All role guides, without their skills."""
    return db.session.scalars(sa.select(RoleGuide).order_by(RoleGuide.id)).all()


def role_guide(slug: str) -> RoleGuide | None:
    """One role guide with its skills and its courses."""
    return db.session.scalar(
        sa.select(RoleGuide)
        .where(RoleGuide.slug == slug)
        .options(selectinload(RoleGuide.skills), selectinload(RoleGuide.courses))
    )


def guides_named(slugs: Collection[str]) -> Sequence[RoleGuide]:
    """The role guides with these slugs; those that do not exist are left out."""
    if not slugs:
        return []
    return db.session.scalars(
        sa.select(RoleGuide).where(RoleGuide.slug.in_(slugs)).order_by(RoleGuide.id)
    ).all()


def skills() -> Sequence[Skill]:
    """The skill list, in its order."""
    return db.session.scalars(sa.select(Skill).order_by(Skill.position)).all()


def skill(slug: str) -> Skill | None:
    """One skill."""
    return db.session.scalar(sa.select(Skill).where(Skill.slug == slug))


def modules_teaching(skill_id: int) -> Sequence[Coverage]:
    """Where a skill is taught: one cell for each module, with the module and its course, in order."""
    return db.session.scalars(
        sa.select(Coverage)
        .join(Coverage.module)
        .join(Module.course)
        .where(Coverage.skill_id == skill_id)
        .options(contains_eager(Coverage.module).contains_eager(Module.course))
        .order_by(Course.position, Module.position)
    ).all()


def courses() -> Sequence[Course]:
    """All courses in order, with the roles they lead to."""
    return db.session.scalars(
        sa.select(Course).order_by(Course.position).options(selectinload(Course.roles))
    ).all()


def course(slug: str) -> Course | None:
    """One course with its modules, their coverage and skills, and the roles it leads to."""
    return db.session.scalar(
        sa.select(Course)
        .where(Course.slug == slug)
        .options(
            selectinload(Course.roles),
            selectinload(Course.modules)
            .selectinload(Module.coverage)
            .options(joinedload(Coverage.skill), raiseload(Coverage.module)),
        )
    )


def courses_named(slugs: Collection[str]) -> Sequence[Course]:
    """The courses with these slugs, in order; those that do not exist are left out."""
    if not slugs:
        return []
    return db.session.scalars(
        sa.select(Course).where(Course.slug.in_(slugs)).order_by(Course.position)
    ).all()


def taught(skill_ids: Collection[int]) -> dict[int, list[Taught]]:
    """Which courses teach these skills, in order, and how far each takes them; by skill id."""
    if not skill_ids:
        return {}
    rows = db.session.execute(
        sa.select(Coverage.skill_id, Course, Coverage.level, Coverage.assessed)
        .join(Coverage.module)
        .join(Module.course)
        .where(Coverage.skill_id.in_(skill_ids))
        .order_by(Course.position)
    )
    found: dict[int, dict[int, Taught]] = defaultdict(dict)
    for skill_id, of_course, level, assessed in rows:
        found[skill_id][of_course.id] = _further(
            found[skill_id].get(of_course.id), Taught(of_course, level, assessed)
        )
    return {skill_id: list(by_course.values()) for skill_id, by_course in found.items()}


def _further(known: Taught | None, more: Taught) -> Taught:
    """The higher level of the two; assessed if either is."""
    if known is None:
        return more
    highest = max(known.level, more.level, key=lambda level: level.rank)
    return Taught(more.course, highest, known.assessed or more.assessed)


@dataclass(frozen=True)
class HeatRow:
    """One skill of a course: how many modules treat it at each level, and if it is assessed."""

    skill: Skill
    counts: dict[Level, int]
    level: Level
    assessed: bool


def heat(modules: Iterable[Module]) -> list[HeatRow]:
    """The course's map, skill by level, in the order of the skill list; reads loaded rows only."""
    cells: dict[int, list[Coverage]] = defaultdict(list)
    for module in modules:
        for cell in module.coverage:
            cells[cell.skill_id].append(cell)
    rows = [
        HeatRow(
            skill=of_skill[0].skill,
            counts={level: sum(cell.level is level for cell in of_skill) for level in Level},
            level=max((cell.level for cell in of_skill), key=lambda level: level.rank),
            assessed=any(cell.assessed for cell in of_skill),
        )
        for of_skill in cells.values()
    ]
    return sorted(rows, key=lambda row: row.skill.position)
