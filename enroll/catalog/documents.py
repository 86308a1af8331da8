"""What staff write: the skill list, a role guide, a course. Pure.

A document is what a file of the catalog holds: a mapping of plain values, as YAML or JSON has them.
shapes.py says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

Document = Mapping[str, Any]
Path: TypeAlias = tuple[str | int, ...]  # where in a document: keys, and numbers from 0


class Kind(StrEnum):
    """What a document is about."""

    SKILLS = "skills"  # one document for the whole list; its slug is "skills"
    ROLE = "role"
    COURSE = "course"


LEVELS = ("Beginner", "Intermediate", "Advanced")
GROUPS = ("technical", "analytical", "interpersonal")
# What a section of a guide may show below its text: the guide's own rows, drawn.
FIGURES = ("history", "salary", "ladder", "skills", "certifications")


class Reference(NamedTuple):
    """A place in a document that names a skill, a role guide or a course by its slug."""

    path: Path
    to: Kind
    slug: str


def references(kind: Kind, document: object) -> Iterator[Reference]:
    """Everything that the document names and does not hold itself; whatever is malformed is skipped."""
    named = {
        Kind.SKILLS: (),
        Kind.ROLE: (("skills", Kind.SKILLS), ("related", Kind.ROLE)),
        Kind.COURSE: (("requires", Kind.COURSE), ("roles", Kind.ROLE)),
    }
    for key, to in named[kind]:
        for number, slug in _listed(document, key):
            if isinstance(slug, str):
                yield Reference((key, number), to, slug)
    if kind is Kind.COURSE:
        for module_number, module in _listed(document, "modules"):
            for number, cell in _listed(module, "coverage"):
                if isinstance(cell, Mapping) and isinstance(cell.get("skill"), str):
                    path = ("modules", module_number, "coverage", number, "skill")
                    yield Reference(path, Kind.SKILLS, cell["skill"])


def slugs_in(kind: Kind, document: object) -> Iterator[tuple[Path, str]]:
    """The slugs that the document itself brings: its own, or those of the skills it lists."""
    holders: list[tuple[Path, object]] = [((), document)]
    if kind is Kind.SKILLS:
        holders = [(("skills", number), entry) for number, entry in _listed(document, "skills")]
    for path, holder in holders:
        if isinstance(holder, Mapping) and isinstance(holder.get("slug"), str):
            yield (*path, "slug"), holder["slug"]


def _listed(value: object, key: str) -> list[tuple[int, Any]]:
    inner = value.get(key) if isinstance(value, Mapping) else None
    return list(enumerate(inner)) if isinstance(inner, list) else []
