"""What the clock decides: ends holds, offers and unconfirmed places whose time is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.batches.facts import batch_facts
from enroll.db import Again, Moment, db
from enroll.registrations.allocation import move, promote, rest
from enroll.registrations.locking import lock_seating
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.seats import free_orphaned_seats
from enroll.registrations.states import LIVE, State
from enroll.registrations.steering import named, next_batches


def tidy_batch(*, batch_id: int, now: datetime) -> int:
    """End what is over at `now`, free seats that nobody holds, offer what is free; answer how many moved.

    The worker only tidies up: every verb above looks at the deadlines itself. Where an offer of a
    wish is over, the wish's other batches may offer instead, so they are locked and served too.
    """
    locked = {batch_id, *_wished_elsewhere(batch_id, now)}
    lock_seating(*locked)
    if not _wished_elsewhere(batch_id, now) <= locked:
        raise Again
    over = _over(batch_id, now)
    for registration in over:
        _end_or_rest(registration, now)
    moved = len(over)
    if now >= batch_facts(batch_id).begins_at:
        moved += _end_waiting(batch_id, now)
    free_orphaned_seats(batch_id)
    return moved + sum(promote(batch_id=one, now=now) for one in sorted(locked))


def _over(batch_id: int, now: datetime) -> Sequence[Registration]:
    return db.session.scalars(
        sa.select(Registration)
        .where(
            Registration.batch_id == batch_id,
            Registration.state.in_(LIVE),
            Registration.deadline_at <= now,
        )
        .order_by(Registration.id)
        .execution_options(populate_existing=True)
    ).all()


def _wished_elsewhere(batch_id: int, now: datetime) -> set[int]:
    """Where else somebody waits whose offer here is over."""
    given = {"batch": batch_id, "now": now}
    return set(db.session.scalars(_WISHED_ELSEWHERE, given))


# Built once: building a statement takes longer than running it.
_ended = aliased(Registration)
_WISHED_ELSEWHERE = (
    sa.select(Registration.batch_id)
    .join(_ended, _ended.wish_id == Registration.wish_id)
    .where(
        _ended.batch_id == sa.bindparam("batch"),
        _ended.state == State.OFFERED,
        _ended.deadline_at <= sa.bindparam("now", type_=Moment()),
        Registration.state.in_(LIVE),
    )
)


def _end_or_rest(registration: Registration, now: datetime) -> None:
    """A first lapsed offer counts as a pass; everything else that is over ends."""
    if registration.state is State.OFFERED and not _has_lapsed_before(registration):
        rest(registration, by="clock", why="offer lapsed", now=now)
        return
    why = {
        State.PENDING: "hold ran out",
        State.OFFERED: "offer lapsed again",
        State.WAITLISTED: "address not confirmed in time",
        State.APPLIED: "address not confirmed in time",
    }[registration.state]
    move(registration, State.EXPIRED, by="clock", why=why, now=now)


def _has_lapsed_before(registration: Registration) -> bool:
    event = RegistrationEvent
    return bool(
        db.session.scalar(
            sa.select(event.id)
            .where(
                event.registration_id == registration.id,
                event.from_state == State.OFFERED,
                event.to_state == State.WAITLISTED,
                event.by == "clock",
            )
            .limit(1)
        )
    )


def _end_waiting(batch_id: int, now: datetime) -> int:
    """The batch has begun: whoever still waits, or waits for a decision, will not get a seat."""
    waiting = db.session.scalars(
        sa.select(Registration)
        .where(
            Registration.batch_id == batch_id,
            Registration.state.in_((State.WAITLISTED, State.APPLIED)),
        )
        .order_by(Registration.id)
        .execution_options(populate_existing=True)
    ).all()
    told = _told_of_the_next(batch_id, now)
    for registration in waiting:
        why = "not decided" if registration.state is State.APPLIED else "batch started"
        move(registration, State.EXPIRED, by="clock", why=why, now=now, more=told)
    return len(waiting)


def _told_of_the_next(batch_id: int, now: datetime) -> dict[str, object]:
    """The next batch with a seat; where there is none, the next whose waitlist one can join."""
    free = next_batches(batch_id, now)
    following = free or next_batches(batch_id, now, also_full=True)
    if not following:
        return {}
    return {"next": named(batch_facts(following[0])), "next_is_full": not free}
