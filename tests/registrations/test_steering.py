"""What staff decide about a batch that has people in it: size, dates, whether it runs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from enroll.batches.facts import batch_facts
from enroll.batches.models import Batch, BatchSession
from enroll.batches.states import BatchState
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.registrations import answering, arriving, reminding, steering
from enroll.registrations.states import State
from tests import make
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    free_seats,
    in_batch,
    letter,
    letters,
    press,
    state,
    transfer,
    wish,
    with_sessions,
)

pytestmark = pytest.mark.usefixtures("adds_up")
STAFF = "staff 1"


def resize(batch: Batch, capacity: int, now: datetime) -> int:
    return atomically(steering.resize, batch_id=batch.id, capacity=capacity, now=now)


def call_off(batch: Batch, now: datetime) -> int:
    return atomically(steering.call_off, batch_id=batch.id, by=STAFF, now=now)


def batch_state(batch: Batch) -> BatchState:
    db.session.rollback()
    return db.session.get_one(Batch, batch.id, populate_existing=True).state


def capacity(batch: Batch) -> int:
    db.session.rollback()
    return db.session.scalar(sa.text(f"SELECT count(*) FROM seat WHERE batch_id = {batch.id}"))


# ---------------------------------------------------------------- size


def test_seats_that_are_added_are_offered_in_order(now: datetime) -> None:
    batch = make.batch(1)
    make.registration(batch, confirmed=True)
    people = [make.registration(batch, confirmed=True) for _ in range(3)]
    assert resize(batch, 3, now) == 2
    assert [state(one) for one in people] == [State.OFFERED, State.OFFERED, State.WAITLISTED]


def test_a_seat_that_is_added_wakes_those_who_passed(now: datetime) -> None:
    batch = make.batch(1)
    holder = make.registration(batch, confirmed=True)
    asha = make.registration(batch, confirmed=True)
    press(answering.withdraw, holder, now=now)
    press(answering.pass_offer, asha, now=now)
    assert (state(asha), free_seats(batch)) == (State.WAITLISTED, 1)
    resize(batch, 2, now)
    assert state(asha) is State.OFFERED


def test_only_free_seats_can_be_taken_away(now: datetime) -> None:
    batch = make.batch(4)
    people = [make.registration(batch, confirmed=True) for _ in range(3)]
    press(answering.withdraw, people[0], now=now)
    assert capacity(batch) == 4
    resize(batch, 2, now)
    assert (capacity(batch), free_seats(batch)) == (2, 0)
    with pytest.raises(steering.SeatsTaken) as refusal:
        resize(batch, 1, now)
    assert refusal.value.facts == {"taken": 2, "capacity": 1}
    assert capacity(batch) == 2
    resize(batch, 5, now)
    assert (capacity(batch), free_seats(batch)) == (5, 3)


# ---------------------------------------------------------------- whether it runs


def test_everybody_is_told_that_it_goes_ahead_once(now: datetime) -> None:
    batch = make.batch(1, minimum=5, decide_on=now.date())
    people = [make.registration(batch, confirmed=n == 0) for n in range(2)]
    assert atomically(steering.confirm_to_run, batch_id=batch.id, now=now)
    assert not atomically(steering.confirm_to_run, batch_id=batch.id, now=now)
    assert batch_state(batch) is BatchState.CONFIRMED_TO_RUN
    for one in people:
        assert letters(one).count("batch_confirmed_to_run") == 1


def test_calling_off_offers_each_person_what_is_free_elsewhere(now: datetime) -> None:
    course = make.course()
    off = make.batch(3, minimum=3)
    people = [make.registration(off, f"p{n}@example.org", confirmed=n != 1) for n in range(3)]
    late = make.registration(off, "waits@example.org", confirmed=True)
    later = now.date() + timedelta(days=60)
    small = make.batch(1, course_id=course)
    large = make.batch(2, course_id=course, starts_on=later, ends_on=later)
    unrelated = make.batch(9, course_id=make.course("another"))
    assert call_off(off, now) == 4
    assert batch_state(off) is BatchState.CALLED_OFF
    assert {state(one) for one in [*people, late]} == {State.CANCELLED}
    # In the order of first registration; only to addresses that are confirmed.
    assert make.states(small) == {"p0@example.org": State.OFFERED}
    assert make.states(large) == {
        "p2@example.org": State.OFFERED,
        "waits@example.org": State.OFFERED,
    }
    assert make.states(unrelated) == {}
    new = in_batch(small, "p0@example.org")
    assert letters(new) == ["registration_offered"]
    assert letter(new, "registration_offered").context["moved_from"] == off.title
    assert letter(people[0], "registration_cancelled").context["offer"]["code"] == small.code
    assert "offer" not in letter(people[1], "registration_cancelled").context
    assert call_off(off, now) is None


def test_whoever_moved_here_counts_from_the_first_registration(now: datetime) -> None:
    first, off, small = make.batch(1), make.batch(2), make.batch(1)
    asha = make.registration(first, confirmed=True, now=now - timedelta(hours=3))
    bilal = make.registration(off, confirmed=True, now=now - timedelta(hours=2))
    transfer(asha, off, now=now - timedelta(hours=1))
    make.registration(first, confirmed=True)  # its seat is gone
    call_off(off, now)
    assert state(in_batch(small, asha.email)) is State.OFFERED
    assert bilal.email not in make.states(small)


def test_nobody_is_moved_without_agreeing(now: datetime) -> None:
    off, other = make.batch(1), make.batch(1)
    asha = make.registration(off, confirmed=True)
    call_off(off, now)
    new = in_batch(other, asha.email)
    assert state(new) is State.OFFERED
    press(answering.withdraw, new, now=now)
    assert free_seats(other) == 1


def test_who_found_no_seat_elsewhere_may_enter_another_batch_later(now: datetime) -> None:
    off = make.batch(1)
    asha = make.registration(off, confirmed=True)
    call_off(off, now)
    assert "offer" not in letter(asha, "registration_cancelled").context
    added = make.batch(1)
    assert state(transfer(asha, added, now=now).registration) is State.CONFIRMED


def test_who_waits_elsewhere_by_a_wish_is_asked_there_at_once(now: datetime) -> None:
    off = make.batch(1)
    closed = make.batch(1, closes_at=now + timedelta(days=2))
    holders = [make.registration(batch, confirmed=True) for batch in (off, closed)]
    asha = make.registration(off, confirmed=True)
    wish(asha, closed, now=now)
    for holder in holders:
        press(answering.withdraw, holder, now=now)
    there = in_batch(closed, asha.email)
    assert (state(asha), state(there), free_seats(closed)) == (State.OFFERED, State.WAITLISTED, 1)
    after = now + timedelta(days=2)  # registration there is over, and the offer here still runs
    call_off(off, after)
    assert state(there) is State.OFFERED


def test_an_offer_for_a_batch_that_is_off_joins_the_wish(now: datetime) -> None:
    off, full, free = (make.batch(1) for _ in range(3))
    holders = [make.registration(batch, confirmed=True) for batch in (off, full)]
    asha = make.registration(off, confirmed=True)
    wish(asha, full, now=now)
    press(answering.withdraw, holders[0], now=now)
    assert state(asha) is State.OFFERED
    call_off(off, now)
    new, waits = in_batch(free, asha.email), in_batch(full, asha.email)
    assert (state(new), state(waits)) == (State.OFFERED, State.WAITLISTED)
    press(answering.withdraw, holders[1], now=now)
    assert state(waits) is State.WAITLISTED  # one open offer at a time
    press(answering.accept, new, now=now)
    assert state(waits) is State.WITHDRAWN


def test_a_move_out_of_a_batch_that_is_off_replaces_the_seat_offered_instead(
    now: datetime,
) -> None:
    off, full = make.batch(1), make.batch(1)
    holder = make.registration(full, confirmed=True)
    asha = make.registration(off, confirmed=True)
    waits = transfer(asha, full, now=now).registration
    free = make.batch(1)
    call_off(off, now)
    new = in_batch(free, asha.email)
    press(answering.accept, new, now=now)
    press(answering.withdraw, holder, now=now)
    press(answering.accept, waits, now=now)
    assert (state(new), state(waits)) == (State.WITHDRAWN, State.CONFIRMED)


def test_a_batch_that_is_off_takes_nobody(now: datetime) -> None:
    off = make.batch(1)
    call_off(off, now)
    with pytest.raises(arriving.RegistrationClosed) as refusal:
        make.registration(off)
    assert refusal.value.facts["reason"] == "called_off"
    with pytest.raises(steering.BatchMoved):
        atomically(steering.confirm_to_run, batch_id=off.id, now=now)


# ---------------------------------------------------------------- other dates


def test_a_batch_that_moves_keeps_its_hours_and_tells_everybody(now: datetime) -> None:
    batch = make.batch(1, zone="Europe/Berlin", **with_sessions(now=now))
    asha = make.registration(batch, confirmed=True)
    waits = make.registration(batch)
    before = [one.starts_at.astimezone(batch.tz).time() for one in sessions(batch)]
    starts_on = batch.starts_on
    atomically(steering.reschedule, batch_id=batch.id, days=140, now=now)
    after = sessions(batch)
    assert [one.starts_at.astimezone(batch.tz).time() for one in after] == before
    assert after[0].starts_at.date() - starts_on == timedelta(days=140)
    told = letter(asha, "batch_rescheduled").context["calendar"]
    assert told["sequence"] > letter(asha, "registration_confirmed").context["calendar"]["sequence"]
    assert "calendar" not in letter(waits, "batch_rescheduled").context
    begun = batch_facts(batch.id).begins_at
    with pytest.raises(steering.BatchMoved):
        atomically(steering.reschedule, batch_id=batch.id, days=7, now=begun)


def test_what_was_asked_ends_before_the_new_start_when_a_batch_moves_nearer(now: datetime) -> None:
    batch = make.batch(2, hold_hours=24 * 10, offer_hours=24 * 12, **with_sessions(now=now))
    leaves = make.registration(batch, confirmed=True)
    held = make.registration(batch)
    waits = make.registration(batch, confirmed=True)
    press(answering.withdraw, leaves, now=now)
    assert state(waits) is State.OFFERED
    atomically(steering.reschedule, batch_id=batch.id, days=-25, now=now)
    facts = batch_facts(batch.id)
    assert now < make.read(held.id).deadline_at <= facts.closes_at
    assert now < make.read(waits.id).deadline_at <= facts.begins_at
    for one in (held, waits):
        found = make.read(one.id)
        told = letter(one, "batch_rescheduled").context["deadline_at"]
        assert datetime.fromisoformat(told) == found.deadline_at
        assert found.remind_at < found.deadline_at


def test_a_deadline_stays_when_a_batch_moves_away(now: datetime) -> None:
    batch = make.batch(1, **with_sessions(now=now))
    held = make.registration(batch)
    before = (held.deadline_at, held.remind_at)
    atomically(steering.reschedule, batch_id=batch.id, days=7, now=now)
    assert (make.read(held.id).deadline_at, make.read(held.id).remind_at) == before


def test_letters_with_the_old_dates_are_not_sent_any_more(now: datetime) -> None:
    batch = make.batch(1, **with_sessions(now=now))
    asha = make.registration(batch, confirmed=True)
    soon = batch_facts(batch.id).begins_at - timedelta(days=6)
    atomically(reminding.tell_news, batch_id=batch.id, now=soon)
    joining = letter(asha, "batch_joining")
    atomically(steering.reschedule, batch_id=batch.id, days=7, now=soon)
    first = letter(asha, "batch_rescheduled")
    atomically(steering.reschedule, batch_id=batch.id, days=-7, now=soon)
    atomically(reminding.tell_news, batch_id=batch.id, now=soon)
    # Back to where it was: that is told anew too.
    assert letters(asha)[-2:] == ["batch_rescheduled", "batch_joining"]
    assert letter(asha, "batch_joining").id != joining.id
    unsent = sa.select(Letter.id).where(Letter.state == "suppressed").order_by(Letter.id)
    db.session.rollback()
    assert list(db.session.scalars(unsent)) == [joining.id, first.id]


def test_what_is_late_is_not_told_once_it_is_decided(now: datetime) -> None:
    batch = make.batch(1, minimum=5, decide_on=now.date())
    asha = make.registration(batch, confirmed=True)
    atomically(reminding.tell_news, batch_id=batch.id, now=now + timedelta(days=1))
    assert letter(asha, "batch_undecided").state.value == "queued"
    atomically(steering.confirm_to_run, batch_id=batch.id, now=now + timedelta(days=1))
    assert letter(asha, "batch_undecided").state.value == "suppressed"


def sessions(batch: Batch) -> list[BatchSession]:
    db.session.rollback()
    query = sa.select(BatchSession).where(BatchSession.batch_id == batch.id)
    return list(
        db.session.scalars(
            query.order_by(BatchSession.starts_at).execution_options(populate_existing=True)
        )
    )
