"""Reads courses as the curriculum map sees them: published ones, or drafts in their place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from enroll.catalog.coverage import Cell, Curriculum, Level, Unit
from enroll.catalog.documents import Document, Kind
from enroll.catalog.models import Course, Coverage, Manuscript, Module, Skill, Version, role_course
from enroll.db import db


def curricula(*, role_id: int | None = None, slugs: Collection[str] = ()) -> list[Curriculum]:
    """Courses with their modules and coverage, in the order of the catalog: two queries, however many.

    With `role_id` those that lead to this role; with `slugs` only these.
    """
    chosen = sa.select(Course).order_by(Course.position)
    if role_id is not None:
        chosen = chosen.join(role_course, role_course.c.course_id == Course.id).where(
            role_course.c.role_guide_id == role_id
        )
    if slugs:
        chosen = chosen.where(Course.slug.in_(slugs))
    courses = db.session.scalars(chosen).all()
    units = _units([course.id for course in courses])
    return [
        Curriculum(
            slug=course.slug,
            title=course.title,
            units=units.get(course.id, []),
            requires=course.requires,
            prerequisites=course.prerequisites,
            hours=course.weeks * course.hours_per_week,
        )
        for course in courses
    ]


def _units(course_ids: Collection[int]) -> dict[int, list[Unit]]:
    """The modules of these courses, with what they cover, in one query."""
    rows = db.session.execute(
        sa.select(
            Module.course_id,
            Module.id,
            Module.slug,
            Module.title,
            Skill.slug,
            Coverage.level,
            Coverage.assessed,
        )
        .outerjoin(Coverage, Coverage.module_id == Module.id)
        .outerjoin(Skill, Skill.id == Coverage.skill_id)
        .where(Module.course_id.in_(course_ids))
        .order_by(Module.course_id, Module.position, Skill.position)
    )
    found: dict[int, list[Unit]] = {}
    cells: dict[int, dict[str, Cell]] = {}
    for course_id, module_id, slug, title, skill, level, assessed in rows:
        if module_id not in cells:
            cells[module_id] = {}
            found.setdefault(course_id, []).append(Unit(slug, title, cells[module_id]))
        if skill is not None:
            cells[module_id][skill] = Cell(level, assessed)
    return found


def of_course(course: Course) -> Curriculum:
    """A course that is loaded with its modules and their coverage: no query."""
    return Curriculum(
        slug=course.slug,
        title=course.title,
        units=[
            Unit(
                module.slug,
                module.title,
                {cell.skill.slug: Cell(cell.level, cell.assessed) for cell in module.coverage},
            )
            for module in course.modules
        ],
        requires=course.requires,
        prerequisites=course.prerequisites,
        hours=course.weeks * course.hours_per_week,
    )


def of_document(document: Document) -> Curriculum:
    """A course as it is written, published or not."""
    return Curriculum(
        slug=document["slug"],
        title=document["title"],
        units=[
            Unit(
                module["slug"],
                module["title"],
                {
                    one["skill"]: Cell(Level(one["level"]), bool(one.get("assessed")))
                    for one in module["coverage"]
                },
            )
            for module in document["modules"]
        ],
        requires=document.get("requires", []),
        prerequisites=document.get("prerequisites", []),
        hours=document["weeks"] * document["hours_per_week"],
    )


def drafts() -> dict[str, Curriculum]:
    """Courses whose latest version is not published, by the slug they have or will have."""
    rows = db.session.execute(
        sa.select(Manuscript.slug, Version.document)
        .join(
            Version,
            sa.and_(Version.manuscript_id == Manuscript.id, Version.number == Manuscript.latest),
        )
        .where(
            Manuscript.kind == Kind.COURSE,
            sa.or_(Manuscript.published.is_(None), Manuscript.published != Manuscript.latest),
        )
        .order_by(Manuscript.slug)
    )
    return {slug: of_document(document) for slug, document in rows}


def planned() -> list[Curriculum]:
    """All courses as they will be once every draft is published; those that are new stand last."""
    written: Mapping[str, Curriculum] = drafts()
    now: Sequence[Curriculum] = curricula()
    new = [draft for slug, draft in written.items() if slug not in {one.slug for one in now}]
    return [written.get(one.slug, one) for one in now] + new
