"""What staff do to many people of a batch by one press: all in one transaction, a result for each.

Whoever is not (or no longer) where the verb applies is left alone, and the result says why; so two
colleagues who press the same button at once do everything once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from enroll.batches.deadlines import offered_until
from enroll.batches.facts import batch_facts
from enroll.db import db
from enroll.refusal import Refused
from enroll.registrations import deciding
from enroll.registrations.acts import RosterAct, RosterResult
from enroll.registrations.allocation import offer, promote
from enroll.registrations.arriving import WaitlistFull
from enroll.registrations.clashes import Clash
from enroll.registrations.eligibility import is_asked_elsewhere
from enroll.registrations.locking import lock_people, lock_seating, tied
from enroll.registrations.models import Registration
from enroll.registrations.moving import AlreadyThere
from enroll.registrations.relocating import CannotWait, refuse_no_way, relocate
from enroll.registrations.replay import OUT_OF_TURN
from enroll.registrations.seats import claim_seats
from enroll.registrations.states import State

# People by one press. Others who want the batch wait meanwhile: two or three seconds at the most.
MOST = 200
LONGEST_REASON = 180  # of an offer out of turn: it stands in the history beside the words before it


class Verb(StrEnum):
    """What can be done to many at once."""

    ACCEPT = "accept"
    REJECT = "reject"
    CANCEL = "cancel"
    OFFER = "offer"
    MOVE = "move"


class Left(StrEnum):
    """Why somebody is left alone."""

    ENDED = "ended"
    NOT_APPLIED = "not_applied"
    UNDECIDED = "undecided"
    NOT_WAITING = "not_waiting"
    UNCONFIRMED = "unconfirmed"
    ASKED_ELSEWHERE = "asked_elsewhere"
    NO_SEAT = "no_seat"
    NO_TIME = "no_time"
    CLASH = "clash"
    ALREADY_THERE = "already_there"
    LIST_FULL = "list_full"


class NeedsReason(Refused):
    """Others stand before one of these in the queue, or the letter has to say why."""


@dataclass(frozen=True)
class Order:
    """One press: what, with which words for the people, by whom, when, and to which batch."""

    verb: Verb
    batch_id: int
    reason: str
    by: str
    now: datetime
    to_batch_id: int = 0


@dataclass(frozen=True)
class Result:
    """What became of one person: done, or else why not; and where they stand now."""

    registration_id: int
    why_not: str
    state: State


REASONED = frozenset({Verb.REJECT, Verb.CANCEL, Verb.MOVE})


def act(
    *,
    verb: Verb,
    batch_id: int,
    registration_ids: Collection[int],
    reason: str = "",
    to_batch_id: int = 0,
    by: str,
    now: datetime,
) -> RosterAct:
    """Do it to all of them, in the order they came, and keep what became of each.

    Ids of other batches count for nothing. Locks the batch exclusively; for cancelling and moving
    also every batch these people are bound to. Refuses with `NeedsReason`, `NoWayThere`.
    """
    if verb in REASONED and not reason:
        raise NeedsReason
    order = Order(verb, batch_id, reason, by, now, to_batch_id)
    results = _VERBS[verb](order, sorted(set(registration_ids)))
    done = RosterAct(batch_id=batch_id, verb=str(verb), by=by, at=now)
    db.session.add(done)
    db.session.flush()
    db.session.add_all(
        RosterResult(
            act_id=done.id,
            registration_id=result.registration_id,
            why_not=str(result.why_not),
            state=str(result.state),
        )
        for result in results
    )
    db.session.flush()
    return done


def why_left(verb: Verb, one: Registration) -> Left | None:
    """Why this verb would leave somebody alone as they stand now, as far as their row tells."""
    if not one.state.is_live:
        return Left.ENDED
    if verb in (Verb.ACCEPT, Verb.REJECT):
        return None if one.state is State.APPLIED else Left.NOT_APPLIED
    if verb is Verb.OFFER:
        return _why_not_offered(one)
    if verb is Verb.MOVE and one.state is not State.CONFIRMED:
        if one.state is State.APPLIED:
            return Left.UNDECIDED
        return Left.UNCONFIRMED if one.address_confirmed_at is None else None
    return None


def _why_not_offered(one: Registration) -> Left | None:
    if one.state is not State.WAITLISTED:
        return Left.NOT_WAITING
    return Left.UNCONFIRMED if one.address_confirmed_at is None else None


def stand_before(batch_id: int, people: Sequence[Registration]) -> dict[int, int]:
    """How many with a confirmed address wait before each of these, those of them not counted in."""
    query = (
        sa.select(Registration.queue_number)
        .where(
            Registration.batch_id == batch_id,
            Registration.state == State.WAITLISTED,
            Registration.address_confirmed_at.is_not(None),
            Registration.id.not_in([one.id for one in people]),
        )
        .order_by(Registration.queue_number)
    )
    waiting = db.session.scalars(query).all()
    return {one.id: sum(number < one.queue_number for number in waiting) for one in people}


# ---------------------------------------------------------------- the verbs


def _decide(order: Order, ids: Sequence[int]) -> list[Result]:
    """Accept or reject the applications among them."""
    lock_seating(order.batch_id)
    people = _read(order.batch_id, ids)
    lefts = {one.id: why_left(order.verb, one) for one in people}
    here, by, now = order.batch_id, order.by, order.now
    if order.verb is Verb.ACCEPT:
        deciding.admit(batch_id=here, registration_ids=ids, by=by, now=now)
    else:
        reason = order.reason
        deciding.reject(batch_id=here, registration_ids=ids, reason=reason, by=by, now=now)
    return [Result(one.id, lefts[one.id] or "", one.state) for one in people]


def _cancel(order: Order, ids: Sequence[int]) -> list[Result]:
    people = lock_people(ids, order.batch_id)
    bound = set(tied(*ids).values())
    results = []
    for one in people:
        left = why_left(order.verb, one)
        if left is None:
            deciding.take_back(one, reason=order.reason, by=order.by, now=order.now)
        results.append(Result(one.id, left or "", one.state))
    # Only now: else a seat is offered to somebody who is cancelled next.
    _promote_all({order.batch_id, *bound}, order.now)
    return results


def _offer(order: Order, ids: Sequence[int]) -> list[Result]:
    """Offer a free seat to each, the first in line among them first."""
    lock_seating(order.batch_id)
    people = _read(order.batch_id, ids)
    wanted = [one for one in people if why_left(order.verb, one) is None]
    before = stand_before(order.batch_id, wanted)
    if any(before.values()) and not order.reason:
        raise NeedsReason
    results = []
    for one in people:
        left = why_left(order.verb, one) or _offer_one(order, one, is_first=not before[one.id])
        results.append(Result(one.id, left or "", one.state))
    promote(batch_id=order.batch_id, now=order.now)
    return results


def _offer_one(order: Order, one: Registration, *, is_first: bool) -> Left | None:
    batch = batch_facts(order.batch_id)
    latest, hours = batch.begins_at, batch.offer_hours
    until = offered_until(order.now, hours=hours, zone=batch.tz, latest=latest)
    if not batch.is_on or until is None:
        return Left.NO_TIME
    if is_asked_elsewhere(one):
        return Left.ASKED_ELSEWHERE
    seats = claim_seats(order.batch_id, 1)
    if seats is None:
        return Left.NO_SEAT
    why = "offered by staff" if is_first else f"{OUT_OF_TURN}{order.reason[:LONGEST_REASON]}"
    told = {"reason": order.reason}
    offer(one, seats[0], until=until, by=order.by, why=why, now=order.now, more=told)
    return None


def _move(order: Order, ids: Sequence[int]) -> list[Result]:
    people = lock_people(ids, order.batch_id, order.to_batch_id)
    refuse_no_way(order.batch_id, order.to_batch_id, order.now)
    bound = set(tied(*ids).values())
    results = []
    for one in people:
        left, state = why_left(order.verb, one), one.state
        if left is None:
            left, state = _move_one(order, one)
        results.append(Result(one.id, left or "", state))
    _promote_all({order.batch_id, order.to_batch_id, *bound}, order.now)
    return results


def _move_one(order: Order, one: Registration) -> tuple[Left | None, State]:
    try:
        new = relocate(one, order.to_batch_id, reason=order.reason, by=order.by, now=order.now)
    except AlreadyThere:
        return Left.ALREADY_THERE, one.state
    except Clash:
        return Left.CLASH, one.state
    except WaitlistFull:
        return Left.LIST_FULL, one.state
    except CannotWait:
        return Left.UNCONFIRMED, one.state
    return None, new.state


def _promote_all(batch_ids: Iterable[int], now: datetime) -> None:
    """What frees goes to whom it belongs to, here and wherever these people were bound to."""
    for batch_id in sorted(batch_ids):
        promote(batch_id=batch_id, now=now)


def _read(batch_id: int, ids: Sequence[int]) -> list[Registration]:
    """These people of the batch as they stand under the lock, in the order they came."""
    return list(
        db.session.scalars(
            sa.select(Registration)
            .where(Registration.batch_id == batch_id, Registration.id.in_(ids))
            .order_by(Registration.queue_number)
            .execution_options(populate_existing=True)
        )
    )


_VERBS: dict[Verb, Callable[[Order, Sequence[int]], list[Result]]] = {
    Verb.ACCEPT: _decide,
    Verb.REJECT: _decide,
    Verb.CANCEL: _cancel,
    Verb.OFFER: _offer,
    Verb.MOVE: _move,
}
