"""Somebody confirms at the very moment their hold ends: enrolled or released, never both or neither.

One process confirms, another tidies, at the same real moment; what each takes for the present lies
around the deadline, because no two machines show the same time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from enroll.batches.models import Seat
from enroll.db import atomically, db
from enroll.refusal import Refused
from enroll.registrations import answering
from enroll.registrations.audit import audit
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.states import State
from enroll.registrations.tidying import tidy_batch
from tests import make

pytestmark = pytest.mark.storm

Race = Callable[..., list[Any]]
Fill = Callable[..., list[tuple[int, int, int | None]]]

EXACTLY, TICK, MOMENT = timedelta(), timedelta(microseconds=1), timedelta(milliseconds=1)
NEXT_LOOK = timedelta(seconds=2)  # when the worker tidies again


class Presents(NamedTuple):
    """What the two processes take for the present, counted from the deadline."""

    confirming: timedelta
    tidying: timedelta

    def is_contested(self) -> bool:
        """Both are in time by their own clocks: only the lock decides."""
        return self.confirming < EXACTLY <= self.tidying


PRESENTS = (
    Presents(-TICK, EXACTLY),
    Presents(-MOMENT, TICK),
    Presents(-TICK, MOMENT),
    Presents(-MOMENT, -TICK),
    Presents(-MOMENT, 3 * MOMENT),
    Presents(EXACTLY, TICK),
    Presents(-TICK, TICK),
    Presents(TICK, -TICK),
    Presents(MOMENT, EXACTLY),
)
# Seconds by which the second process begins after the first. Nine moments, seven delays, every
# other round somebody waiting: all of them meet.
LATER = (0.0, 0.001, -0.001, 0.003, -0.003, 0.008, -0.008)


class Hold(NamedTuple):
    """One round: somebody holds the only seat, and somebody waits behind them or not.

    Plain values, because they travel to other processes.
    """

    batch_id: int
    holder_id: int
    waiting_id: int | None
    deadline_at: datetime


def deadline_of(registration_id: int) -> datetime:
    deadline_at = make.read(registration_id).deadline_at
    assert deadline_at is not None
    return deadline_at


def confirm(hold: Hold, now: datetime) -> State | None:
    """The state that the person is told, or nothing for a refusal."""
    try:
        outcome = atomically(
            answering.confirm,
            batch_id=hold.batch_id,
            registration_id=hold.holder_id,
            seen=State.PENDING,
            now=now,
        )
    except Refused:
        return None
    return outcome.registration.state


def tidy(hold: Hold, now: datetime) -> int:
    return atomically(tidy_batch, batch_id=hold.batch_id, now=now)


def ending(history: Iterable[State]) -> str:
    """How a hold ended: by the person, by the clock, by both or by neither."""
    states = set(history)
    return {
        (True, False): "confirmed",
        (False, True): "released",
        (True, True): "both",
        (False, False): "neither",
    }[State.CONFIRMED in states, State.EXPIRED in states]


def history_of(registration_id: int) -> list[State]:
    event = RegistrationEvent
    mine = event.registration_id == registration_id
    db.session.rollback()
    return list(db.session.scalars(sa.select(event.to_state).where(mine).order_by(event.id)))


def check_seat(hold: Hold, ended: str) -> None:
    """The seat is the holder's, or on offer to who waits, or free; and the history says the same."""
    holder = make.read(hold.holder_id)
    waiting = make.read(hold.waiting_id) if hold.waiting_id else None
    seat = db.session.get_one(Seat, (hold.batch_id, 1), populate_existing=True)
    if ended == "confirmed":
        assert history_of(hold.holder_id) == [State.PENDING, State.CONFIRMED]
        assert (holder.state, holder.seat_number, seat.taken) == (State.CONFIRMED, 1, True)
        assert waiting is None or waiting.state is State.WAITLISTED
        return
    assert history_of(hold.holder_id) == [State.PENDING, State.EXPIRED]
    assert (holder.state, holder.seat_number) == (State.EXPIRED, None)
    assert seat.taken is (waiting is not None)
    assert waiting is None or (waiting.state, waiting.seat_number) == (State.OFFERED, 1)


def test_confirming_as_the_hold_ends(
    fill: Fill, race: Race, race_rounds: int, now: datetime
) -> None:
    """Whoever is told that they are enrolled keeps the seat, and whoever is refused does not."""
    by_lock: Counter[str] = Counter()
    by_clocks: Counter[str] = Counter()
    is_waited_for = [number % 2 == 0 for number in range(race_rounds)]
    filled = fill(is_waited_for=is_waited_for, holder_confirmed=False, now=now)
    for number, ids in enumerate(filled):
        presents = PRESENTS[number % len(PRESENTS)]
        hold = Hold(*ids, deadline_at=deadline_of(ids[1]))
        told, _ = race(
            partial(confirm, hold, hold.deadline_at + presents.confirming),
            partial(tidy, hold, hold.deadline_at + presents.tidying),
            later=LATER[number % len(LATER)],
        )
        tidy(hold, hold.deadline_at + NEXT_LOOK)
        ended = ending(history_of(hold.holder_id))
        assert told is (State.CONFIRMED if ended == "confirmed" else None), f"{number}: {ended}"
        if presents.is_contested():
            by_lock[ended] += 1
        else:
            assert ended == ("confirmed" if presents.confirming < EXACTLY else "released")
            by_clocks[ended] += 1
        check_seat(hold, ended)
    print(f"as the hold ends, by the lock: {dict(by_lock)}, by the clocks: {dict(by_clocks)}")
    assert set(by_lock) == {"confirmed", "released"}
    db.session.rollback()
    assert audit(hold.deadline_at + NEXT_LOOK)["problems"] == []


# ---------------------------------------------------------------- the negative control

GAP = 0.002  # seconds between reading and writing: what a page needs to make up its mind


HOLD = sa.table(
    "naive_registration",
    sa.column("id"),
    sa.column("state", Registration.state.type),
    sa.column("deadline_at", Registration.deadline_at.type),
)
EVENT = sa.table(
    "naive_registration_event",
    sa.column("registration_id"),
    sa.column("to_state", RegistrationEvent.to_state.type),
)


def naive_read(number: int) -> sa.Row[Any]:
    return db.session.execute(
        sa.select(HOLD.c.state, HOLD.c.deadline_at).where(HOLD.c.id == number)
    ).one()


def naive_write(number: int, state: State) -> None:
    db.session.execute(sa.update(HOLD).where(HOLD.c.id == number).values(state=state))
    db.session.execute(sa.insert(EVENT).values(registration_id=number, to_state=state))


def naive_confirm(number: int, now: datetime) -> None:
    """Look whether the hold still runs; then, in another transaction, enrol."""
    hold = atomically(naive_read, number)
    time.sleep(GAP)
    if hold.state is State.PENDING and hold.deadline_at > now:
        atomically(naive_write, number, State.CONFIRMED)


def naive_tidy(number: int, now: datetime) -> None:
    """Look whether the hold is over; then, in another transaction, release the seat."""
    hold = atomically(naive_read, number)
    time.sleep(GAP)
    if hold.state is State.PENDING and hold.deadline_at <= now:
        atomically(naive_write, number, State.EXPIRED)


def test_reading_then_writing_ends_a_hold_twice(
    naive_copies: None, race: Race, race_rounds: int, now: datetime
) -> None:
    """The same race must be able to fail: without lock and constraints a hold ends both ways."""
    held = [
        {"id": number, "state": State.PENDING, "deadline_at": now} for number in range(race_rounds)
    ]
    atomically(lambda: db.session.execute(sa.insert(HOLD), held))
    rounds: Counter[str] = Counter()
    for number in range(race_rounds):
        presents = PRESENTS[number % len(PRESENTS)]
        race(
            partial(naive_confirm, number, now + presents.confirming),
            partial(naive_tidy, number, now + presents.tidying),
            later=LATER[number % len(LATER)],
        )
        naive_tidy(number, now + NEXT_LOOK)
        db.session.rollback()
        mine = EVENT.c.registration_id == number
        rounds[ending(db.session.scalars(sa.select(EVENT.c.to_state).where(mine)))] += 1
    print(f"reading, then writing: {dict(rounds)}")
    assert rounds["both"] + rounds["neither"] > 0
