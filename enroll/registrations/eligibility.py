"""Who may be offered a seat: the one rule that newcomers, promotion and the audit share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from enroll.batches.models import Batch, Seat
from enroll.batches.states import BatchState
from enroll.db import db
from enroll.registrations.models import Registration, live
from enroll.registrations.states import State


def is_eligible() -> sa.ColumnElement[bool]:
    """Waiting, with a confirmed address, and not resting after a pass."""
    return sa.and_(
        Registration.state == State.WAITLISTED,
        Registration.address_confirmed_at.is_not(None),
        ~Registration.is_resting,
    )


def somebody_is_eligible(batch_id: int | sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    """Does anybody stand before a newcomer in this batch?"""
    return sa.exists().where(Registration.batch_id == batch_id, is_eligible())


def first_eligible(batch_id: int) -> Registration | None:
    """Whose turn it is, as of now: call it under the exclusive lock."""
    return db.session.scalar(
        sa.select(Registration)
        .where(Registration.batch_id == batch_id, is_eligible())
        .order_by(Registration.queue_number)
        .limit(1)
        .execution_options(populate_existing=True)
    )


def batches_to_tidy(now: datetime) -> Sequence[int]:
    """Batches in which a deadline has passed, people wait for nothing, or a free seat meets a waiter."""
    over = sa.select(Registration.batch_id).where(live, Registration.deadline_at <= now)
    waits_in_vain = (
        sa.select(Registration.batch_id)
        .join(Batch, Batch.id == Registration.batch_id)
        .where(Registration.state == State.WAITLISTED, Batch.closes_at <= now)
    )
    idle = sa.select(Batch.id).where(
        Batch.state != BatchState.CALLED_OFF,
        Batch.closes_at > now,
        sa.exists().where(Seat.batch_id == Batch.id, ~Seat.taken),
        sa.exists().where(Registration.batch_id == Batch.id, is_eligible()),
    )
    return db.session.scalars(sa.union(over, waits_in_vain, idle, _orphaned())).all()


def _orphaned() -> sa.Select[int]:
    """Seats taken by nobody: only a hand-written statement leaves one."""
    held = sa.exists().where(
        Registration.batch_id == Seat.batch_id, Registration.seat_number == Seat.number
    )
    return sa.select(Seat.batch_id).where(Seat.taken, ~held)
