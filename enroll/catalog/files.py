"""The catalog as files: YAML with Markdown inside, one file for the skills, one a guide, one a course."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from enroll.catalog.documents import Document, Kind
from enroll.catalog.editing import begin, publish, save, version
from enroll.catalog.models import Manuscript
from enroll.db import db
from enroll.refusal import Refused

SHIPPED = Path(__file__).parent / "content"


class BadContent(Refused):
    """A file of the catalog cannot be meant; `file` and `problem` say where and why."""


def load_catalog(*, folder: Path, now: datetime) -> int:
    """Publish what the files say; answers how many files were read.

    Loading twice changes nothing. What is in the database and not in the files stays, and so do all
    versions that were written by hand. Refuses the whole folder with `BadContent` where one file is
    wrong.
    """
    found = list(_documents(folder))
    for kind, document in found:
        manuscript = db.session.scalar(
            sa.select(Manuscript).where(
                Manuscript.kind == kind, Manuscript.slug == document.get("slug", kind.value)
            )
        )
        why = "loaded from a file"
        if manuscript is None:
            made = begin(kind=kind, document=document, by="file", why=why, now=now)
        elif _is_published(manuscript, document):
            continue
        else:
            made = save(
                manuscript_id=manuscript.id,
                base=manuscript.latest,
                document=document,
                by="file",
                why=why,
                now=now,
            )
        publish(manuscript_id=made.manuscript_id, number=made.number)
    return len(found)


def _is_published(manuscript: Manuscript, document: Document) -> bool:
    number = manuscript.published
    return number is not None and version(manuscript.id, number).document == document


def _documents(folder: Path) -> Iterator[tuple[Kind, dict[str, Any]]]:
    """In an order in which each names only what came before."""
    yield Kind.SKILLS, _read(folder / "skills.yaml")
    for kind, place in ((Kind.ROLE, "roles"), (Kind.COURSE, "courses")):
        for path in sorted((folder / place).glob("*.yaml")):
            yield kind, _read(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadContent(file=path.name, problem=str(error)) from error
    if not isinstance(content, dict):
        raise BadContent(file=path.name, problem="not a mapping")
    return content
