"""Who gets a seat, who waits, whose turn it is: every verb of the heart, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.batches.facts import batch_facts
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.moves import IllegalMove
from enroll.registrations import allocation, answering, arriving, deciding, personal, tidying
from enroll.registrations.audit import audit
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.states import MOVES, State
from tests import make
from tests.contents import contents

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _everything_adds_up(app: Flask, now: datetime) -> object:
    """After each of these tests the audit finds nothing."""
    yield
    db.session.rollback()
    assert audit(now + timedelta(days=365))["problems"] == []


def press(verb: object, registration: Registration, *, now: datetime, **more: object):
    return atomically(
        verb, batch_id=registration.batch_id, registration_id=registration.id, now=now, **more
    )


def confirm(registration: Registration, *, now: datetime):
    return press(answering.confirm, registration, now=now, seen=registration.state)


def letters(registration: Registration) -> list[str]:
    db.session.rollback()
    about = f"registration:{registration.id}"
    return list(
        db.session.scalars(sa.select(Letter.kind).where(Letter.about == about).order_by(Letter.id))
    )


def history(registration: Registration) -> list[tuple[State | None, State]]:
    db.session.rollback()
    return [(event.from_state, event.to_state) for event in personal.history(registration)]


# ---------------------------------------------------------------- newcomers


def test_a_newcomer_gets_the_first_free_seat(now: datetime) -> None:
    batch = make.batch(capacity=2)
    asha = make.registration(batch, now=now)
    assert (asha.state, asha.seat_number) == (State.PENDING, 1)
    assert history(asha) == [(None, State.PENDING)]
    assert letters(asha) == ["registration_held"]


def test_when_no_seat_is_free_a_newcomer_waits(now: datetime) -> None:
    batch = make.batch(capacity=1)
    make.registration(batch, now=now)
    bilal = make.registration(batch, now=now)
    assert (bilal.state, bilal.seat_number) == (State.WAITLISTED, None)
    assert history(bilal) == [(None, State.WAITLISTED)]
    assert letters(bilal) == ["registration_waitlisted"]
    assert personal.place(bilal) == 1


def test_the_same_person_twice_is_one_registration_and_one_letter(now: datetime) -> None:
    batch = make.batch(capacity=2)
    asha = make.registration(batch, "asha@example.org", now=now)
    again = atomically(
        arriving.register, batch_id=batch.id, applicant=make.applicant("asha@example.org"), now=now
    )
    assert again is None
    assert make.states(batch) == {"asha@example.org": State.PENDING}
    assert letters(asha) == ["registration_held"]
    assert db.session.scalar(sa.text("SELECT count(*) FROM seat WHERE taken")) == 1


def test_the_same_person_may_join_two_batches(now: datetime) -> None:
    first, second = make.batch(), make.batch()
    make.registration(first, "asha@example.org", now=now)
    make.registration(second, "asha@example.org", now=now)
    assert len(make.states(first)) == len(make.states(second)) == 1


def test_who_withdrew_may_come_back(now: datetime) -> None:
    batch = make.batch(capacity=1)
    asha = make.registration(batch, "asha@example.org", now=now)
    press(answering.withdraw, asha, now=now)
    back = make.registration(batch, "asha@example.org", now=now)
    assert back.id != asha.id
    assert (back.state, back.token != asha.token) == (State.PENDING, True)


def test_a_newcomer_passes_nobody_whose_address_is_confirmed(now: datetime) -> None:
    """A resting person excepted: see below."""
    batch = make.batch(capacity=1)
    asha = make.registration(batch, confirmed=True, now=now)
    bilal = make.registration(batch, confirmed=True, now=now)
    press(answering.withdraw, asha, now=now)
    chiara = make.registration(batch, now=now)
    assert make.read(bilal.id).state is State.OFFERED
    assert chiara.state is State.WAITLISTED


def test_a_newcomer_passes_those_who_have_not_confirmed(now: datetime) -> None:
    batch = make.batch(capacity=1)
    asha = make.registration(batch, confirmed=True, now=now)
    bilal = make.registration(batch, now=now)
    press(answering.withdraw, asha, now=now)
    chiara = make.registration(batch, now=now)
    assert make.read(bilal.id).state is State.WAITLISTED
    assert chiara.state is State.PENDING


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"opens_at": HOUR}, "not_open_yet"),
        ({"opens_at": -3 * HOUR, "closes_at": -HOUR}, "closed"),
        ({"opens_at": -3 * HOUR, "closes_at": 0 * HOUR}, "closed"),
    ],
)
def test_outside_the_window_nobody_registers(
    now: datetime, changes: dict[str, timedelta], reason: str
) -> None:
    batch = make.batch(**{name: now + away for name, away in changes.items()})
    with pytest.raises(arriving.RegistrationClosed) as refusal:
        atomically(arriving.register, batch_id=batch.id, applicant=make.applicant(), now=now)
    assert refusal.value.facts["reason"] == reason
    assert make.states(batch) == {}


# ---------------------------------------------------------------- confirming


def test_confirming_a_hold_enrols(now: datetime) -> None:
    batch = make.batch(capacity=1)
    asha = make.registration(batch, now=now)
    outcome = confirm(asha, now=now + HOUR)
    asha = make.read(asha.id)
    assert outcome.changed
    assert (asha.state, asha.seat_number, asha.deadline_at) == (State.CONFIRMED, 1, None)
    assert asha.address_confirmed_at == now + HOUR
    assert letters(asha) == ["registration_held", "registration_confirmed"]


def test_confirming_twice_changes_nothing(now: datetime) -> None:
    asha = make.registration(make.batch(), confirmed=True, now=now)
    outcome = confirm(asha, now=now + 48 * HOUR)
    assert not outcome.changed
    assert len(letters(asha)) == 2


def test_confirming_too_late_is_refused_even_before_the_worker_comes(now: datetime) -> None:
    asha = make.registration(make.batch(), now=now)
    with pytest.raises(answering.DeadlinePassed):
        confirm(asha, now=asha.deadline_at)
    assert make.read(asha.id).state is State.PENDING


def test_the_last_moment_is_in_time(now: datetime) -> None:
    asha = make.registration(make.batch(), now=now)
    confirm(asha, now=asha.deadline_at - timedelta(microseconds=1))
    assert make.read(asha.id).state is State.CONFIRMED


def test_an_ended_registration_is_not_brought_back_by_its_link(now: datetime) -> None:
    asha = make.registration(make.batch(), now=now)
    press(answering.withdraw, asha, now=now)
    with pytest.raises(answering.HasEnded):
        confirm(asha, now=now)
    assert make.read(asha.id).state is State.WITHDRAWN


def test_confirming_a_waiting_place_takes_a_seat_that_is_free_by_now(now: datetime) -> None:
    batch = make.batch(capacity=1)
    asha = make.registration(batch, now=now)
    bilal = make.registration(batch, now=now)
    press(answering.withdraw, asha, now=now)
    assert make.read(bilal.id).state is State.WAITLISTED
    confirm(bilal, now=now)
    assert make.read(bilal.id).state is State.OFFERED


# ---------------------------------------------------------------- offers


@pytest.fixture
def queue(now: datetime) -> list[Registration]:
    """One seat, Asha on it, Bilal and Chiara waiting, all confirmed."""
    batch = make.batch(capacity=1)
    return [make.registration(batch, confirmed=True, now=now) for _ in range(3)]


def test_a_freed_seat_is_offered_to_the_first_in_the_queue(
    queue: list[Registration], now: datetime
) -> None:
    asha, bilal, chiara = queue
    press(answering.withdraw, asha, now=now)
    assert make.read(bilal.id).state is State.OFFERED
    assert make.read(bilal.id).deadline_at > now + 12 * HOUR
    assert make.read(chiara.id).state is State.WAITLISTED
    assert letters(bilal)[-1] == "registration_offered"
    assert personal.place(make.read(chiara.id)) == 1


def test_accepting_enrols_and_twice_is_fine(queue: list[Registration], now: datetime) -> None:
    asha, bilal, _ = queue
    press(answering.withdraw, asha, now=now)
    assert press(answering.accept, bilal, now=now).changed
    assert not press(answering.accept, bilal, now=now).changed
    assert make.read(bilal.id).state is State.CONFIRMED


def test_passing_keeps_the_place_and_moves_the_seat_on(
    queue: list[Registration], now: datetime
) -> None:
    asha, bilal, chiara = queue
    press(answering.withdraw, asha, now=now)
    assert press(answering.pass_offer, bilal, now=now).changed
    assert not press(answering.pass_offer, bilal, now=now).changed
    assert make.read(chiara.id).state is State.OFFERED
    assert make.read(bilal.id).state is State.WAITLISTED
    assert personal.place(make.read(bilal.id)) == 1


def test_nobody_is_offered_the_seat_they_have_passed(
    queue: list[Registration], now: datetime
) -> None:
    asha, bilal, chiara = queue
    press(answering.withdraw, asha, now=now)
    press(answering.pass_offer, bilal, now=now)
    press(answering.pass_offer, chiara, now=now)
    assert make.read(bilal.id).state is State.WAITLISTED
    newcomer = make.registration(db.session.get(make.Batch, asha.batch_id), now=now)
    assert newcomer.state is State.PENDING  # while all who wait are resting, a newcomer may sit


def test_who_rested_is_asked_when_the_next_seat_frees(
    queue: list[Registration], now: datetime
) -> None:
    asha, bilal, chiara = queue
    press(answering.withdraw, asha, now=now)
    press(answering.pass_offer, bilal, now=now)
    press(answering.accept, chiara, now=now)
    press(answering.withdraw, chiara, now=now)
    assert make.read(bilal.id).state is State.OFFERED


def test_declining_ends_it_and_moves_the_seat_on(queue: list[Registration], now: datetime) -> None:
    asha, bilal, chiara = queue
    press(answering.withdraw, asha, now=now)
    press(answering.withdraw, bilal, now=now)
    assert make.read(bilal.id).state is State.WITHDRAWN
    assert make.read(chiara.id).state is State.OFFERED


def test_there_is_nothing_to_accept_without_an_offer(
    queue: list[Registration], now: datetime
) -> None:
    for verb in (answering.accept, answering.pass_offer):
        with pytest.raises(answering.NotOffered):
            press(verb, queue[1], now=now)


# ---------------------------------------------------------------- the clock


def tidy(registration: Registration, now: datetime) -> int:
    return atomically(tidying.tidy_batch, batch_id=registration.batch_id, now=now)


def test_a_hold_that_ran_out_is_released_and_the_seat_offered(now: datetime) -> None:
    batch = make.batch(capacity=1)
    asha = make.registration(batch, now=now)
    bilal = make.registration(batch, confirmed=True, now=now)
    assert tidy(asha, asha.deadline_at - timedelta(seconds=1)) == 0
    assert tidy(asha, asha.deadline_at) == 2
    assert make.read(asha.id).state is State.EXPIRED
    assert make.read(bilal.id).state is State.OFFERED
    assert letters(asha) == ["registration_held", "registration_expired"]
    assert tidy(asha, make.read(bilal.id).deadline_at - HOUR) == 0


def test_a_place_not_confirmed_in_time_ends(now: datetime) -> None:
    batch = make.batch(capacity=1)
    make.registration(batch, confirmed=True, now=now)
    bilal = make.registration(batch, now=now)
    tidy(bilal, bilal.deadline_at)
    assert make.read(bilal.id).state is State.EXPIRED


def test_the_first_lapse_counts_as_a_pass_and_the_second_ends_it(
    queue: list[Registration], now: datetime
) -> None:
    asha, bilal, chiara = queue
    press(answering.withdraw, asha, now=now)
    later = make.read(bilal.id).deadline_at
    tidy(bilal, later)
    assert make.read(bilal.id).state is State.WAITLISTED
    assert make.read(chiara.id).state is State.OFFERED
    press(answering.accept, chiara, now=later)
    press(answering.withdraw, chiara, now=later)
    again = make.read(bilal.id).deadline_at
    tidy(bilal, again)
    assert make.read(bilal.id).state is State.EXPIRED
    assert letters(bilal).count("registration_offered") == 2


def test_when_the_batch_begins_those_who_wait_are_told(
    queue: list[Registration], now: datetime
) -> None:
    _, bilal, chiara = queue
    batch = db.session.get(make.Batch, bilal.batch_id)
    tidy(bilal, batch.closes_at)
    assert make.read(bilal.id).state is State.WAITLISTED
    tidy(bilal, batch_facts(batch.id).begins_at)
    for person in (bilal, chiara):
        assert make.read(person.id).state is State.EXPIRED
        assert letters(person)[-1] == "registration_expired"


def test_every_move_has_one_history_row_and_its_letter(
    queue: list[Registration], now: datetime
) -> None:
    asha, bilal, _ = queue
    press(answering.withdraw, asha, now=now)
    press(answering.pass_offer, bilal, now=now)
    press(answering.withdraw, bilal, now=now)
    assert history(bilal) == [
        (None, State.WAITLISTED),
        (State.WAITLISTED, State.WAITLISTED),  # the address was confirmed
        (State.WAITLISTED, State.OFFERED),
        (State.OFFERED, State.WAITLISTED),
        (State.WAITLISTED, State.WITHDRAWN),
    ]
    assert letters(bilal) == [
        "registration_waitlisted",
        "registration_offered",
        "registration_passed",
        "registration_withdrawn",
    ]


def test_a_verb_that_fails_half_way_leaves_nothing(now: datetime, app: Flask) -> None:
    batch = make.batch(capacity=1)

    def break_off(**given: object) -> None:
        arriving.register(**given)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        atomically(break_off, batch_id=batch.id, applicant=make.applicant(), now=now)
    assert make.states(batch) == {}
    for table in (RegistrationEvent, Letter):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    assert not db.session.scalar(sa.text("SELECT count(*) FROM seat WHERE taken"))


def test_every_illegal_move_is_refused_and_leaves_no_trace(now: datetime, app: Flask) -> None:
    """For each state a person can be in, each move that the table does not have."""
    tried = 0
    for one in everybody_everywhere(now):
        before = contents()
        source = make.read(one).state
        for target in State:
            if not MOVES.allows(source, target):
                with pytest.raises(IllegalMove):
                    atomically(force, registration_id=one, target=target, now=now)
                tried += 1
        assert contents() == before
    assert tried == sum(not MOVES.allows(a, b) for a in State for b in State)


def force(*, registration_id: int, target: State, now: datetime) -> None:
    one = db.session.get_one(Registration, registration_id, populate_existing=True)
    allocation.move(one, target, by="test", why="on purpose", now=now)


def everybody_everywhere(now: datetime) -> list[int]:
    """One registration in each state of the table."""
    batch, choosy = make.batch(3), make.batch(1, needs_approval=True)
    pending = make.registration(batch)
    confirmed = make.registration(batch, confirmed=True)
    gone = make.registration(batch, confirmed=True)
    waits = [make.registration(batch, confirmed=True) for _ in range(3)]
    press(answering.withdraw, gone, now=now)  # the first who waits is offered the seat
    staff = {"by": "staff 1", "now": now}
    press(deciding.cancel, waits[2], reason="", **staff)
    lost = make.registration(batch)
    atomically(tidying.tidy_batch, batch_id=batch.id, now=now)
    applied, rejected = make.registration(choosy), make.registration(choosy)
    atomically(
        deciding.reject, batch_id=choosy.id, registration_ids=[rejected.id], reason="No.", **staff
    )
    atomically(expire, registration_id=lost.id, now=now)
    everybody = [pending, confirmed, gone, *waits, lost, applied, rejected]
    found = {make.read(one.id).state: one.id for one in everybody}
    assert set(found) == set(State)
    return list(found.values())


def expire(*, registration_id: int, now: datetime) -> None:
    one = db.session.get_one(Registration, registration_id, populate_existing=True)
    allocation.move(one, State.EXPIRED, by="clock", why="address not confirmed in time", now=now)
