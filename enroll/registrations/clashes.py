"""Two batches whose sessions overlap: where a batch says so, nobody is enrolled in both."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.batches.models import Batch, BatchSession
from enroll.db import db
from enroll.refusal import Refused
from enroll.registrations.locking import lock_alone
from enroll.registrations.models import Registration
from enroll.registrations.states import State


class Clash(Refused):
    """The person is enrolled (or else `state`) in `title` (`code`), and some sessions overlap."""


def refuse_clash(
    registration: Registration,
    *,
    leaving: Collection[int] = (),
    states: Collection[State] = (State.CONFIRMED,),
) -> None:
    """Refuse with `Clash` if enrolling would put one person into two rooms at a time.

    Applies where either batch asks for it. Asked only of somebody who has shown that the address is
    theirs: the answer says where a person is enrolled. `leaving` are registrations given up in the
    same moment. Whoever confirms the address of a second registration is held against all that is
    live (`states`), a place on a waitlist too; of those only what the same person has confirmed:
    what strangers type stands in nobody's way.

    Two confirmations of one person pass here one after the other, so that the second sees the
    first: nothing else is locked after this, so nobody waits in a circle.
    """
    lock_alone(registration.email)
    others = db.session.scalars(
        sa.select(Registration.id).where(
            Registration.email == registration.email,
            Registration.id != registration.id,
            Registration.state.in_(states),
            Registration.address_confirmed_at.is_not(None),
        )
    ).all()
    there = [one for one in others if one not in leaving]
    if there:
        row = db.session.execute(_overlapping(registration, there)).first()
        if row is not None:
            raise Clash(title=row.title, code=row.code, state=row.state)


def _overlapping(registration: Registration, there: Collection[int]) -> sa.Select[str, str, State]:
    here, mine, theirs = aliased(Batch), aliased(BatchSession), aliased(BatchSession)
    return (
        sa.select(Batch.title, Batch.code, Registration.state)
        .join(Registration, Registration.batch_id == Batch.id)
        .join(theirs, theirs.batch_id == Batch.id)
        .join(here, here.id == registration.batch_id)
        .join(mine, mine.batch_id == here.id)
        .where(
            Registration.id.in_(there),
            sa.or_(Batch.refuses_overlap, here.refuses_overlap),
            mine.cancelled_at.is_(None),
            theirs.cancelled_at.is_(None),
            mine.starts_at < theirs.ends_at,
            theirs.starts_at < mine.ends_at,
        )
        .limit(1)
    )


def clashing_addresses(batch_id: int) -> set[str]:
    """Who is enrolled elsewhere at a time of this batch, where either batch minds: one query."""
    here, mine, theirs = aliased(Batch), aliased(BatchSession), aliased(BatchSession)
    return set(
        db.session.scalars(
            sa.select(Registration.email)
            .join(Batch, Batch.id == Registration.batch_id)
            .join(theirs, theirs.batch_id == Batch.id)
            .join(here, here.id == batch_id)
            .join(mine, mine.batch_id == here.id)
            .where(
                Registration.batch_id != batch_id,
                Registration.state == State.CONFIRMED,
                Registration.address_confirmed_at.is_not(None),
                sa.or_(Batch.refuses_overlap, here.refuses_overlap),
                mine.cancelled_at.is_(None),
                theirs.cancelled_at.is_(None),
                mine.starts_at < theirs.ends_at,
                theirs.starts_at < mine.ends_at,
            )
            .distinct()
        )
    )
