"""Takes free seats and frees taken ones: the only module that writes `seat.taken`.

Whoever calls it holds the batch's lock: shared for a newcomer, exclusive for everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from enroll.batches.models import Seat
from enroll.db import db
from enroll.registrations.eligibility import a_group_is_passed, somebody_is_eligible
from enroll.registrations.models import Registration


def claim_for_newcomer(batch_id: int) -> tuple[int | None, bool]:
    """Take the free seat with the lowest number, past those that others are taking just now.

    None while somebody waits who is eligible for it. Answers the seat's number, and whether a group
    was passed that is too large for what is free.
    """
    row = db.session.connection().execute(_claim(True), {"batch": batch_id}).one_or_none()
    return (row[0], bool(row[1])) if row else (None, False)


def claim_seats(batch_id: int, count: int) -> list[int] | None:
    """Take so many free seats, all or none: `None` if fewer are free. The caller seats people."""
    numbers: list[int] = []
    for _ in range(count):
        number = db.session.connection().scalar(_claim(False), {"batch": batch_id})
        if number is None:
            free_seats(batch_id, numbers)
            return None
        numbers.append(number)
    return numbers


def free_seats(batch_id: int, numbers: Sequence[int]) -> None:
    """Mark these seats free; nobody may hold them any more (the foreign key looks)."""
    db.session.execute(
        sa.update(Seat)
        .where(Seat.batch_id == batch_id, Seat.number.in_(numbers))
        .values(taken=False)
        .execution_options(synchronize_session=False)
    )


def free_orphaned_seats(batch_id: int) -> None:
    """Free what is taken by nobody: no verb leaves such a seat, a hand-written statement may."""
    held = sa.select(Registration.seat_number).where(
        Registration.batch_id == batch_id, Registration.seat_number.is_not(None)
    )
    db.session.execute(
        sa.update(Seat)
        .where(Seat.batch_id == batch_id, Seat.taken, Seat.number.not_in(held))
        .values(taken=False)
        .execution_options(synchronize_session=False)
    )


def count_free(batch_id: int) -> int:
    """How many seats are free."""
    return (
        db.session.scalar(sa.select(sa.func.count()).where(Seat.batch_id == batch_id, ~Seat.taken))
        or 0
    )


def wake(batch_id: int) -> None:
    """A seat has freed: a new chance for those who rest."""
    db.session.execute(
        sa.update(Registration)
        .where(Registration.batch_id == batch_id, Registration.is_resting)
        .values(is_resting=False)
    )


# Statements of the crowded path are built once: building one takes longer than running it.
@cache
def _claim(is_newcomer: bool) -> sa.Executable:
    batch_id = sa.bindparam("batch", type_=sa.Integer)
    free = (
        sa.select(Seat.number)
        .where(Seat.batch_id == batch_id, ~Seat.taken)
        .order_by(Seat.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    told: list[Any] = [Seat.number]
    if is_newcomer:
        free = free.where(~somebody_is_eligible(batch_id))
        told.append(a_group_is_passed(batch_id))
    return (
        sa.update(Seat)
        .where(Seat.batch_id == batch_id, Seat.number == free.scalar_subquery())
        .values(taken=True)
        .returning(*told)
    )
