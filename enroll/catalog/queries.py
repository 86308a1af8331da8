"""What the catalog's pages show: a constant number of queries each, and no loading afterwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, raiseload, selectinload

from enroll.catalog.coverage import Level
from enroll.catalog.documents import Kind
from enroll.catalog.models import (
    Course,
    Coverage,
    Manuscript,
    Module,
    OldSlug,
    RoleGuide,
    Skill,
    Version,
    role_skill,
)
from enroll.db import db


@dataclass(frozen=True)
class Taught:
    """How far a course, or one of its modules, takes a skill."""

    course: Course
    level: Level
    assessed: bool


def role_guides() -> Sequence[RoleGuide]:
    """All role guides, without their skills; first the one that asks for most."""
    asked = (
        sa.select(sa.func.count())
        .where(role_skill.c.role_guide_id == RoleGuide.id)
        .scalar_subquery()
    )
    return db.session.scalars(sa.select(RoleGuide).order_by(asked.desc(), RoleGuide.id)).all()


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
        sa.select(RoleGuide)
        .where(RoleGuide.slug.in_(_now_called(Kind.ROLE, slugs)))
        .order_by(RoleGuide.id)
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
        sa.select(Course)
        .where(Course.slug.in_(_now_called(Kind.COURSE, slugs)))
        .order_by(Course.position)
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


# ---------------------------------------------------------------- what staff write


def manuscripts() -> list[tuple[Manuscript, Version]]:
    """All manuscripts with their latest versions, by kind and address."""
    rows = db.session.execute(
        sa.select(Manuscript, Version)
        .join(
            Version,
            sa.and_(Version.manuscript_id == Manuscript.id, Version.number == Manuscript.latest),
        )
        .order_by(Manuscript.kind, Manuscript.slug)
    )
    return [(one, last) for one, last in rows]


def manuscript(number: int) -> Manuscript | None:
    """One manuscript, as it is now."""
    return db.session.get(Manuscript, number, populate_existing=True)


def title_of(kind: Kind, slug: str) -> str | None:
    """The title of a published guide or course; `None` if there is none of this name."""
    table = RoleGuide if kind is Kind.ROLE else Course
    return db.session.scalar(sa.select(table.title).where(table.slug == slug))


def renamed(kind: Kind, slug: str) -> str | None:
    """Where a page is published that had this address before."""
    return db.session.scalar(
        sa.select(Manuscript.slug)
        .join(OldSlug, OldSlug.manuscript_id == Manuscript.id)
        .where(OldSlug.kind == kind, OldSlug.slug == slug, Manuscript.published.is_not(None))
    )


def _now_called(kind: Kind, slugs: Collection[str]) -> list[str]:
    """These addresses, and those that took their place."""
    moved = (
        sa.select(Manuscript.slug)
        .join(OldSlug, OldSlug.manuscript_id == Manuscript.id)
        .where(OldSlug.kind == kind, OldSlug.slug.in_(slugs))
    )
    return [*slugs, *db.session.scalars(moved)]


def last_published() -> dict[tuple[Kind, str], datetime]:
    """When the words the public reads were published, by kind and address; unknown for the oldest."""
    query = sa.select(Manuscript.kind, Manuscript.slug, Version.made_at).join(
        Version,
        sa.and_(Version.manuscript_id == Manuscript.id, Version.number == Manuscript.published),
    )
    return {(kind, slug): at for kind, slug, at in db.session.execute(query)}
