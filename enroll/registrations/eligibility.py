"""Who may be offered a seat: the one rule that newcomers, promotion and the audit share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.batches.deadlines import LEAST_OFFER
from enroll.batches.models import Batch, Seat, begins_at
from enroll.batches.states import BatchState
from enroll.db import db
from enroll.registrations.models import Registration, live
from enroll.registrations.states import State

# Conditions and statements are built once: building one takes longer than running it, and the
# exclusive lock is held meanwhile. So are the second views of the table that they need.
_mate = aliased(Registration)
_elsewhere = aliased(Registration)


@cache
def is_eligible() -> sa.ColumnElement[bool]:
    """First in line for the next seat, if nobody who is has a lower number.

    Waiting, with a confirmed address, not resting after a pass; the wish, if any, has no open offer
    in another batch; the group, if any, is ready as a whole and fits the free seats.
    """
    return sa.and_(
        _is_waiting(Registration),
        sa.or_(
            Registration.group_id.is_(None),
            sa.and_(_group_is_confirmed(), _group_is_here(), _group_fits()),
        ),
    )


@cache
def is_passed_group() -> sa.ColumnElement[bool]:
    """Would be eligible, but for the group: it is too large, or one of it considers another offer.

    A seat that goes to the next person skips it.
    """
    return sa.and_(
        Registration.group_id.is_not(None),
        _is_waiting(Registration),
        _group_is_confirmed(),
        sa.or_(~_group_is_here(), ~_group_fits()),
    )


def _is_waiting(one: type[Registration]) -> sa.ColumnElement[bool]:
    """Waits for an offer here: confirmed, not resting, without an open offer elsewhere."""
    return sa.and_(
        one.state == State.WAITLISTED,
        one.address_confirmed_at.is_not(None),
        ~one.is_resting,
        sa.or_(one.wish_id.is_(None), ~_has_open_offer(one)),
    )


def _has_open_offer(one: type[Registration]) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(_elsewhere.wish_id == one.wish_id, _elsewhere.state == State.OFFERED)
        .correlate(one)
    )


def _group_is_confirmed() -> sa.ColumnElement[bool]:
    return ~_some_mate(_mate.address_confirmed_at.is_(None))


def _group_is_here() -> sa.ColumnElement[bool]:
    """Does no member consider an offer elsewhere just now?"""
    return ~_some_mate(sa.and_(_mate.wish_id.is_not(None), _has_open_offer(_mate)))


def _some_mate(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(_mate.group_id == Registration.group_id, _mate.state == State.WAITLISTED, condition)
        .correlate(Registration)
    )


def _group_fits() -> sa.ColumnElement[bool]:
    """Are there as many free seats as members who wait for one?"""
    members = (
        sa.select(sa.func.count())
        .select_from(_mate)
        .where(_mate.group_id == Registration.group_id, _is_waiting(_mate))
        .correlate(Registration)
        .scalar_subquery()
    )
    free = (
        sa.select(sa.func.count())
        .select_from(Seat)
        .where(Seat.batch_id == Registration.batch_id, ~Seat.taken)
        .correlate(Registration)
        .scalar_subquery()
    )
    return members <= free


def somebody_is_eligible(batch_id: int | sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    """Does anybody stand before a newcomer in this batch?"""
    return sa.exists().where(Registration.batch_id == batch_id, is_eligible())


def comes_first(batch_id: int, *, besides: int = 0) -> bool:
    """Would somebody new (`besides`, if the row is there already) be the first in line?"""
    return not db.session.scalar(_somebody(), {"batch": batch_id, "besides": besides})


@cache
def _somebody() -> sa.Select[bool]:
    batch_id = sa.bindparam("batch", type_=sa.Integer)
    waits = somebody_is_eligible(batch_id)
    return sa.select(waits.where(Registration.id != sa.bindparam("besides", type_=sa.Integer)))


def a_group_is_passed(batch_id: int | sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    """Does a group wait that is too large for the free seats?"""
    return sa.exists().where(Registration.batch_id == batch_id, is_passed_group())


def next_eligible(batch_id: int) -> Sequence[Registration]:
    """Whose turn it is, as of now: one person or a whole group. Call it under the exclusive lock."""
    first = db.session.scalar(_first(), {"batch": batch_id})
    if first is None or first.group_id is None:
        return [first] if first else []
    return db.session.scalars(_group(), {"group": first.group_id}).all()


@cache
def _group() -> sa.Select[Registration]:
    return (
        sa.select(Registration)
        .where(Registration.group_id == sa.bindparam("group"), _is_waiting(Registration))
        .order_by(Registration.queue_number)
        .execution_options(populate_existing=True)
    )


@cache
def _first() -> sa.Select[Registration]:
    return (
        sa.select(Registration)
        .where(Registration.batch_id == sa.bindparam("batch"), is_eligible())
        .order_by(Registration.queue_number)
        .limit(1)
        .execution_options(populate_existing=True)
    )


def passed_groups(batch_id: int, *, before: int | None = None) -> Sequence[Registration]:
    """The members of groups too large for the free seats; with `before`, those ahead of that number."""
    before = before if before is not None else 2**31 - 1
    return db.session.scalars(_passed(), {"batch": batch_id, "before": before}).all()


@cache
def _passed() -> sa.Select[Registration]:
    return (
        sa.select(Registration)
        .where(
            Registration.batch_id == sa.bindparam("batch"),
            Registration.queue_number < sa.bindparam("before"),
            is_passed_group(),
        )
        .order_by(Registration.queue_number)
        .execution_options(populate_existing=True)
    )


def count_waiting(group_id: int | None) -> int:
    """How many of a group wait for seats, wherever else they may have an offer."""
    waiting = sa.select(sa.func.count()).where(
        Registration.group_id == group_id,
        Registration.state == State.WAITLISTED,
        ~Registration.is_resting,
    )
    return db.session.scalar(waiting) or 0


def is_asked_elsewhere(one: Registration) -> bool:
    """Has the person's wish an open offer in another batch? One at a time is enough."""
    offers = sa.exists().where(
        Registration.wish_id == one.wish_id,
        Registration.state == State.OFFERED,
        Registration.id != one.id,
    )
    return one.wish_id is not None and bool(db.session.scalar(sa.select(offers)))


def batches_to_tidy(now: datetime) -> Sequence[int]:
    """Batches in which a deadline has passed, people wait for nothing, or a free seat meets a waiter."""
    over = sa.select(Registration.batch_id).where(live, Registration.deadline_at <= now)
    waits_in_vain = (
        sa.select(Registration.batch_id)
        .join(Batch, Batch.id == Registration.batch_id)
        .where(
            Registration.state.in_((State.WAITLISTED, State.APPLIED)),
            begins_at() <= now,
        )
    )
    idle = sa.select(Batch.id).where(
        is_on(),
        begins_at() > now + LEAST_OFFER,
        sa.exists().where(Seat.batch_id == Batch.id, ~Seat.taken),
        sa.exists().where(Registration.batch_id == Batch.id, is_eligible()),
    )
    return db.session.scalars(sa.union(over, waits_in_vain, idle, _orphaned())).all()


def is_on() -> sa.ColumnElement[bool]:
    """Public and not called off."""
    return Batch.state.in_((BatchState.TENTATIVE, BatchState.CONFIRMED_TO_RUN))


def _orphaned() -> sa.Select[int]:
    """Seats taken by nobody: only a hand-written statement leaves one."""
    held = sa.exists().where(
        Registration.batch_id == Seat.batch_id, Registration.seat_number == Seat.number
    )
    return sa.select(Seat.batch_id).where(Seat.taken, ~held)
