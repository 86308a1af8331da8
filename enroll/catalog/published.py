"""What the public reads, as documents again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from enroll.catalog.documents import Document, Kind
from enroll.catalog.models import Course, Manuscript, Module, RoleGuide, Skill, Version
from enroll.catalog.shapes import SHAPES, ordered
from enroll.db import db


def published() -> Iterator[tuple[Kind, str, dict[str, Any]]]:
    """Every published document, with its kind and its slug, keys in the order of the files.

    What somebody wrote is given back word for word. What was put into the tables before versions
    were kept is made from its row. Drafts are not here.
    """
    written = {
        (manuscript.kind, manuscript.slug): version.document
        for manuscript, version in db.session.execute(
            sa.select(Manuscript, Version).join(
                Version,
                sa.and_(
                    Version.manuscript_id == Manuscript.id, Version.number == Manuscript.published
                ),
            )
        )
    }
    for kind, slug, document in _rows():
        if kind is Kind.SKILLS and not document["skills"] and (kind, slug) not in written:
            continue  # nobody ever made a list
        yield kind, slug, ordered(SHAPES[kind], written.get((kind, slug), document))


def _rows() -> Iterator[tuple[Kind, str, Document]]:
    yield Kind.SKILLS, Kind.SKILLS.value, {"skills": skill_list()}
    guides = sa.select(RoleGuide).order_by(RoleGuide.slug).options(selectinload(RoleGuide.skills))
    for guide in db.session.scalars(guides):
        yield Kind.ROLE, guide.slug, document_of(guide)
    courses = (
        sa.select(Course)
        .order_by(Course.slug)
        .options(
            selectinload(Course.roles), selectinload(Course.modules).selectinload(Module.coverage)
        )
    )
    for course in db.session.scalars(courses):
        yield Kind.COURSE, course.slug, document_of(course)


def skill_list() -> list[dict[str, Any]]:
    """The entries of the skill list as its rows have them."""
    rows = db.session.scalars(sa.select(Skill).order_by(Skill.position))
    return [_values(row, "slug name group summary topics esco onet") for row in rows]


def document_of(row: RoleGuide | Course) -> dict[str, Any]:
    """The document that, published, makes this row what it is."""
    if isinstance(row, Course):
        return _course(row)
    document = _values(row, "slug title summary related history salary ladder certifications")
    document |= {"sections": row.sections, "occupation": row.occupation}
    return document | {"skills": [skill.slug for skill in row.skills]}


def _course(row: Course) -> dict[str, Any]:
    document = _values(row, "slug title summary level weeks hours_per_week audience prerequisites")
    document |= _values(row, "requires outcomes body")
    told = _values(row, "hours_beside device data_needed").items()
    document |= {name: value for name, value in told if value not in (None, "")}
    document["roles"] = sorted(role.slug for role in row.roles)
    document["modules"] = [
        _values(module, "slug title hours summary topics")
        | {
            "coverage": [
                {"skill": cell.skill.slug, "level": cell.level.value, "assessed": cell.assessed}
                for cell in sorted(module.coverage, key=lambda cell: cell.skill.position)
            ]
        }
        for module in row.modules
    ]
    return document


def _values(row: object, names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names.split()}
