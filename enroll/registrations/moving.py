"""One person, several batches: enrolling in one leaves the others; moving; wishing for any of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.batches.facts import BatchFacts, batch_facts
from enroll.db import Moment, db
from enroll.refusal import Refused
from enroll.registrations.allocation import arrive, claim_first, move, note, promote
from enroll.registrations.arriving import refuse_long_waitlist, refuse_outside_window
from enroll.registrations.clashes import refuse_clash
from enroll.registrations.entering import enter_also
from enroll.registrations.locking import bound_batches, lock_person, tied
from enroll.registrations.models import Registration, Wish
from enroll.registrations.outcomes import Outcome, refuse_if_over
from enroll.registrations.personal import history
from enroll.registrations.states import LIVE, State

# Endings after which the same link may lead into another batch: they were not the person's doing.
TIME_ENDED = ("batch started", "not decided")


class NoWayThere(Refused):
    """The other batch is of another course, or is this very batch."""


class NotWaiting(Refused):
    """Only somebody on a waitlist can wish for other batches too."""


class AlreadyThere(Refused):
    """The person is registered in the other batch, `code`, already."""


def enrol(
    registration: Registration,
    *,
    by: str,
    why: str,
    now: datetime,
    seat: int | None = None,
    more: Mapping[str, Any] | None = None,
    against: Collection[State] = (State.CONFIRMED,),
) -> None:
    """Make it an enrolment, and leave in the same transaction what it was to replace.

    That is the other places of its wish, and the registration it was a move from. `seat` is for
    whoever has none yet. The caller holds the locks of `lock_person`. Refuses with `Clash`, looking
    at the person's registrations in the states `against`.
    """
    others = _left_behind(registration)
    refuse_clash(registration, leaving=[one.id for one in others], states=against)
    told = {"left": [batch_facts(one.batch_id).title for one in others], **(more or {})}
    move(registration, State.CONFIRMED, by=by, why=why, now=now, seat=seat, more=told)
    leave(others, into=registration, now=now)


def refuse_second(registration: Registration) -> None:
    """Refuse with `Clash` a second live registration at the same hours, once it is known whose it is."""
    leaving = [one.id for one in _left_behind(registration)]
    refuse_clash(registration, leaving=leaving, states=LIVE)


def leave(others: Iterable[Registration], *, into: Registration, now: datetime) -> None:
    """Give up these places for an enrolment elsewhere, whose letter tells of it.

    Who had asked to move from one of them to a third batch asks to move from the new seat now.
    """
    left = list(others)
    give_up(left, into=into, now=now)
    for other in left:
        promote(batch_id=other.batch_id, now=now)


def give_up(left: Collection[Registration], *, into: Registration, now: datetime) -> None:
    """The same, while the caller promotes in the batches of these places before it commits."""
    lead_on([one.id for one in left], into)
    why = f"enrolled in {batch_facts(into.batch_id).code}"
    for other in left:
        by = "transfer" if other.id == into.replaces_id else "wish"
        move(other, State.WITHDRAWN, by=by, why=why, now=now)


def lead_on(left: Collection[int], into: Registration) -> None:
    """Moves that still wait replace the new seat: else a person would end with two."""
    db.session.execute(
        sa.update(Registration)
        .where(
            Registration.replaces_id.in_(left),
            Registration.id.not_in([into.id, *left]),
            Registration.state.in_(LIVE),
        )
        .values(replaces_id=into.id)
    )


def promote_bound(registration: Registration, now: datetime) -> None:
    """Promote where something may have become possible: here, and in the batches of its wish."""
    for batch_id in sorted({registration.batch_id, *bound_batches(registration.id)}):
        promote(batch_id=batch_id, now=now)


def transfer(*, batch_id: int, registration_id: int, to_batch_id: int, now: datetime) -> Outcome:
    """Move to another open batch of the same course, in one step; the link proves the address.

    With a seat free there: enrolled there and gone here. Without, or where staff decide: on the
    waitlist (or applied) there, and what is held here stays until a seat there is taken. Whoever
    waited in vain until a batch began, or whose batch was called off, enters by the same press.
    Twice is fine. Refuses with `DeadlinePassed`, `HasEnded`, `NoWayThere`, `AlreadyThere`, `Clash`,
    `RegistrationClosed`, `WaitlistFull`.
    """
    registration = lock_person(registration_id, batch_id, to_batch_id)
    if (done := _moved_before(registration, to_batch_id)) is not None:
        return Outcome(done, changed=False)
    if not may_start_again(registration):
        refuse_if_over(registration, now)
    here, there = batch_facts(batch_id), batch_facts(to_batch_id)
    if here.course_id != there.course_id or here.id == there.id:
        raise NoWayThere
    refuse_outside_window(there, now)
    if registration.state.is_live:
        _prove_address(registration, now)
    state = State.APPLIED if there.needs_approval else State.WAITLISTED
    new = enter_also(registration, there.id, state=state, replaces_id=registration.id, now=now)
    if new is None:
        raise AlreadyThere(code=there.code)
    _arrive_there(new, registration, here, there, now)
    return Outcome(new, changed=True)


def _arrive_there(
    new: Registration, old: Registration, here: BatchFacts, there: BatchFacts, now: datetime
) -> None:
    """Sit down at once if nobody there comes first; else wait, and keep what is held here."""
    common: dict[str, Any] = {"by": "student", "why": "moved here", "now": now}
    waits = new.state is State.WAITLISTED
    seats = claim_first(there.id, 1, now=now, besides=new.id) if waits else None
    if seats is not None:
        leaving = _left_behind(new)
        refuse_clash(new, leaving=[one.id for one in leaving])
        arrive(new, State.CONFIRMED, seats[0], more={"moved_from": here.title}, **common)
        leave(leaving, into=new, now=now)
        return
    if waits:
        refuse_long_waitlist(there)
    if old.state is State.PENDING:  # the press has confirmed the address, so the seat is theirs
        enrol(old, by="student", why="confirmed the address", now=now)
    arrive(new, new.state, more={"keeps": here.title} if old.state.is_live else {}, **common)
    promote(batch_id=there.id, now=now)
    promote_bound(old, now)


def wish_for(
    *, batch_id: int, registration_id: int, other_ids: Collection[int], now: datetime
) -> Outcome:
    """Wait in other batches of the same course too: the first free seat in any of them will do.

    One wish binds the places: one open offer at a time, and accepting one leaves the others. Naming
    a batch twice is fine. Refuses with `DeadlinePassed`, `HasEnded`, `NotWaiting`, `NoWayThere`,
    `RegistrationClosed`, `WaitlistFull`.
    """
    registration = lock_person(registration_id, batch_id, *other_ids)
    refuse_if_over(registration, now)
    if registration.state is not State.WAITLISTED:
        raise NotWaiting(state=registration.state)
    here = batch_facts(batch_id)
    _prove_address(registration, now)
    if registration.wish_id is None:
        wish = Wish(made_at=now)
        db.session.add(wish)
        db.session.flush()
        registration.wish_id = wish.id
    added = 0
    for other_id in sorted(set(other_ids) - {batch_id}):
        added += _wait_there_too(registration, here, batch_facts(other_id), now)
    promote_bound(registration, now)
    return Outcome(registration, changed=added > 0)


def _wait_there_too(
    registration: Registration, here: BatchFacts, there: BatchFacts, now: datetime
) -> bool:
    if here.course_id != there.course_id or there.needs_approval:
        raise NoWayThere
    refuse_outside_window(there, now)
    new = enter_also(
        registration, there.id, state=State.WAITLISTED, wish_id=registration.wish_id, now=now
    )
    if new is None:
        return False
    refuse_long_waitlist(there)
    arrive(new, State.WAITLISTED, by="student", why="asked for this batch too", now=now)
    return True


# ---------------------------------------------------------------- the means


def may_start_again(registration: Registration) -> bool:
    """Did it end by no doing of the person, so that its link may lead into another batch?"""
    if registration.erased_at is not None or registration.address_confirmed_at is None:
        return False
    if registration.state is State.CANCELLED:
        return True
    return registration.state is State.EXPIRED and history(registration)[-1].why in TIME_ENDED


def _left_behind(registration: Registration) -> list[Registration]:
    """What becomes needless once this registration is an enrolment."""
    return [one for one in left_behind(registration) if one.id != registration.id]


def left_behind(registration: Registration) -> list[Registration]:
    """What is live of this registration and all that is tied to it: what an enrolment ends."""
    others = tied(registration.id).keys()
    return list(
        db.session.scalars(
            sa.select(Registration)
            .where(Registration.id.in_(others), Registration.state.in_(LIVE))
            .order_by(Registration.id)
            .execution_options(populate_existing=True)
        )
    )


def _moved_before(registration: Registration, to_batch_id: int) -> Registration | None:
    """The same press came before: the live registration there that replaces this one."""
    return db.session.scalar(
        sa.select(Registration)
        .where(
            Registration.replaces_id == registration.id,
            Registration.batch_id == to_batch_id,
            Registration.state.in_(LIVE),
        )
        .execution_options(populate_existing=True)
    )


def _prove_address(registration: Registration, now: datetime) -> None:
    """Whoever presses a button behind the mailed link has the mailbox: that confirms the address."""
    if registration.address_confirmed_at is None:
        registration.address_confirmed_at = now
        if registration.state is not State.PENDING:
            if not registration.state.is_seated:
                registration.deadline_at = registration.remind_at = None
            note(registration, by="student", why="confirmed the address", now=now)


def first_registered(batch_id: int) -> dict[int, datetime]:
    """When each person of this batch registered first, by registration; a move does not begin anew."""
    steps = (
        sa.select(Registration.id.label("who"), Registration.created_at, Registration.replaces_id)
        .where(Registration.batch_id == batch_id, Registration.state.in_(LIVE))
        .cte("steps", recursive=True)
    )
    before = aliased(Registration)
    steps = steps.union_all(
        sa.select(steps.c.who, before.created_at, before.replaces_id).join(
            before, before.id == steps.c.replaces_id
        )
    )
    earliest = sa.select(steps.c.who, sa.func.min(steps.c.created_at, type_=Moment)).group_by(
        steps.c.who
    )
    return {row.who: row[1] for row in db.session.execute(earliest)}
