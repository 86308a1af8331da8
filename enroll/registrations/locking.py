"""Locks in the one order: batches by id, then wishes by id, then registrations by id."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.db import Again, db, dialect_name, lock_batches
from enroll.registrations.models import Registration, Wish
from enroll.registrations.states import LIVE

_ALONE_CLASS = 0x5EA8  # beside the class of the batches' locks

# Built once: building a statement takes longer than running it.
_mine = aliased(Registration)
_TIED = (
    sa.select(Registration.id, Registration.batch_id)
    .join(
        _mine,
        sa.or_(
            sa.and_(Registration.wish_id == _mine.wish_id, Registration.state.in_(LIVE)),
            Registration.id == _mine.replaces_id,
            Registration.id == _mine.id,
        ),
    )
    .where(_mine.id.in_(sa.bindparam("which", expanding=True)))
)
_WISHES = (
    sa.select(Wish.id)
    .where(
        Wish.id.in_(
            sa.select(Registration.wish_id).where(
                Registration.batch_id.in_(sa.bindparam("batches", expanding=True)),
                Registration.wish_id.is_not(None),
                Registration.state.in_(LIVE),
            )
        )
    )
    .order_by(Wish.id)
    .with_for_update()
)


def lock_seating(*batch_ids: int) -> None:
    """Lock these batches exclusively, and the wishes of everybody in them.

    A wish's places lie in several batches, and two of those may free a seat at the same moment:
    its row decides which one makes the offer.
    """
    lock_batches(*batch_ids)
    if dialect_name() == "postgresql":
        db.session.execute(_WISHES, {"batches": batch_ids})


def lock_person(registration_id: int, *batch_ids: int) -> Registration:
    """Lock everything that a decision of this person may touch, and read the registration anew.

    That is `batch_ids`, and the batches of what is bound to the registration: its wish, and the
    place it replaces. Raises `Again` if more became bound while we waited.
    """
    locked = {*batch_ids, *bound_batches(registration_id)}
    lock_seating(*locked)
    if not bound_batches(registration_id) <= locked:
        raise Again
    return read_locked(registration_id)


def lock_people(registration_ids: Collection[int], *batch_ids: int) -> Sequence[Registration]:
    """The same for many people at once: those of `batch_ids[0]`, in the order they came.

    Locks `batch_ids` and every batch that somebody of them is bound to. Raises `Again` likewise.
    """
    locked = {*batch_ids, *tied(*registration_ids).values()}
    lock_seating(*locked)
    if not set(tied(*registration_ids).values()) <= locked:
        raise Again
    # In id order, as everybody locks rows; read anew.
    rows = db.session.scalars(
        sa.select(Registration)
        .where(Registration.batch_id == batch_ids[0], Registration.id.in_(registration_ids))
        .order_by(Registration.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return sorted(rows, key=lambda one: one.queue_number)


def read_locked(registration_id: int) -> Registration:
    """The row as it is now; FOR UPDATE, because two shared holders may mean the same person."""
    return db.session.get_one(
        Registration, registration_id, populate_existing=True, with_for_update=True
    )


def is_bound(registration_id: int) -> bool:
    """Does it belong to a wish, or replace another place? Neither is ever taken back."""
    return bool(
        db.session.scalar(
            sa.select(sa.literal(1)).where(
                Registration.id == registration_id,
                sa.or_(Registration.wish_id.is_not(None), Registration.replaces_id.is_not(None)),
            )
        )
    )


def tied(*registration_ids: int) -> dict[int, int]:
    """All that ends when these registrations become enrolments, and themselves: batch ids by id.

    Their wish, what they replace, and what is tied to those in turn.
    """
    found: dict[int, int] = {}
    frontier = set(registration_ids)
    while frontier:
        rows = {row[0]: row[1] for row in db.session.execute(_TIED, {"which": list(frontier)})}
        frontier = rows.keys() - found.keys() - frontier
        found |= rows
    return found


def bound_batches(registration_id: int) -> set[int]:
    """The batches in which something ends when this registration becomes an enrolment."""
    return set(tied(registration_id).values())


def wished_elsewhere(batch_id: int) -> set[int]:
    """Where else the people of this batch wait by a wish: there it may be their turn now."""
    here = aliased(Registration)
    places = (
        sa.select(Registration.batch_id)
        .join(here, here.wish_id == Registration.wish_id)
        .where(here.batch_id == batch_id, here.state.in_(LIVE), Registration.state.in_(LIVE))
    )
    return set(db.session.scalars(places)) - {batch_id}


def lock_alone(key: str) -> None:
    """One transaction at a time for this address or network. (SQLite has one anyway.)

    The last lock anybody takes, so nobody waits in a circle.
    """
    if dialect_name() == "postgresql":
        number = sa.func.hashtext(key)
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_ALONE_CLASS, number)))
