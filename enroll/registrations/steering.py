"""What staff decide about a batch that has people in it: size, dates, whether it runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from enroll.batches.deadlines import half_time, last_moment, offered_until
from enroll.batches.facts import BatchFacts, batch_facts
from enroll.batches.indexing import index
from enroll.batches.models import Batch, BatchSession, Seat
from enroll.batches.states import BATCH_MOVES, BatchState
from enroll.db import Again, db
from enroll.mail.outbox import drop
from enroll.refusal import Refused
from enroll.registrations import letters
from enroll.registrations.allocation import arrive, claim_first, move, offer, promote
from enroll.registrations.eligibility import comes_first, is_asked_elsewhere, is_on
from enroll.registrations.entering import enter_also, is_live_in
from enroll.registrations.histories import addressee
from enroll.registrations.locking import lock_seating, wished_elsewhere
from enroll.registrations.models import Registration
from enroll.registrations.moving import first_registered, lead_on
from enroll.registrations.seats import count_free, wake
from enroll.registrations.states import LIVE, State


class SeatsTaken(Refused):
    """The batch cannot become that small: `taken` seats are taken."""


class BatchMoved(Refused):
    """The batch is not in a state for this; `state` says which it is in."""


def resize(*, batch_id: int, capacity: int, now: datetime) -> int:
    """Set the number of seats. New seats are offered at once; only free seats can be taken away.

    Answers how many offers were made. Refuses with `SeatsTaken`. Locks the batch exclusively.
    """
    lock_seating(batch_id)
    seat = sa.select(sa.func.count(), sa.func.count().filter(Seat.taken), sa.func.max(Seat.number))
    have, taken, highest = db.session.execute(seat.where(Seat.batch_id == batch_id)).one()
    if capacity < taken:
        raise SeatsTaken(taken=taken, capacity=capacity)
    if capacity > have:
        first = (highest or 0) + 1
        rows = [{"batch_id": batch_id, "number": first + n} for n in range(capacity - have)]
        db.session.execute(sa.insert(Seat), rows)
        wake(batch_id)
    elif capacity < have:
        last_free = (
            sa.select(Seat.number)
            .where(Seat.batch_id == batch_id, ~Seat.taken)
            .order_by(Seat.number.desc())
            .limit(have - capacity)
        )
        db.session.execute(
            sa.delete(Seat)
            .where(Seat.batch_id == batch_id, Seat.number.in_(last_free))
            .execution_options(synchronize_session=False)
        )
    return promote(batch_id=batch_id, now=now)


def confirm_to_run(*, batch_id: int, now: datetime) -> bool:
    """The batch goes ahead: everybody in it is written to. Twice is fine: answers whether it changed.

    Refuses with `BatchMoved` for a draft or a batch that was called off.
    """
    lock_seating(batch_id)
    batch = _batch(batch_id)
    if batch.state is BatchState.CONFIRMED_TO_RUN:
        return False
    if batch.state is BatchState.DRAFT:  # that would be publishing it
        raise BatchMoved(state=batch.state)
    _move_batch(batch, BatchState.CONFIRMED_TO_RUN)
    _forget_news(batch_id, ["batch_undecided"], why="it is decided")
    tell_everybody(batch_id, "batch_confirmed_to_run", key="once", now=now)
    return True


def call_off(*, batch_id: int, by: str, now: datetime) -> int | None:
    """The batch does not take place: everybody is written to, and offered what is free elsewhere.

    Whoever has confirmed the address is offered a free seat in the next batches of the course, in
    the order of first registration, be it in another batch; nobody is moved without agreeing.
    Answers how many were cancelled, or `None` where it was off already. Refuses with `BatchMoved`
    for a draft.
    """
    others = next_batches(batch_id, now)
    locked = {batch_id, *others, *wished_elsewhere(batch_id)}
    lock_seating(*locked)
    if not {*next_batches(batch_id, now), *wished_elsewhere(batch_id)} <= locked:
        raise Again
    batch = _batch(batch_id)
    if batch.state is BatchState.CALLED_OFF:
        return None
    _move_batch(batch, BatchState.CALLED_OFF)
    since, old = first_registered(batch_id), batch_facts(batch_id)
    people = sorted(_everybody(batch_id), key=lambda one: (since[one.id], one.id))
    for one in people:
        found = _find_elsewhere(one, others, now)
        told = {"offer": named(found[0])} if found else {}
        move(one, State.CANCELLED, by=by, why="batch called off", now=now, more=told)
        if found is not None:
            _offer_elsewhere(one, old, *found, now)
    for other_id in sorted(locked - {batch_id}):
        promote(batch_id=other_id, now=now)
    return len(people)


def next_batches(batch_id: int, now: datetime, *, also_full: bool = False) -> list[int]:
    """The open batches of the same course, with a free seat unless `also_full`, soonest first."""
    course = sa.select(Batch.course_id).where(Batch.id == batch_id).scalar_subquery()
    query = sa.select(Batch.id).where(
        Batch.course_id == course,
        Batch.id != batch_id,
        is_on(),
        ~Batch.needs_approval,
        Batch.opens_at <= now,
        Batch.closes_at > now,
    )
    if not also_full:
        query = query.where(sa.exists().where(Seat.batch_id == Batch.id, ~Seat.taken))
    return list(db.session.scalars(query.order_by(Batch.starts_on, Batch.id)))


def _find_elsewhere(
    one: Registration, others: Sequence[int], now: datetime
) -> tuple[BatchFacts, datetime] | None:
    """The first batch with a free seat for this person, and until when it can be offered."""
    if one.address_confirmed_at is None or is_asked_elsewhere(one):
        return None
    for other_id in others:
        there = batch_facts(other_id)
        until = offered_until(now, hours=there.offer_hours, zone=there.tz, latest=there.begins_at)
        if until is not None and count_free(other_id) and comes_first(other_id):
            return None if is_live_in(one, other_id) else (there, until)
    return None


def _offer_elsewhere(
    one: Registration, old: BatchFacts, there: BatchFacts, until: datetime, now: datetime
) -> None:
    """Offer a seat there; it joins the person's wish, and moves that still wait replace it."""
    new = enter_also(one, there.id, state=State.WAITLISTED, wish_id=one.wish_id, now=now)
    if new is None:
        return
    arrive(new, State.WAITLISTED, by="call-off", why="another batch was called off", now=now)
    (seat,) = claim_first(there.id, 1, now=now, besides=new.id) or [0]
    why, told = "batch called off", {"moved_from": old.title}
    offer(new, seat, until=until, by="clock", why=why, now=now, more=told)
    lead_on([one.id], new)


def reschedule(*, batch_id: int, days: int, now: datetime) -> None:
    """Shift the whole batch by so many days: its sessions keep their local hours.

    Everybody is written to, with the new dates for the calendar. Refuses with `BatchMoved` for a
    batch that has begun or was called off, and for dates that lie before now or its opening.
    """
    lock_seating(batch_id)
    batch = _batch(batch_id)
    if batch.state is BatchState.CALLED_OFF or batch_facts(batch_id).begins_at <= now:
        raise BatchMoved(state=batch.state)
    shift = timedelta(days=days)
    if batch_facts(batch_id).begins_at + shift <= now or batch.closes_at + shift <= batch.opens_at:
        raise BatchMoved(state=batch.state)
    for name in ("starts_on", "ends_on", "decide_on", "answer_on"):
        on = getattr(batch, name)
        setattr(batch, name, on + shift if on else None)
    batch.closes_at = _shifted(batch, batch.closes_at, shift)
    for one in db.session.scalars(sa.select(BatchSession).where(BatchSession.batch_id == batch_id)):
        one.starts_at = _shifted(batch, one.starts_at, shift)
        one.ends_at = _shifted(batch, one.ends_at, shift)
    batch.sequence += 1
    batch.version += 1  # whoever has its plan open still holds the former dates
    db.session.flush()
    index(batch)
    if batch.state.is_public:
        bring_forward(batch_id, now)
        _forget_news(batch_id, letters.DATED_NEWS, why="other dates")
        tell_everybody(batch_id, "batch_rescheduled", key=batch.sequence, now=now, dated=True)
        promote(batch_id=batch_id, now=now)


def bring_forward(batch_id: int, now: datetime) -> None:
    """No hold beyond the new end of registration, no offer beyond the new start.

    The letter about the new dates tells until when; a deadline that is near enough stays.
    """
    batch = batch_facts(batch_id)
    for one in _everybody(batch_id):
        latest = batch.begins_at if one.state is State.OFFERED else batch.holds_end(now)
        if one.deadline_at is None or one.deadline_at <= latest:
            continue
        one.deadline_at = last_moment(now, zone=batch.tz, latest=latest)
        if one.remind_at is not None:
            one.remind_at = half_time(now, one.deadline_at)
    db.session.flush()


def _forget_news(batch_id: int, kinds: Collection[str], *, why: str) -> None:
    """What the batch's people were to be told, and were not yet, is not true any more."""
    for one in _everybody(batch_id):
        drop(about=letters.about(one.id), kinds=kinds, why=why)


def _shifted(batch: Batch, moment: datetime, shift: timedelta) -> datetime:
    """The same local time so many days later, whatever the clocks do in between."""
    return (moment.astimezone(batch.tz) + shift).astimezone(moment.tzinfo)


def tell_everybody(
    batch_id: int,
    kind: str,
    *,
    key: object,
    now: datetime,
    only: State | None = None,
    dated: bool = False,
    more: dict[str, Any] | None = None,
) -> int:
    """One letter of a kind to everybody live in a batch (or in one state only); answers how many.

    With `dated`, those who are enrolled get the sessions for their calendar again.
    """
    batch = batch_facts(batch_id)
    address = current_app.config["BASE_URL"]
    told = 0
    for one in _everybody(batch_id):
        if only is not None and one.state is not only:
            continue
        dates = dated and one.state is State.CONFIRMED
        part = {"calendar": letters.sessions_part(batch, address=address)} if dates else {}
        letters.write(
            kind=kind,
            to=addressee(one),
            batch=batch,
            deadline_at=one.deadline_at,
            why="",
            key=key,
            now=now,
            more=part | (more or {}),
        )
        told += 1
    return told


def _everybody(batch_id: int) -> list[Registration]:
    return list(
        db.session.scalars(
            sa.select(Registration)
            .where(Registration.batch_id == batch_id, Registration.state.in_(LIVE))
            .order_by(Registration.created_at, Registration.id)
            .execution_options(populate_existing=True)
        )
    )


def _batch(batch_id: int) -> Batch:
    return db.session.get_one(
        Batch, batch_id, populate_existing=True, with_for_update={"of": Batch}
    )


def _move_batch(batch: Batch, state: BatchState) -> None:
    if not BATCH_MOVES.allows(batch.state, state):
        raise BatchMoved(state=batch.state)
    batch.state = state
    db.session.flush()
    index(batch)


def named(batch: BatchFacts) -> dict[str, str]:
    return {
        "title": batch.title,
        "code": batch.code,
        "starts_on": batch.starts_on.isoformat(),
    }
