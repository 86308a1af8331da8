"""Staff write: every save is a new version; publishing brings one into the public's tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from enroll.catalog.documents import Document, Kind
from enroll.catalog.models import Manuscript, OldSlug, Version
from enroll.catalog.publishing import apply
from enroll.db import db
from enroll.refusal import Refused


class Overtaken(Refused):
    """Somebody saved another version meanwhile; `number` is the latest, `by` whoever saved it."""


class SlugTaken(Refused):
    """Another page of the same kind has this address: `slug`."""


def begin(*, kind: Kind, document: Document, by: str, now: datetime, why: str = "begun") -> Version:
    """The first version of something new, not published yet. Refuses with `SlugTaken`."""
    _refuse_taken(kind, document.get("slug", kind.value), but=None)
    manuscript = Manuscript(kind=kind, slug=document.get("slug", kind.value), latest=0)
    db.session.add(manuscript)
    db.session.flush()
    return _add(manuscript, document, by=by, why=why, now=now)


def save(
    *,
    manuscript_id: int,
    base: int,
    document: Document,
    by: str,
    now: datetime,
    why: str = "edited",
) -> Version:
    """Keep what was written as the next version, after the version `base` that the writer began from.

    What equals `base` makes no version. Refuses with `Overtaken` if another one was saved meanwhile;
    nothing of either is lost then. Locks the manuscript.
    """
    manuscript = _locked(manuscript_id)
    last = version(manuscript_id, manuscript.latest)
    if manuscript.latest != base:
        raise Overtaken(number=last.number, by=last.by)
    if last.document == document:
        return last
    return _add(manuscript, document, by=by, why=why, now=now)


def restore(*, manuscript_id: int, number: int, base: int, by: str, now: datetime) -> Version:
    """Make an old version the latest one again, as a new version. Refuses with `Overtaken`."""
    old = version(manuscript_id, number)
    return save(
        manuscript_id=manuscript_id,
        base=base,
        document=old.document,
        by=by,
        why=f"version {number} restored",
        now=now,
    )


def publish(*, manuscript_id: int, number: int) -> bool:
    """Show this version to the public; answers whether anything changed.

    An address that changes keeps leading here. Refuses with `SlugTaken`, and as `apply` does; with
    `Overtaken` if it is not the latest version. Locks the manuscript.
    """
    manuscript = _locked(manuscript_id)
    shown = version(manuscript_id, number)
    if manuscript.latest != number:
        last = version(manuscript_id, manuscript.latest)
        raise Overtaken(number=last.number, by=last.by)
    if manuscript.published == number:
        return False
    slug = shown.document.get("slug", manuscript.slug)
    if slug != manuscript.slug:
        _refuse_taken(manuscript.kind, slug, but=manuscript.id)
    apply(manuscript.kind, manuscript.slug, shown.document)
    if manuscript.published is not None and slug != manuscript.slug:
        db.session.add(
            OldSlug(kind=manuscript.kind, slug=manuscript.slug, manuscript_id=manuscript.id)
        )
    manuscript.slug, manuscript.published = slug, number
    db.session.execute(
        sa.delete(OldSlug).where(OldSlug.kind == manuscript.kind, OldSlug.slug == slug)
    )
    return True


def version(manuscript_id: int, number: int) -> Version:
    """One version; raises `NoResultFound` for a number that was never saved."""
    return db.session.get_one(Version, (manuscript_id, number))


def versions(manuscript_id: int) -> Sequence[Version]:
    """All versions, the latest first."""
    return db.session.scalars(
        sa.select(Version)
        .where(Version.manuscript_id == manuscript_id)
        .order_by(Version.number.desc())
    ).all()


def _add(
    manuscript: Manuscript, document: Document, *, by: str, why: str, now: datetime
) -> Version:
    manuscript.latest += 1
    row = Version(
        manuscript_id=manuscript.id,
        number=manuscript.latest,
        document=dict(document),
        made_at=now,
        by=by,
        why=why,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _locked(manuscript_id: int) -> Manuscript:
    return db.session.get_one(
        Manuscript, manuscript_id, with_for_update=True, populate_existing=True
    )


def _refuse_taken(kind: Kind, slug: str, *, but: int | None) -> None:
    other = sa.select(Manuscript.id).where(Manuscript.kind == kind, Manuscript.slug == slug)
    if db.session.scalar(other) not in (None, but):
        raise SlugTaken(slug=slug)
