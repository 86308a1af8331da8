"""Unasked letters are few: an address gets three a day, whoever types it and into which form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from enroll.db import db, dialect_name, insert_once
from enroll.mail.models import UnaskedSlot

A_DAY = 3
KEPT = timedelta(days=2)


def take_slot(*, letter_id: int, recipient: str, now: datetime) -> bool:
    """Take one of the day's three slots of this address for this letter; the day is UTC's.

    A letter that has a slot keeps it, whatever day it is. The caller holds the lock on the letter's
    row. Exact with any number of workers: two that reach for the same number meet at the primary
    key, where the second waits for the first and then takes the next one, or none.
    """
    has_one = sa.select(UnaskedSlot.number).where(UnaskedSlot.letter_id == letter_id)
    if db.session.scalar(has_one) is not None:
        return True
    key = (UnaskedSlot.recipient, UnaskedSlot.day, UnaskedSlot.number)
    insert = insert_once(dialect_name(), UnaskedSlot.__table__, *key)
    insert = insert.returning(UnaskedSlot.number)
    row = {"recipient": recipient.lower(), "day": now.astimezone(UTC).date()}
    return any(
        db.session.execute(insert, row | {"number": number, "letter_id": letter_id}).scalar()
        for number in range(1, A_DAY + 1)
    )


def forget_slots(*, now: datetime) -> int:
    """Delete the slots of days that count no more, and with them the addresses; answers how many."""
    before = (now.astimezone(UTC) - KEPT).date()
    old = sa.delete(UnaskedSlot).where(UnaskedSlot.day < before).returning(UnaskedSlot.letter_id)
    return len(db.session.scalars(old.execution_options(synchronize_session=False)).all())
