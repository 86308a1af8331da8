"""Why somebody stands where they stand: the facts of one sentence, read from rows and histories.

The sentence goes to that person only, so nothing here tells who anybody else is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.batches.deadlines import offered_until
from enroll.batches.facts import BatchFacts, batch_facts
from enroll.batches.models import Batch, Seat
from enroll.db import db
from enroll.mail.models import Letter
from enroll.registrations.eligibility import count_waiting
from enroll.registrations.letters import about
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.personal import history, place
from enroll.registrations.states import SEATED, State


class Cause(StrEnum):
    """What keeps somebody waiting who is on the waitlist."""

    UNCONFIRMED = "unconfirmed"
    RESTING = "resting"
    FULL = "full"
    OFFERED_ELSEWHERE = "offered_elsewhere"
    GROUP_UNCONFIRMED = "group_unconfirmed"
    GROUP_ELSEWHERE = "group_elsewhere"
    GROUP_TOO_LARGE = "group_too_large"
    TOO_LATE = "too_late"
    ABOUT_TO_BE_ASKED = "about_to_be_asked"


@dataclass(frozen=True, kw_only=True)
class Offers:
    """Offers to others since the person came into the queue."""

    ahead: int = 0  # to people further up the list
    last_ahead_at: datetime | None = None
    behind_at: datetime | None = (
        None  # the last to somebody further down, while this one could not be asked
    )
    out_of_turn_at: datetime | None = None  # the last that staff made by hand, further down


@dataclass(frozen=True, kw_only=True)
class Why:
    """What the sentence about one registration needs; `move` is what brought it to its state."""

    one: Registration
    batch: BatchFacts
    move: RegistrationEvent
    is_over: bool = False  # the deadline has passed, the clock's move is still to come
    until: datetime | None = None  # of an expired one: until when it was kept
    cause: Cause | None = None
    place: int | None = None
    capacity: int = 0
    free: int = 0
    full_since: datetime | None = None
    group: int = 0
    elsewhere: str = ""  # the code of the batch with the open offer
    offers: Offers = Offers()


def explain(registration: Registration, *, now: datetime) -> Why:
    """The facts behind where this person stands; in a constant number of queries."""
    moves = history(registration)
    batch = batch_facts(registration.batch_id)
    deadline_at = registration.deadline_at
    why = Why(
        one=registration,
        batch=batch,
        move=_last_change(moves),
        is_over=deadline_at is not None and deadline_at <= now,
    )
    if registration.erased_at is not None:
        return why
    if registration.state is State.WAITLISTED:
        return _explain_waiting(why, moves, now)
    if registration.state is State.EXPIRED:
        return replace(why, until=_told_until(registration))
    return why


def _last_change(moves: Sequence[RegistrationEvent]) -> RegistrationEvent:
    """What brought it into its state; rows that say something else about the state come after."""
    return next(one for one in reversed(moves) if one.from_state is not one.to_state)


def _told_until(one: Registration) -> datetime | None:
    """The last deadline that a letter named: the row has forgotten it when the time is over."""
    contexts = db.session.scalars(
        sa.select(Letter.context).where(Letter.about == about(one.id)).order_by(Letter.id.desc())
    )
    told = (context.get("deadline_at") for context in contexts)
    last = next((moment for moment in told if moment), None)
    return datetime.fromisoformat(last) if last else None


# ---------------------------------------------------------------- who waits


def _explain_waiting(why: Why, moves: Sequence[RegistrationEvent], now: datetime) -> Why:
    one, batch = why.one, why.batch
    capacity, free = _seats(batch.id)
    found = replace(
        why,
        place=place(one),
        capacity=capacity,
        free=free,
        full_since=_full_since(batch.id, capacity) if not free else None,
        group=count_waiting(one.group_id) if one.group_id is not None else 0,
        elsewhere=_offered_elsewhere(one),
        offers=_offers_since(one, moves),
    )
    return replace(found, cause=_cause(found, now))


def _cause(why: Why, now: datetime) -> Cause:
    """The first thing that stands between this person and an offer."""
    one, batch = why.one, why.batch
    until = offered_until(now, hours=batch.offer_hours, zone=batch.tz, latest=batch.begins_at)
    causes = (
        (Cause.UNCONFIRMED, one.address_confirmed_at is None),
        (Cause.RESTING, one.is_resting),
        (Cause.FULL, why.free == 0),
        (Cause.OFFERED_ELSEWHERE, bool(why.elsewhere)),
        (Cause.GROUP_UNCONFIRMED, one.group_id is not None and _a_mate_is_unconfirmed(one)),
        (Cause.GROUP_ELSEWHERE, one.group_id is not None and _a_mate_considers(one)),
        (Cause.GROUP_TOO_LARGE, why.group > why.free),
        (Cause.TOO_LATE, until is None),
    )
    return next((cause for cause, holds in causes if holds), Cause.ABOUT_TO_BE_ASKED)


def _seats(batch_id: int) -> tuple[int, int]:
    counts = sa.select(sa.func.count(), sa.func.count().filter(~Seat.taken))
    have, free = db.session.execute(counts.where(Seat.batch_id == batch_id)).one()
    return have, free


def _full_since(batch_id: int, capacity: int) -> datetime | None:
    """Since when so many seats are held without a gap; a seat that changes hands leaves none."""
    event = RegistrationEvent
    sat = sa.func.coalesce(event.from_state.in_(SEATED), sa.false())
    sits = event.to_state.in_(SEATED)
    rows = db.session.execute(
        sa.select(event.at, sits)
        .join(Registration, Registration.id == event.registration_id)
        .where(Registration.batch_id == batch_id, sat != sits)
        .order_by(event.id)
    )
    return full_since(((row[0], 1 if row[1] else -1) for row in rows), capacity)


def full_since(steps: Iterable[tuple[datetime, int]], capacity: int) -> datetime | None:
    """When the number of people seated reached `capacity` for the last time; `None` if it is below."""
    seated, since = 0, None
    for at, changes in groupby(steps, key=lambda step: step[0]):
        seated += sum(change for _at, change in changes)
        since = (since or at) if seated >= capacity else None
    return since


def _offers_since(one: Registration, moves: Sequence[RegistrationEvent]) -> Offers:
    """What was offered to others after this person came into the queue, and on which side of it."""
    came = next(move.id for move in moves if move.to_state is State.WAITLISTED)
    event = RegistrationEvent
    is_ahead = Registration.queue_number < one.queue_number
    by_clock = event.by == "clock"
    rows = db.session.execute(
        sa.select(event.at, is_ahead, by_clock)
        .join(Registration, Registration.id == event.registration_id)
        .where(
            Registration.batch_id == one.batch_id,
            Registration.id != one.id,
            event.id > came,
            event.from_state == State.WAITLISTED,
            event.to_state == State.OFFERED,
        )
        .order_by(event.id)
    ).all()
    ahead = [at for at, is_before, clock in rows if is_before and clock]
    behind = [at for at, is_before, clock in rows if not is_before and clock]
    by_hand = [at for at, _before, clock in rows if not clock]
    return Offers(
        ahead=len(ahead),
        last_ahead_at=ahead[-1] if ahead else None,
        behind_at=behind[-1] if behind else None,
        out_of_turn_at=by_hand[-1] if by_hand else None,
    )


def _offered_elsewhere(one: Registration) -> str:
    """Where the person considers an offer of the same wish."""
    if one.wish_id is None:
        return ""
    there = aliased(Registration)
    code = (
        sa.select(Batch.code)
        .join(there, there.batch_id == Batch.id)
        .where(there.wish_id == one.wish_id, there.state == State.OFFERED)
    )
    return db.session.scalar(code.limit(1)) or ""


def _a_mate_is_unconfirmed(one: Registration) -> bool:
    mate = sa.exists().where(
        Registration.group_id == one.group_id,
        Registration.state == State.WAITLISTED,
        Registration.address_confirmed_at.is_(None),
    )
    return bool(db.session.scalar(sa.select(mate)))


def _a_mate_considers(one: Registration) -> bool:
    """Has somebody of the group an open offer elsewhere?"""
    mate, there = aliased(Registration), aliased(Registration)
    offered = (
        sa.exists()
        .where(
            mate.group_id == one.group_id,
            mate.state == State.WAITLISTED,
            there.wish_id == mate.wish_id,
            there.state == State.OFFERED,
        )
        .select_from(mate, there)
    )
    return bool(db.session.scalar(sa.select(offered)))
