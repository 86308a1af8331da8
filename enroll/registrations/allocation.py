"""Moves registrations between their states: the only module that does.

Whoever calls it holds the batch's lock (see `lock_batches`): shared to seat a newcomer or confirm a
hold, exclusive for everything else. Everything is read after the lock. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app

from enroll.batches.deadlines import half_time, kept_until, offered_until
from enroll.batches.facts import BatchFacts, batch_facts
from enroll.db import db
from enroll.registrations import letters
from enroll.registrations.eligibility import (
    comes_first,
    count_waiting,
    next_eligible,
    passed_groups,
)
from enroll.registrations.histories import addressee, record
from enroll.registrations.letters import Addressee
from enroll.registrations.models import Registration
from enroll.registrations.seats import claim_for_newcomer, claim_seats, free_seats, wake
from enroll.registrations.states import MOVES, State

_SIT_DOWN = sa.update(Registration).where(Registration.id == sa.bindparam("which"))


def seat_newcomer(
    *,
    newcomer: Addressee,
    batch: BatchFacts,
    deadline_at: datetime,
    may_hold: bool,
    now: datetime,
) -> State:
    """Give a newcomer who has just been inserted as waiting a free seat, unless somebody waits for it.

    With `may_hold` false (too many seats are held already) the newcomer waits in any case. The
    history gets one row, the final state; the letter says which it is.
    """
    number, passes_group = claim_for_newcomer(batch.id) if may_hold else (None, False)
    state = State.WAITLISTED if number is None else State.PENDING
    if number is not None:
        seated = {"which": newcomer.registration_id, "state": state, "seat_number": number}
        db.session.connection().execute(_SIT_DOWN, seated)
    if passes_group:
        _note_skipped(passed_groups(batch.id), now)
    why = "registered" if may_hold else "registered, many seats are held"
    begin(newcomer, state, batch=batch, deadline_at=deadline_at, by="student", why=why, now=now)
    return state


def begin(
    newcomer: Addressee,
    state: State,
    *,
    batch: BatchFacts,
    deadline_at: datetime | None,
    by: str,
    why: str,
    now: datetime,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write the first history row of a registration that stands in `state` already, and its letter."""
    MOVES.check(None, state)
    record(
        newcomer,
        source=None,
        target=state,
        batch=batch,
        deadline_at=deadline_at,
        by=by,
        why=why,
        now=now,
        more=more,
    )


def arrive(
    registration: Registration,
    state: State,
    seat: int | None = None,
    *,
    by: str,
    why: str,
    now: datetime,
    more: Mapping[str, Any] | None = None,
) -> None:
    """The first state of a person whose row has just been entered, on a claimed seat if it has one."""
    registration.state, registration.seat_number = state, seat
    if state is State.CONFIRMED or registration.address_confirmed_at is not None:
        registration.deadline_at = registration.remind_at = registration.network = None
    db.session.flush()
    batch = batch_facts(registration.batch_id)
    begin(
        addressee(registration),
        state,
        batch=batch,
        deadline_at=registration.deadline_at,
        by=by,
        why=why,
        now=now,
        more={**_calendar(batch, None, state), **(more or {})},
    )


def claim_first(batch_id: int, count: int, *, now: datetime, besides: int = 0) -> list[int] | None:
    """Take so many seats for newcomers (`besides`, if a row is there), unless somebody comes first.

    Groups that are too large for what was free are passed, and their history says so.
    """
    if not comes_first(batch_id, besides=besides):
        return None
    passed = passed_groups(batch_id)
    seats = claim_seats(batch_id, count)
    if seats is not None:
        _note_skipped(passed, now)
    return seats


def promote(*, batch_id: int, now: datetime) -> int:
    """Offer free seats to the first eligible people, in order; answers how many offers were made.

    Part of every verb that holds the exclusive lock, never of another. Where an offer no longer
    fits before the start, none is made: staff are told to telephone (see `reminding`).
    """
    batch = batch_facts(batch_id)
    until = offered_until(now, hours=batch.offer_hours, zone=batch.tz, latest=batch.begins_at)
    if not batch.is_on or until is None:
        return 0
    made = 0
    while turn := next_eligible(batch_id):
        passed = passed_groups(batch_id, before=turn[0].queue_number)
        seats = claim_seats(batch_id, len(turn))
        if seats is None:
            break
        _note_skipped(passed, now)
        for registration, seat in zip(turn, seats, strict=True):
            offer(registration, seat, until=until, by="clock", why="a seat freed", now=now)
        made += len(turn)
    return made


def offer(
    registration: Registration,
    seat: int,
    *,
    until: datetime,
    by: str,
    why: str,
    now: datetime,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Offer a seat that `claim_seats` has taken for this person, until a moment."""
    registration.deadline_at = until
    move(registration, State.OFFERED, by=by, why=why, now=now, seat=seat, more=more)


def hold(registration: Registration, seat: int, *, by: str, why: str, now: datetime) -> None:
    """Keep a seat that `claim_seats` has taken until the person confirms."""
    batch = batch_facts(registration.batch_id)
    registration.deadline_at = kept(batch, batch.hold_hours, now)
    move(registration, State.PENDING, by=by, why=why, now=now, seat=seat)


def rest(registration: Registration, *, by: str, why: str, now: datetime) -> None:
    """Back to the same place in the queue, not asked again until the next seat frees."""
    move(registration, State.WAITLISTED, by=by, why=why, now=now)
    registration.is_resting = True


def move(
    registration: Registration,
    target: State,
    *,
    by: str,
    why: str,
    now: datetime,
    seat: int | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """The one writer of states: guard, state, seat, history, letter; what is outdated is not sent.

    Who sits down gets `seat`, which `claim_seats` has taken for them.
    """
    source = registration.state
    MOVES.check(source, target)
    registration.state = target
    if seat is not None:
        registration.seat_number = seat
    if not _keeps_deadline(source, target):
        registration.deadline_at = None
    if target is not source:
        _set_clocks(registration, now)
    if source.is_seated and not target.is_seated:
        _stand_up(registration, source)
    db.session.flush()  # what refuses this move refuses it here, before it enters the history
    letters.drop_outdated(registration.id, source, target)
    batch = batch_facts(registration.batch_id)
    record(
        addressee(registration),
        source=source,
        target=target,
        batch=batch,
        deadline_at=registration.deadline_at,
        by=by,
        why=why,
        now=now,
        more={**_calendar(batch, source, target), **(more or {})},
    )


def note(registration: Registration, *, by: str, why: str, now: datetime) -> None:
    """A history row for something that happened without a change of state."""
    MOVES.check(registration.state, registration.state)
    record(
        addressee(registration),
        source=registration.state,
        target=registration.state,
        batch=batch_facts(registration.batch_id),
        deadline_at=registration.deadline_at,
        by=by,
        why=why,
        now=now,
    )


def kept(batch: BatchFacts, hours: int, now: datetime) -> datetime:
    """Until when a hold or an unconfirmed place of so many hours is kept, made at `now`."""
    return kept_until(now, hours=hours, zone=batch.tz, latest=batch.holds_end(now))


def _keeps_deadline(source: State, target: State) -> bool:
    """Holds and offers have one of their own; who was admitted unconfirmed must still confirm."""
    return target in (State.OFFERED, State.PENDING) or (
        (source, target) == (State.APPLIED, State.WAITLISTED)
    )


def _stand_up(registration: Registration, source: State) -> None:
    """Leave the seat held in `source`.

    A seat that frees is a new chance for those who rest. One that was only on offer is the seat
    they have passed already: it moves on without waking them.
    """
    number, registration.seat_number = registration.seat_number, None
    db.session.flush()  # the foreign key wants the holder gone before the seat is free
    free_seats(registration.batch_id, [number] if number else [])
    if source is not State.OFFERED:
        wake(registration.batch_id)


def _set_clocks(registration: Registration, now: datetime) -> None:
    """A new state has a reminder of its own, and only a hold remembers the network it came from."""
    end = registration.deadline_at
    registration.remind_at = half_time(now, end) if end else None
    if registration.state is not State.PENDING:
        registration.network = None


def _calendar(batch: BatchFacts, source: State | None, target: State) -> dict[str, object]:
    """Enrolled people get the dates for their calendar, and have them taken out when they leave."""
    address = current_app.config["BASE_URL"]
    if target is State.CONFIRMED:
        return {"calendar": letters.sessions_part(batch, address=address)}
    if source is State.CONFIRMED:
        return {"calendar": letters.sessions_part(batch, address=address, is_over=True)}
    return {}


def _note_skipped(passed: Sequence[Registration], now: datetime) -> None:
    """Tell a group's history that the next person got a seat, and why not the group."""
    for one in passed:
        size = count_waiting(one.group_id)
        if sum(other.group_id == one.group_id for other in passed) < size:
            why = "skipped: one of the group considers an offer elsewhere"
        else:
            why = f"skipped: a group of {size} does not fit"
        note(one, by="clock", why=why, now=now)
