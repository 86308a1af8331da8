"""What of the catalog can be found: what is published, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from markdown_it import MarkdownIt
from sqlalchemy.orm import selectinload

from enroll.catalog.documents import Kind
from enroll.catalog.models import Course, RoleGuide, Skill
from enroll.db import db
from enroll.search.filling import Entry, drop, keys, put
from enroll.search.kinds import Found

_prose = MarkdownIt("commonmark").enable("table")


def index(kind: Kind, old_slug: str, slug: str) -> None:
    """Let a document that was just published be found, and no more what it had before."""
    if kind is Kind.SKILLS:
        entries = list(_skills())
        gone = set(keys(Found.SKILL, "")) - {entry.key for entry in entries}
        drop(Found.SKILL, *gone)
    elif kind is Kind.ROLE:
        entries = list(_guides(RoleGuide.slug == slug))
        drop(Found.GUIDE, *{old_slug} - {slug})
    else:
        entries = list(_courses(Course.slug == slug))
        drop(Found.COURSE, *{old_slug} - {slug})
        before = {*keys(Found.MODULE, f"{old_slug}#"), *keys(Found.MODULE, f"{slug}#")}
        drop(Found.MODULE, *before - {entry.key for entry in entries})
    put(*entries)


def index_all() -> None:
    """Let everything that is published be found."""
    put(*_skills(), *_guides(), *_courses())


def _skills() -> Iterator[Entry]:
    for skill in db.session.scalars(sa.select(Skill).order_by(Skill.position)):
        yield Entry(
            kind=Found.SKILL,
            key=skill.slug,
            address=f"/skills/{skill.slug}",
            title=skill.name,
            body=_together([skill.summary, *skill.topics]),
        )


def _guides(*which: sa.ColumnElement[bool]) -> Iterator[Entry]:
    for guide in db.session.scalars(sa.select(RoleGuide).where(*which).order_by(RoleGuide.id)):
        # Parts that staff have not written yet are absent.
        sections = (part.get(name, "") for part in guide.sections for name in ("title", "body"))
        titles = (title for step in guide.ladder for title in step.get("titles", ()))
        names = (one.get("name", "") for one in guide.certifications)
        told = (one.get("what", "") for one in guide.history)
        yield Entry(
            kind=Found.GUIDE,
            key=guide.slug,
            address=f"/roles/{guide.slug}",
            title=guide.title,
            also=guide.slug,  # people say “ML engineer” too
            body=_together([guide.summary, *sections, *titles, *names, *told]),
        )


def _courses(*which: sa.ColumnElement[bool]) -> Iterator[Entry]:
    query = sa.select(Course).where(*which).order_by(Course.position, Course.id)
    for course in db.session.scalars(query.options(selectinload(Course.modules))):
        lists = (*course.audience, *course.outcomes, *course.prerequisites)
        yield Entry(
            kind=Found.COURSE,
            key=course.slug,
            address=f"/courses/{course.slug}",
            title=course.title,
            also=course.slug,
            body=_together([course.summary, course.body, *lists]),
        )
        for module in course.modules:
            yield Entry(
                kind=Found.MODULE,
                key=f"{course.slug}#{module.slug}",
                address=f"/courses/{course.slug}#{module.slug}",
                title=module.title,
                body=_together([module.summary, *module.topics]),
                within=course.title,
            )


def _together(texts: Iterable[str]) -> str:
    """The words of these Markdown texts, one after the other, each ended like a sentence."""
    blocks = (block for text in texts for block in _plain(text))
    return " ".join(
        block if block[-1] in ".:;!?" else f"{block}." for block in map(str.strip, blocks) if block
    )


def _plain(text: str) -> Iterator[str]:
    for block in _prose.parse(text):
        if block.type == "inline":
            yield "".join(
                part.content if part.content else " "
                for part in block.children or []
                if part.content or part.type in ("softbreak", "hardbreak")
            )
