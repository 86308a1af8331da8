"""What staff change about a batch that people are in: what of it they are told, and its window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enroll.batches.facts import batch_facts
from enroll.batches.indexing import index
from enroll.batches.models import Batch
from enroll.batches.planning import Changed
from enroll.batches.states import BatchState
from enroll.db import db
from enroll.mail.outbox import drop, waiting
from enroll.refusal import Refused
from enroll.registrations import letters
from enroll.registrations.allocation import promote
from enroll.registrations.letters import BATCH_CHANGED
from enroll.registrations.locking import lock_seating
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from enroll.registrations.steering import BatchMoved, tell_everybody

# Whoever is enrolled is told of these by a letter; the rest stands on pages that people look at.
TOLD = (
    *("place", "is_online", "teacher", "rhythm", "join_link", "bring"),
    *("fee_minor", "fee_currency", "payment", "refund"),  # the terms on which they confirmed
)
# Dates move with reschedule, seats with resize; admission and address stay as people met them.
FIXED = ("code", "course_id", "zone", "starts_on", "ends_on", "needs_approval")


class NoTime(Refused):
    """Registration would end before it begins, in the past, or after the batch has begun."""


def differences(batch: Batch, values: Mapping[str, Any]) -> list[str]:
    """The names of the columns that these values would change, in their order."""
    return [name for name, value in values.items() if getattr(batch, name) != value]


def is_told(names: list[str]) -> bool:
    """Is anybody written to when these columns of a public batch change?"""
    return any(name in TOLD for name in names)


def count_enrolled(batch_id: int) -> int:
    """How many a letter to the enrolled reaches."""
    people = sa.select(sa.func.count()).select_from(Registration)
    enrolled = people.where(
        Registration.batch_id == batch_id, Registration.state == State.CONFIRMED
    )
    return db.session.scalar(enrolled) or 0


def first_enrolled(batch_id: int) -> Registration:
    """The first whom a letter to the enrolled reaches."""
    return db.session.scalars(
        sa.select(Registration)
        .where(Registration.batch_id == batch_id, Registration.state == State.CONFIRMED)
        .order_by(Registration.id)
        .limit(1)
    ).one()


def alter(*, batch_id: int, seen: int, values: Mapping[str, Any], now: datetime) -> int:
    """Change columns of a public batch; who is enrolled gets one letter if it concerns them.

    The letter says how things are now, not why. Answers how many were written to. Locks the batch
    exclusively. Refuses with `BatchMoved` for a draft or a called-off batch, `Changed` if a colleague
    was quicker, `NoTime`.
    """
    batch = _public(batch_id)
    if batch.version != seen:
        raise Changed
    changed = differences(batch, {name: values[name] for name in values if name not in FIXED})
    if not changed:
        return 0
    for name in changed:
        setattr(batch, name, values[name])
    _check_window(batch, now, was_moved="opens_at" in changed or "closes_at" in changed)
    batch.version += 1
    told = 0
    if is_told(changed):
        batch.sequence += 1
        db.session.flush()
        told = _tell(batch, changed, now)
    db.session.flush()
    index(batch)
    promote(batch_id=batch_id, now=now)
    return told


def close(*, batch_id: int, now: datetime) -> bool:
    """Nobody new can register from now on; what people hold stays theirs until their deadline.

    Twice is fine: answers whether it changed. Refuses with `BatchMoved` and `NoTime` (not open yet).
    """
    batch = _public(batch_id)
    if batch.closes_at <= now:
        return False
    if batch.opens_at >= now:
        raise NoTime
    batch.closes_at = now
    return _saved(batch)


def reopen(*, batch_id: int, until: datetime, now: datetime) -> bool:
    """People can register again until a moment before the batch begins. Twice is fine.

    Refuses with `BatchMoved`, and `NoTime` for a moment that is over or after the beginning.
    """
    batch = _public(batch_id)
    if batch.closes_at == until:
        return False
    batch.closes_at = until
    _check_window(batch, now, was_moved=True)
    return _saved(batch)


def _check_window(batch: Batch, now: datetime, *, was_moved: bool) -> None:
    begins_at = batch_facts(batch.id).begins_at
    is_right = batch.opens_at < batch.closes_at <= begins_at and batch.closes_at > now
    if was_moved and not is_right:
        raise NoTime


def _saved(batch: Batch) -> bool:
    batch.version += 1
    db.session.flush()
    index(batch)
    return True


def _tell(batch: Batch, changed: Sequence[str], now: datetime) -> int:
    """One letter to everybody enrolled. An earlier one that still waits would say less: this one says
    what that said, too."""
    people = sa.select(Registration.id).where(
        Registration.batch_id == batch.id, Registration.state == State.CONFIRMED
    )
    about = [letters.about(registration_id) for registration_id in db.session.scalars(people)]
    unsent = waiting(about_in=about, kind=BATCH_CHANGED)
    news = {*changed, *(name for context in unsent for name in context.get("changed", TOLD))}
    for one in about:
        drop(about=one, kinds=[BATCH_CHANGED], why="a newer one")
    return tell_everybody(
        batch.id,
        BATCH_CHANGED,
        key=batch.version,
        now=now,
        only=State.CONFIRMED,
        dated=True,
        more={"changed": [name for name in TOLD if name in news]},
    )


def _public(batch_id: int) -> Batch:
    lock_seating(batch_id)
    batch = db.session.get_one(
        Batch, batch_id, populate_existing=True, with_for_update={"of": Batch}
    )
    if batch.state in (BatchState.DRAFT, BatchState.CALLED_OFF):
        raise BatchMoved(state=batch.state)
    return batch
