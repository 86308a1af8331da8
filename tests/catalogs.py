"""Catalogs as large as anybody will have, written straight into the tables."""

from __future__ import annotations

import sqlalchemy as sa

from enroll.catalog.models import (
    Course,
    Coverage,
    Module,
    RoleGuide,
    Skill,
    role_course,
    role_skill,
)
from enroll.db import db

NOTHING: dict[str, list[str]] = {
    name: [] for name in ("audience", "prerequisites", "requires", "outcomes")
}


def fill(*, courses: int, modules: int, skills: int, role: str, first: int = 0) -> None:
    """So many courses, named `c0`, `c1`, … from `first` on, with so many modules each.

    All lead to the role, which then asks for so many skills; each module treats three of them. What
    is there already stays. A verb.
    """
    known = list(db.session.scalars(sa.select(Skill.id).order_by(Skill.position)))
    rows = [
        {"slug": f"s{n}", "name": f"Skill {n}", "group": "technical", "position": n, "onet": []}
        | {"summary": "A skill.", "topics": []}
        for n in range(len(known), skills)
    ]
    if rows:
        db.session.execute(sa.insert(Skill), rows)
    known = list(db.session.scalars(sa.select(Skill.id).order_by(Skill.position)))
    guide = db.session.scalars(sa.select(RoleGuide.id).where(RoleGuide.slug == role)).one()
    asked = set(db.session.scalars(sa.select(role_skill.c.skill_id)))
    wanted = [{"role_guide_id": guide, "skill_id": one} for one in known if one not in asked]
    if wanted:
        db.session.execute(sa.insert(role_skill), wanted)
    numbers = range(first, first + courses)
    _courses(numbers, guide)
    ids = {row.slug: row.id for row in db.session.execute(sa.select(Course.slug, Course.id))}
    db.session.execute(
        sa.insert(Module),
        [
            {"course_id": ids[f"c{n}"], "slug": f"m{m}", "title": f"Module {m}", "position": m}
            | {"hours": 8, "summary": "A module.", "topics": []}
            for n in numbers
            for m in range(modules)
        ],
    )
    _cells([ids[f"c{n}"] for n in numbers], known)


def _courses(numbers: range, guide: int) -> None:
    db.session.execute(
        sa.insert(Course),
        [
            {"slug": f"c{n}", "title": f"Course {n}", "position": 100 + n, "level": "Beginner"}
            | {"weeks": 1, "hours_per_week": 8, "summary": "A course.", "body": "", **NOTHING}
            for n in numbers
        ],
    )
    slugs = [f"c{n}" for n in numbers]
    new = db.session.scalars(sa.select(Course.id).where(Course.slug.in_(slugs)))
    leads = [{"role_guide_id": guide, "course_id": one} for one in new]
    db.session.execute(sa.insert(role_course), leads)


def _cells(course_ids: list[int], skill_ids: list[int]) -> None:
    modules = db.session.scalars(sa.select(Module.id).where(Module.course_id.in_(course_ids)))
    db.session.execute(
        sa.insert(Coverage),
        [
            {"module_id": one, "skill_id": skill_ids[(one * 3 + k) % len(skill_ids)]}
            | {"level": "IRM"[(one + k) % 3], "assessed": bool(k)}
            for one in modules
            for k in range(3)
        ],
    )
