"""Two colleagues press the same button for the same people in two processes at one moment.

Everything is done once: one move, one letter, one result that says done; and no seat is sold twice,
also where many are moved to a batch that has room for few, or two batches change people crosswise.
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
from flask import Flask

from enroll import clock
from enroll.db import WRITING, atomically, db
from enroll.mail.models import Letter
from enroll.registrations import answering, arriving, bulk
from enroll.registrations.acts import RosterResult
from enroll.registrations.audit import audit
from enroll.registrations.bulk import Verb
from enroll.registrations.models import Registration
from enroll.registrations.states import LIVE, SEATED, State
from tests import make

pytestmark = pytest.mark.storm

Race = Callable[..., list[Any]]
ENDS = {
    Verb.ACCEPT: "registration_held",
    Verb.REJECT: "registration_rejected",
    Verb.CANCEL: "registration_cancelled",
}


def press(verb: Verb, batch_id: int, ids: list[int], by: str, to: int = 0) -> dict[int, str]:
    """One colleague's press; why not, by person: empty for what was done."""
    done = atomically(
        bulk.act,
        verb=verb,
        batch_id=batch_id,
        registration_ids=ids,
        reason="Because.",
        to_batch_id=to,
        by=by,
        now=clock.now(),
    )
    rows = db.session.scalars(sa.select(RosterResult).where(RosterResult.act_id == done.id)).all()
    db.session.rollback()
    return {row.registration_id: row.why_not for row in rows}


def crowd(count: int, seats: int, now: datetime, *, applies: bool = False) -> tuple[int, list[int]]:
    """A batch with so many people who have confirmed their address."""
    batch_id = make.batch(seats, now=now, needs_approval=applies).id

    def verb() -> list[int]:
        ids = []
        for n in range(count):
            applicant = make.applicant(f"p{n}-{batch_id}@example.org")
            who = arriving.register(batch_id=batch_id, applicant=applicant, now=now)
            seen = db.session.get_one(Registration, who).state
            answering.confirm(batch_id=batch_id, registration_id=who, seen=seen, now=now)
            ids.append(who)
        return ids

    return batch_id, atomically(verb)


def seated(batch_id: int) -> list[int]:
    """The seats that are held in a batch."""
    db.session.rollback()
    query = sa.select(Registration.seat_number).where(
        Registration.batch_id == batch_id, Registration.state.in_(SEATED)
    )
    return list(db.session.scalars(query))


def told(ids: list[int], kind: str) -> Counter[str]:
    db.session.rollback()
    about = [f"registration:{one}" for one in ids]
    query = sa.select(Letter.about).where(Letter.about.in_(about), Letter.kind == kind)
    return Counter(db.session.scalars(query))


@pytest.mark.parametrize("verb", ENDS)
def test_the_same_button_twice_at_once_does_it_once(
    app: Flask, race: Race, rounds: int, now: datetime, verb: Verb
) -> None:
    for _ in range(rounds):
        batch_id, ids = crowd(6, 4, now, applies=verb is not Verb.CANCEL)
        answers = race(
            partial(press, verb, batch_id, ids[:5], "staff 1"),
            partial(press, verb, batch_id, ids[1:], "staff 2"),
        )
        for who in ids:
            said = [answer[who] for answer in answers if who in answer]
            assert said.count("") == 1, said
        assert max(told(ids, ENDS[verb]).values()) == 1
        assert len(set(seated(batch_id))) == len(seated(batch_id)) <= 4
    assert audit(clock.now())["problems"] == []


def test_many_are_moved_where_there_is_room_for_few(
    app: Flask, race: Race, rounds: int, now: datetime
) -> None:
    for _ in range(rounds):
        here, ids = crowd(5, 5, now)
        there = make.batch(3, now=now).id
        answers = race(
            partial(press, Verb.MOVE, here, ids, "staff 1", there),
            partial(press, Verb.MOVE, here, ids, "staff 2", there),
        )
        for who in ids:
            assert [answer[who] for answer in answers].count("") == 1
        assert sorted(seated(there)) == [1, 2, 3]
        new = sa.select(Registration.id).where(
            Registration.batch_id == there, Registration.state.in_(LIVE)
        )
        moved = list(db.session.scalars(new))
        assert len(moved) == 5
        letters = told(moved, "registration_confirmed") + told(moved, "registration_waitlisted")
        assert sorted(letters.values()) == [1] * 5
    assert audit(clock.now())["problems"] == []


def test_two_batches_change_people_crosswise(
    app: Flask, race: Race, rounds: int, now: datetime
) -> None:
    for _ in range(rounds):
        (one, ours), (other, theirs) = crowd(3, 4, now), crowd(3, 4, now)
        answers = race(
            partial(press, Verb.MOVE, one, ours, "staff 1", other),
            partial(press, Verb.MOVE, other, theirs, "staff 2", one),
        )
        assert {why for answer in answers for why in answer.values()} == {""}
        for batch_id in (one, other):
            assert len(seated(batch_id)) <= 4
        live = sa.select(Registration.email).where(
            Registration.batch_id.in_((one, other)), Registration.state == State.CONFIRMED
        )
        assert sorted(Counter(db.session.scalars(live)).values()) == [1] * 6
    assert audit(clock.now())["problems"] == []


# ---------------------------------------------------------------- the negative control

GAP = 0.006  # seconds between looking and doing: what a preview needs to be drawn
PERSON = sa.table(
    "naive_registration",
    sa.column("id"),
    sa.column("batch_id"),
    sa.column("state", Registration.state.type),
    sa.column("seat_number"),
)


def naive(batch_id: int, ids: list[int], capacity: int) -> int:
    """Look who applied and how many seats are free; then decide: what must not be done."""
    here = PERSON.c.batch_id == batch_id
    mine = sa.and_(here, PERSON.c.id.in_(ids), PERSON.c.state == State.APPLIED)
    waiting = db.session.scalars(sa.select(PERSON.c.id).where(mine)).all()
    sits = sa.and_(here, PERSON.c.seat_number.is_not(None))
    taken = db.session.scalar(sa.select(sa.func.count()).select_from(PERSON).where(sits)) or 0
    db.session.rollback()
    time.sleep(GAP)
    db.session.connection(execution_options=WRITING)
    for number, who in enumerate(waiting[: capacity - taken], taken + 1):
        db.session.execute(
            sa.update(PERSON)
            .where(PERSON.c.id == who)
            .values(state=State.PENDING, seat_number=number)
        )
    db.session.commit()
    return len(waiting[: capacity - taken])


def test_looking_first_and_deciding_then_oversells(
    app: Flask, race: Race, rounds: int, now: datetime
) -> None:
    """The same storm must be able to fail."""
    batches = [crowd(4, 2, now, applies=True) for _ in range(rounds)]
    db.session.remove()
    with db.engine.connect().execution_options(**WRITING) as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE naive_registration AS SELECT * FROM registration")
    sold = []
    for batch_id, ids in batches:
        race(partial(naive, batch_id, ids[:2], 2), partial(naive, batch_id, ids[2:], 2))
        sits = sa.and_(PERSON.c.batch_id == batch_id, PERSON.c.seat_number.is_not(None))
        sold.append(db.session.scalar(sa.select(sa.func.count()).select_from(PERSON).where(sits)))
        db.session.rollback()
    print(f"of two seats each, so many were sold: {sold}")
    assert max(sold) > 2
