"""Brings a document into the tables that the public pages read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from enroll.catalog.coverage import Level
from enroll.catalog.documents import LEVELS, Document, Kind
from enroll.catalog.indexing import index
from enroll.catalog.models import Course, Coverage, Manuscript, Module, RoleGuide, Skill, Version
from enroll.comments.relocating import relocate
from enroll.db import db
from enroll.refusal import Refused

# What people talk under.
PATHS = {Kind.ROLE: "/roles", Kind.COURSE: "/courses"}


class UnknownSkill(Refused):
    """The document names a skill that is not in the list: `skill`."""


class SkillInUse(Refused):
    """A skill that a module covers or a guide needs cannot leave the list: `skills`."""


def apply(kind: Kind, slug: str, document: Document) -> None:
    """Make the published row with this slug what the document says, under the document's slug.

    Twice changes nothing. Refuses with `UnknownSkill` or `SkillInUse`.
    """
    if kind is Kind.SKILLS:
        _apply_skills(document["skills"])
    elif kind is Kind.ROLE:
        _apply_role(slug, document)
    else:
        _apply_course(slug, document)
    db.session.flush()
    now_called = document.get("slug", slug)
    index(kind, slug, now_called)
    if now_called != slug and kind in PATHS:
        relocate(old=f"{PATHS[kind]}/{slug}", new=f"{PATHS[kind]}/{now_called}")


def _apply_skills(entries: Sequence[Mapping[str, Any]]) -> None:
    named = [entry["slug"] for entry in entries]
    used = sa.select(Coverage.skill_id).union(sa.select(Skill.id).join(RoleGuide.skills))
    lost = db.session.execute(
        sa.select(Skill, Skill.id.in_(used)).where(Skill.slug.not_in(named))
    ).all()
    if missing := [skill.slug for skill, is_used in lost if is_used]:
        raise SkillInUse(skills=missing)
    for skill, _ in lost:
        db.session.delete(skill)
    for position, entry in enumerate(entries):
        values = {"esco": None, "onet": [], **entry, "position": position}
        _put(Skill, entry["slug"], values)


def _apply_role(slug: str, document: Document) -> None:
    empty: dict[str, Any] = {
        "history": [],
        "ladder": [],
        "certifications": [],
        "related": [],
        "salary": None,
    }
    values = {**empty, "occupation": {}, **document}
    named = values.pop("skills")
    role: RoleGuide = _put(RoleGuide, slug, values)
    known = _skills()
    role.skills = [_skill(known, one) for one in named]
    # A course names the roles it leads to, perhaps before their guides are written.
    leading = [
        course.slug
        for course, latest in db.session.execute(
            sa.select(Manuscript, Version).join(
                Version,
                sa.and_(
                    Version.manuscript_id == Manuscript.id, Version.number == Manuscript.published
                ),
            )
        )
        if course.kind is Kind.COURSE and {slug, role.slug} & set(latest.document.get("roles", []))
    ]
    role.courses = list(db.session.scalars(sa.select(Course).where(Course.slug.in_(leading))))


def _apply_course(slug: str, document: Document) -> None:
    values = {name: value for name, value in document.items() if name not in ("modules", "roles")}
    empty = {"body": "", "device": "", "data_needed": "", "hours_beside": None}
    course: Course = _put(Course, slug, {**empty, "position": 0, **values})
    roles = sa.select(RoleGuide).where(RoleGuide.slug.in_(document.get("roles", [])))
    course.roles = list(db.session.scalars(roles))
    known = _skills()
    have = {module.slug: module for module in course.modules}
    course.modules = [
        _module(have.get(entry["slug"]), entry, position, known)
        for position, entry in enumerate(document["modules"])
    ]
    db.session.flush()
    for position, one in enumerate(sorted(db.session.scalars(sa.select(Course)), key=_by_level)):
        one.position = position


def _by_level(course: Course) -> tuple[int, str]:
    return LEVELS.index(course.level), course.slug


def _module(
    row: Module | None, entry: Mapping[str, Any], position: int, known: Mapping[str, Skill]
) -> Module:
    row = row or Module(slug=entry["slug"])
    row.position = position
    for name in ("title", "hours", "summary", "topics"):
        setattr(row, name, entry[name])
    have = {cell.skill.slug: cell for cell in row.coverage}
    cells = []
    for wanted in entry["coverage"]:
        cell = have.get(wanted["skill"]) or Coverage(skill=_skill(known, wanted["skill"]))
        cell.level, cell.assessed = Level(wanted["level"]), bool(wanted.get("assessed"))
        cells.append(cell)
    row.coverage = cells
    return row


def _put(model: type[Any], slug: str, values: Mapping[str, Any]) -> Any:
    """Make or change the row with this slug."""
    row = db.session.scalar(sa.select(model).where(model.slug == slug))
    if row is None:
        row = model()
        db.session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _skills() -> dict[str, Skill]:
    return {skill.slug: skill for skill in db.session.scalars(sa.select(Skill))}


def _skill(known: Mapping[str, Skill], slug: str) -> Skill:
    if slug not in known:
        raise UnknownSkill(skill=slug)
    return known[slug]
