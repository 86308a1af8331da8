"""The only seat is given back while somebody joins the waitlist: no seat stays idle beside them.

At one moment the enrolled person withdraws in one process, and a newcomer registers and confirms
their address in another. Whoever comes first, the newcomer ends up with the seat or an offer of it;
or behind the person who waited before them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from enroll import clock
from enroll.batches.models import Seat
from enroll.db import atomically, db
from enroll.registrations import answering, arriving
from enroll.registrations.audit import audit
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make

pytestmark = pytest.mark.storm

Race = Callable[..., list[Any]]
Fill = Callable[..., list[tuple[int, int, int | None]]]

# Seconds by which the newcomer comes after the withdrawal, or before it: long enough before to be
# through with everything, and all that lies between.
LATER = (0.0, -0.005, 0.001, -0.01, -0.002, 0.005, -0.02, -0.008, 0.002, -0.015, 0.0005)


def withdraw(batch_id: int, holder_id: int) -> None:
    atomically(answering.withdraw, batch_id=batch_id, registration_id=holder_id, now=clock.now())


def join(batch_id: int) -> tuple[int, State, State]:
    """Register, then confirm the address; the newcomer's state after the one and the other."""
    newcomer_id = atomically(
        arriving.register,
        batch_id=batch_id,
        applicant=make.applicant(f"newcomer-{batch_id}@example.org"),
        now=clock.now(),
    )
    seen = make.read(newcomer_id).state
    outcome = atomically(
        answering.confirm,
        batch_id=batch_id,
        registration_id=newcomer_id,
        seen=seen,
        now=clock.now(),
    )
    return newcomer_id, seen, outcome.registration.state


def which_came_first(seen: State, confirmed: State) -> str:
    """Where the withdrawal fell, as the newcomer met it."""
    if seen is State.PENDING:
        return "freed before they came"
    if confirmed is State.OFFERED:
        return "freed before they confirmed"
    return "freed after they confirmed"


def read_seat(batch_id: int) -> Seat:
    db.session.rollback()
    return db.session.get_one(Seat, (batch_id, 1), populate_existing=True)


def test_nobody_waits_beside_the_seat_that_was_given_back(
    fill: Fill, race: Race, race_rounds: int, now: datetime
) -> None:
    """The newcomer has the seat or an offer of it, without any worker's help."""
    orders: Counter[str] = Counter()
    full = fill(is_waited_for=[False] * race_rounds, holder_confirmed=True, now=now)
    for number, (batch_id, holder_id, _) in enumerate(full):
        _, (newcomer_id, *met) = race(
            partial(withdraw, batch_id, holder_id),
            partial(join, batch_id),
            later=LATER[number % len(LATER)],
        )
        order = which_came_first(*met)
        newcomer, seat = make.read(newcomer_id), read_seat(batch_id)
        sat_down = order == "freed before they came"
        assert newcomer.state is (State.CONFIRMED if sat_down else State.OFFERED), order
        assert (newcomer.seat_number, seat.taken) == (1, True)
        assert make.read(holder_id).state is State.WITHDRAWN
        orders[order] += 1
    print(f"the seat was {dict(orders)}")
    assert orders["freed before they came"] > 0
    assert orders["freed before they confirmed"] + orders["freed after they confirmed"] > 0
    assert audit(clock.now())["problems"] == []


def test_who_waited_before_gets_the_seat_that_was_given_back(
    fill: Fill, race: Race, race_rounds: int, now: datetime
) -> None:
    """The newcomer passes nobody who waits with a confirmed address, whoever comes first."""
    full = fill(is_waited_for=[True] * race_rounds, holder_confirmed=True, now=now)
    for number, (batch_id, holder_id, waiting_id) in enumerate(full):
        _, (newcomer_id, *_) = race(
            partial(withdraw, batch_id, holder_id),
            partial(join, batch_id),
            later=LATER[number % len(LATER)],
        )
        waiting, newcomer = make.read(waiting_id), make.read(newcomer_id)
        assert (waiting.state, waiting.seat_number) == (State.OFFERED, 1)
        assert (newcomer.state, newcomer.seat_number) == (State.WAITLISTED, None)
        assert newcomer.address_confirmed_at is not None
        assert make.read(holder_id).state is State.WITHDRAWN
        assert read_seat(batch_id).taken
    assert audit(clock.now())["problems"] == []


# ---------------------------------------------------------------- the negative control

GAP = 0.006  # seconds between counting and inserting: what a form needs to be checked
SEAT = sa.table("naive_seat", sa.column("batch_id"), sa.column("taken", sa.Boolean))
PERSON = sa.table(
    "naive_registration",
    sa.column("batch_id"),
    sa.column("state", Registration.state.type),
)


def naive_free(number: int, *, is_taken: bool) -> None:
    db.session.execute(sa.update(SEAT).where(SEAT.c.batch_id == number).values(taken=is_taken))


def naive_count(number: int) -> int:
    free = sa.and_(SEAT.c.batch_id == number, ~SEAT.c.taken)
    return db.session.scalar(sa.select(sa.func.count()).select_from(SEAT).where(free)) or 0


def naive_insert(number: int, state: State) -> None:
    db.session.execute(sa.insert(PERSON).values(batch_id=number, state=state))
    if state.is_seated:
        naive_free(number, is_taken=True)


def naive_offer(number: int) -> None:
    waits = sa.and_(PERSON.c.batch_id == number, PERSON.c.state == State.WAITLISTED)
    if db.session.execute(sa.update(PERSON).where(waits).values(state=State.OFFERED)).rowcount:
        naive_free(number, is_taken=True)


def naive_withdraw(number: int) -> None:
    """Free the seat; then, in another transaction, look who waits for it."""
    atomically(naive_free, number, is_taken=False)
    atomically(naive_offer, number)


def naive_join(number: int) -> None:
    """Count the free seats; then, in another transaction, sit down or wait."""
    has_seat = atomically(naive_count, number) > 0
    time.sleep(GAP)
    atomically(naive_insert, number, State.CONFIRMED if has_seat else State.WAITLISTED)


def is_idle(number: int) -> bool:
    """Is the seat free while the newcomer waits?"""
    db.session.rollback()
    mine = sa.select(PERSON.c.state).where(PERSON.c.batch_id == number)
    return naive_count(number) > 0 and db.session.scalar(mine) is State.WAITLISTED


def test_counting_then_joining_leaves_a_seat_idle(
    naive_copies: None, race: Race, race_rounds: int
) -> None:
    """The same race must be able to fail: without the lock somebody waits beside a free seat."""
    seats = [{"batch_id": number, "taken": True} for number in range(race_rounds)]
    atomically(lambda: db.session.execute(sa.insert(SEAT), seats))
    for number in range(race_rounds):
        race(
            partial(naive_withdraw, number),
            partial(naive_join, number),
            later=LATER[number % len(LATER)],
        )
    idle = sum(is_idle(number) for number in range(race_rounds))
    print(f"counting, then joining: a seat idle beside somebody in {idle} of {race_rounds} rounds")
    assert idle > 0
