"""Loads the catalog from files: YAML with Markdown inside, one file a guide and one a course."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from enroll.catalog.coverage import Level
from enroll.catalog.models import Course, Coverage, Module, RoleGuide, Skill
from enroll.db import db
from enroll.refusal import Refused

SHIPPED = Path(__file__).parent / "content"


class BadContent(Refused):
    """A file of the catalog cannot be meant; `file` and `problem` say where and why."""


def load_catalog(*, folder: Path) -> int:
    """Bring skills, courses and role guides to what the files say; answers how many were read.

    Loading twice changes nothing. What is in the database and not in the files stays. Refuses the
    whole folder with `BadContent` where one file is wrong.
    """
    skills = _read(folder / "skills.yaml")["skills"]
    courses = [_read(path) for path in sorted((folder / "courses").glob("*.yaml"))]
    roles = [_read(path) for path in sorted((folder / "roles").glob("*.yaml"))]
    for position, skill in enumerate(skills):
        _put(Skill, skill["slug"], {**skill, "position": position})
    db.session.flush()
    known = {skill.slug: skill for skill in db.session.scalars(sa.select(Skill))}
    for position, course in enumerate(sorted(courses, key=_by_level)):
        _put_course(course, position, known)
    db.session.flush()
    for role in roles:
        _put_role(role, courses, known)
    return len(skills) + len(courses) + len(roles)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadContent(file=path.name, problem=str(error)) from error
    if not isinstance(content, dict):
        raise BadContent(file=path.name, problem="not a mapping")
    return content


def _by_level(course: Mapping[str, Any]) -> tuple[int, str]:
    order = ["Beginner", "Intermediate", "Advanced"]
    return order.index(course["level"]), course["slug"]


def _put(model: type[Any], slug: str, values: Mapping[str, Any]) -> Any:
    """Make or change the row with this slug."""
    row = db.session.scalar(sa.select(model).where(model.slug == slug))
    if row is None:
        row = model(slug=slug)
        db.session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _put_course(course: dict[str, Any], position: int, known: Mapping[str, Skill]) -> None:
    plain = {
        name: value for name, value in course.items() if name not in ("modules", "roles", "slug")
    }
    row: Course = _put(Course, course["slug"], {**plain, "position": position})
    have = {module.slug: module for module in row.modules}
    row.modules = [
        _module(have.get(module["slug"]), module, number, known, course["slug"])
        for number, module in enumerate(course["modules"])
    ]


def _module(
    row: Module | None,
    module: Mapping[str, Any],
    position: int,
    known: Mapping[str, Skill],
    course: str,
) -> Module:
    row = row or Module(slug=module["slug"])
    row.position = position
    for name in ("title", "hours", "summary", "topics"):
        setattr(row, name, module[name])
    have = {cell.skill.slug: cell for cell in row.coverage}
    cells = []
    for entry in module["coverage"]:
        if entry["skill"] not in known:
            raise BadContent(file=f"{course}.yaml", problem=f"no skill is called {entry['skill']}")
        cell = have.get(entry["skill"]) or Coverage(skill=known[entry["skill"]])
        cell.level, cell.assessed = Level(entry["level"]), bool(entry.get("assessed"))
        cells.append(cell)
    row.coverage = cells
    return row


def _put_role(
    role: dict[str, Any], courses: list[dict[str, Any]], known: Mapping[str, Skill]
) -> None:
    values = {name: value for name, value in role.items() if name not in ("slug", "skills")}
    for name in ("history", "ladder", "certifications", "related"):
        values.setdefault(name, [])
    values.setdefault("salary", None)
    row: RoleGuide = _put(RoleGuide, role["slug"], values)
    row.skills = [known[slug] for slug in role["skills"]]
    leading = [course["slug"] for course in courses if role["slug"] in course.get("roles", [])]
    row.courses = list(db.session.scalars(sa.select(Course).where(Course.slug.in_(leading))))
