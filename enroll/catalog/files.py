"""The catalog as files: YAML with Markdown inside, one file for the skills, one a guide, one a course."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from enroll.catalog.documents import Document, Kind
from enroll.catalog.editing import begin, publish, save, version
from enroll.catalog.folders import (
    FOLDERS,
    SKILLS,
    BadContent,
    Complaint,
    Sheet,
    complaints_about,
    read_folder,
)
from enroll.catalog.models import Course, Manuscript, RoleGuide, Skill
from enroll.catalog.notation import gettext, write
from enroll.catalog.published import published, skill_list
from enroll.catalog.publishing import SkillInUse, apply
from enroll.db import db
from enroll.refusal import Refused

SHIPPED = Path(__file__).parent / "content"


class NotOurs(Refused):
    """The folder holds files that a dump would not write: `files`, the first few of them."""

    def __init__(self, *, files: list[str]) -> None:
        super().__init__(files=files)
        self.files = files


# ---------------------------------------------------------------- from files


def load_catalog(*, folder: Path, now: datetime) -> int:
    """Publish what the files say, as `publish_folder` does."""
    return publish_folder(read=read_folder(folder), now=now)


def publish_folder(*, read: tuple[list[Sheet], list[Complaint]], now: datetime) -> int:
    """Publish what `read_folder` found; answers how many files that were.

    (Reading takes its time; whoever shares the database reads before the transaction.)
    Loading twice changes nothing. What is in the database and not in the files stays, and so do all
    versions that were written by hand; of the skill list, which is one file, nothing else stays.
    Refuses the whole folder with `BadContent`, which has every complaint about every file, before
    anything is written; with `Overtaken` if somebody saves one of these at the same moment.
    """
    sheets, strays = read
    known: dict[Kind, set[str]] = {
        kind: set(db.session.scalars(sa.select(model.slug)))
        for kind, model in (
            (Kind.SKILLS, Skill),
            (Kind.ROLE, RoleGuide),
            (Kind.COURSE, Course),
        )
    }
    if complaints := [*strays, *complaints_about(sheets, known)]:
        raise BadContent(complaints=complaints)
    # Old skills leave last: until then a guide or a course may still name them.
    lists = [sheet for sheet in sheets if sheet.kind is Kind.SKILLS]
    for sheet in lists:
        _widen(sheet.source.document)
    for sheet in [sheet for sheet in sheets if sheet.kind is not Kind.SKILLS]:
        _publish(sheet.kind, sheet.source.document, now)
    for sheet in lists:
        try:
            _publish(sheet.kind, sheet.source.document, now)
        except SkillInUse as refusal:
            raise BadContent(complaints=[_in_use(sheet, refusal)]) from None
    return len(sheets)


def _widen(document: Document) -> None:
    """Make the new skills known beside the old ones, without a version of it."""
    entries = document["skills"]
    named = {entry["slug"] for entry in entries}
    kept = [entry for entry in skill_list() if entry["slug"] not in named]
    apply(Kind.SKILLS, Kind.SKILLS.value, {"skills": [*entries, *kept]})


def _publish(kind: Kind, document: Document, now: datetime) -> None:
    slug = document.get("slug", kind.value)
    manuscript = db.session.scalar(
        sa.select(Manuscript).where(Manuscript.kind == kind, Manuscript.slug == slug)
    )
    why = "loaded from a file"
    if manuscript is None:
        made = begin(kind=kind, document=document, by="file", why=why, now=now)
    elif _is_published(manuscript, document):
        return
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


def _is_published(manuscript: Manuscript, document: Document) -> bool:
    number = manuscript.published
    return number is not None and version(manuscript.id, number).document == document


def _in_use(sheet: Sheet, refusal: SkillInUse) -> Complaint:
    missing = refusal.facts["skills"]
    words = gettext(
        "These skills are not in the list, but a course or a guide in the database still names"
        " them: %(skills)s. Keep them, or load that course or guide without them.",
        skills=", ".join(missing if isinstance(missing, list) else []),
    )
    return Complaint(sheet.name, sheet.source.line(("skills",)), words)


# ---------------------------------------------------------------- to files


def dump_catalog() -> dict[str, str]:
    """What is published now, as texts by file name; loaded again, they change nothing.

    The same content gives the same texts.
    """
    return {
        f"{FOLDERS[kind]}/{slug}.yaml" if kind in FOLDERS else SKILLS: write(document)
        for kind, slug, document in published()
    }


def write_folder(folder: Path, texts: Mapping[str, str]) -> None:
    """Write these files, and none if one cannot be written; makes the folder.

    Refuses with `NotOurs` a folder that holds anything else: after a load of it nobody could say
    what came from where.
    """
    folder.mkdir(parents=True, exist_ok=True)
    others = (path for path in folder.rglob("*") if not _is_ours(path, folder, texts))
    if found := [str(path.relative_to(folder)) for path in islice(others, 3)]:
        raise NotOurs(files=found)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as draft:
        for name, text in texts.items():
            path = Path(draft, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
        for name in texts:
            (folder / name).parent.mkdir(exist_ok=True)
            Path(draft, name).replace(folder / name)


def _is_ours(path: Path, folder: Path, names: Mapping[str, str]) -> bool:
    if path.is_symlink():
        return False
    name = path.relative_to(folder).as_posix()
    return name in FOLDERS.values() if path.is_dir() else name in names
