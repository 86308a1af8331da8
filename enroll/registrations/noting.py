"""What staff write down about somebody for each other; the person never reads it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from enroll.db import db
from enroll.registrations.locking import read_locked
from enroll.registrations.models import Note
from enroll.registrations.outcomes import HasEnded

LONGEST_NOTE = 2000


def write_note(*, registration_id: int, text: str, by: str, now: datetime) -> bool:
    """Write a note about somebody. The same one twice in a row is one: answers whether it is new.

    Refuses with `HasEnded` where the person's data is deleted: nothing new is kept about them.
    """
    one = read_locked(registration_id)
    if one.erased_at is not None:
        raise HasEnded(state=one.state)
    last = db.session.scalar(
        sa.select(Note)
        .where(Note.registration_id == registration_id)
        .order_by(Note.id.desc())
        .limit(1)
    )
    if last is not None and (last.text, last.by) == (text, by):
        return False
    db.session.add(Note(registration_id=registration_id, text=text, by=by, at=now))
    db.session.flush()
    return True


def notes_about(registration_id: int) -> Sequence[Note]:
    """Its notes, first to last."""
    return db.session.scalars(
        sa.select(Note).where(Note.registration_id == registration_id).order_by(Note.id)
    ).all()


def count_notes(registration_id: int) -> int:
    """How many notes say something."""
    counted = sa.select(sa.func.count()).where(
        Note.registration_id == registration_id, Note.text != ""
    )
    return db.session.scalar(counted) or 0


def empty_notes(registration_ids: Collection[int]) -> None:
    """Nothing about these people is left in their notes; the rows stay."""
    db.session.execute(
        sa.update(Note)
        .where(Note.registration_id.in_(registration_ids))
        .values(text="")
        .execution_options(synchronize_session=False)
    )
