"""Why? The sentence is true in every state: it names the state, the place and the dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.accounts.duties import Duty
from enroll.batches.models import Seat
from enroll.console.why import sentence
from enroll.db import atomically, db
from enroll.registrations import (
    allocation,
    answering,
    arriving,
    correcting,
    deciding,
    personal,
    seats,
    steering,
    tidying,
)
from enroll.registrations.explaining import full_since
from enroll.registrations.locking import lock_seating
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.states import State
from enroll.web import moment
from tests import make
from tests.accounts.people import colleague
from tests.registrations import acting
from tests.registrations.acting import adds_up, in_batch, wish  # noqa: F401 - a fixture
from tests.registrations.test_walks import STEPS, Walk

DAY = timedelta(days=1)

# What the sentence about each state has to say, whatever brought it there.
SAYS = {
    State.APPLIED: ("applied",),
    State.PENDING: ("held",),
    State.WAITLISTED: ("place",),
    State.OFFERED: ("offer",),
    State.CONFIRMED: ("is enrolled since",),
    State.REJECTED: ("was not admitted",),
    State.EXPIRED: ("nobody confirmed", "ended without an answer", "no seat was free", "had been decided"),
    State.WITHDRAWN: ("gave the seat up", "left the list", "left this batch"),
    State.CANCELLED: ("cancelled", "called off"),
}


def day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%-d %B %Y}"


def why(one: Registration, now: datetime) -> str:
    return sentence(make.read(one.id), now=now)


def check(one: Registration, now: datetime) -> None:
    """The sentence against what the rows say by themselves."""
    said = sentence(one, now=now)
    assert "%(" not in said
    assert said.endswith(".") or one.decision
    if one.erased_at is not None:
        assert day(one.erased_at) in said
        assert one.email not in said
        return
    assert any(words in said for words in SAYS[one.state]), (one.state, said)
    assert one.name in said
    if one.state in (State.PENDING, State.OFFERED):
        assert moment(one.deadline_at, "UTC") in said
    if one.state is State.WAITLISTED:
        # Place 1 is also how 10 begins.
        assert f"lace {personal.place(one)} " in f"{said} ".replace(",", " ").replace(":", " "), said
        check_seats(one, said)
    changed = [move for move in personal.history(one) if move.from_state is not move.to_state][-1]
    if one.state in (State.CONFIRMED, State.WITHDRAWN, State.CANCELLED, State.REJECTED):
        assert day(changed.at) in said
    others = db.session.scalars(
        sa.select(Registration.name).where(
            Registration.batch_id == one.batch_id, Registration.name != one.name
        )
    )
    assert not [other for other in others if other and f"{other} " in said]


def check_seats(one: Registration, said: str) -> None:
    """Full only if it is, since a day on which somebody sat down; free only if a seat is."""
    counts = sa.select(sa.func.count(), sa.func.count().filter(~Seat.taken))
    have, free = db.session.execute(counts.where(Seat.batch_id == one.batch_id)).one()
    if "seats are taken" in said or "only seat is taken" in said:
        assert free == 0
        assert f"all {have} seats" in said or have == 1
        assert f"since {day(full_from(one.batch_id, have))}" in said
    if "about to be offered" in said:
        assert free > 0
    if "confirmed yet" not in said and "corrected" not in said and "nobody confirmed" not in said:
        assert one.address_confirmed_at is not None


def full_from(batch_id: int, have: int) -> datetime:
    """From which moment on never fewer sat, told by who sat when."""
    moves = sa.select(RegistrationEvent).join(
        Registration, Registration.id == RegistrationEvent.registration_id
    ).where(Registration.batch_id == batch_id).order_by(RegistrationEvent.id)
    sitting: set[int] = set()
    counts: dict[datetime, int] = {}
    for move in db.session.scalars(moves):
        (sitting.add if move.to_state.is_seated else sitting.discard)(move.registration_id)
        counts[move.at] = len(sitting)
    times = list(counts)
    below = [number for number, at in enumerate(times) if counts[at] < have]
    return times[below[-1] + 1 if below else 0]


@pytest.mark.parametrize("seed", range(100, 106))
def test_it_is_true_wherever_a_walk_leads(app: Flask, now: datetime, seed: int) -> None:
    walk = Walk(seed, now)
    seen = set()
    with app.test_request_context():
        for _ in range(STEPS):
            walk.step()
            db.session.rollback()
            everybody = sa.select(Registration).execution_options(populate_existing=True)
            for one in db.session.scalars(everybody):
                check(one, walk.now)
                seen.add(one.state)
    assert len(seen) >= 4


@pytest.fixture
def spoken(app: Flask) -> Any:
    """Sentences are said in a request, in its language."""
    with app.test_request_context():
        yield


pytestmark = pytest.mark.usefixtures("adds_up")


def full(now: datetime, seats_: int = 2) -> tuple[make.Batch, list[Registration]]:
    batch = make.batch(seats_, now=now)
    return batch, [make.registration(batch, confirmed=True, now=now) for _ in range(seats_)]


def test_it_says_since_when_all_seats_are_taken_and_where_one_went(spoken: None, now: datetime) -> None:
    batch, (first, _second) = full(now)
    ahead = make.registration(batch, confirmed=True, now=now + DAY)
    asha = make.registration(batch, "asha@example.org", confirmed=True, now=now + DAY)
    assert why(asha, now + DAY) == (
        f"Asha Verma waits at place 2, because all 2 seats are taken since {day(now)}."
    )
    acting.press(answering.withdraw, first, now=now + 2 * DAY)
    assert why(asha, now + 2 * DAY) == (
        f"Asha Verma waits at place 1, because all 2 seats are taken since {day(now)}."
        f" One seat that freed was offered since, on {day(now + 2 * DAY)}, to the person first in line."
    )
    assert f"was offered on {day(now + 2 * DAY)} to Asha Verma, who was first in line" in why(
        ahead, now + 2 * DAY
    )


def test_who_passed_waits_for_the_next_seat(spoken: None, now: datetime) -> None:
    batch, (first, _) = full(now)
    asha = make.registration(batch, confirmed=True, now=now)
    acting.press(answering.withdraw, first, now=now)
    acting.press(answering.pass_offer, asha, now=now + DAY / 24)
    said = why(asha, now + DAY)
    assert "were offered a seat and did not take it" in said
    behind = make.registration(batch, confirmed=True, now=now + DAY)
    assert why(behind, now + DAY).startswith("Asha Verma is enrolled since")


def test_a_hold_that_ran_out_tells_until_when(spoken: None, now: datetime) -> None:
    asha = make.registration(make.batch(1, now=now), now=now)
    until = asha.deadline_at
    assert until is not None
    assert f"A seat is held for Asha Verma since {day(now)}, until {moment(until, 'UTC')}" in why(asha, now)
    late = until + timedelta(minutes=1)
    expected = f"The seat was held for Asha Verma until {moment(until, 'UTC')}; nobody confirmed."
    assert why(asha, late) == expected  # the worker has not come yet
    atomically(tidying.tidy_batch, batch_id=asha.batch_id, now=late + 3 * DAY)
    assert why(asha, late + 3 * DAY) == expected


def test_an_offer_out_of_turn_tells_its_reason(spoken: None, now: datetime) -> None:
    batch, (first, _) = full(now)
    passed = make.registration(batch, confirmed=True, now=now)
    asha = make.registration(batch, confirmed=True, now=now)
    acting.press(answering.withdraw, first, now=now)
    acting.press(answering.pass_offer, passed, now=now)
    acting.press(answering.pass_offer, asha, now=now)
    until = now + 3 * DAY

    def out_of_turn() -> None:
        lock_seating(batch.id)
        (seat,) = seats.claim_seats(batch.id, 1) or [0]
        one = db.session.get_one(Registration, asha.id, populate_existing=True)
        one.is_resting = False
        allocation.offer(one, seat, until=until, by="staff 1", why="her visa", now=now)

    atomically(out_of_turn)
    assert why(asha, now) == (
        f"Asha Verma was offered a seat out of turn on {day(now)}, until {moment(until, 'UTC')},"
        " because: her visa"
    )
    assert f"On {day(now)} a seat was given out of turn" in why(passed, now)


def test_applications_and_what_became_of_them(spoken: None, now: datetime) -> None:
    batch = make.batch(1, needs_approval=True, now=now)
    ids = [make.registration(batch, confirmed=True, now=now) for _ in range(4)]
    assert why(ids[0], now) == f"Asha Verma applied on {day(now)}, and it is not decided yet."
    given: dict[str, Any] = {"batch_id": batch.id, "by": "staff 1", "now": now}
    atomically(deciding.admit, registration_ids=[ids[0].id], **given)
    atomically(deciding.reject, registration_ids=[ids[1].id], reason="No Python yet.", **given)
    assert "was accepted" in why(ids[0], now)
    assert why(ids[1], now) == f"Asha Verma was not admitted on {day(now)}, because: No Python yet."
    acting.press(deciding.cancel, ids[2], reason="Asked for it.", by="staff 1", now=now)
    assert "because: Asked for it." in why(ids[2], now)
    begun = now + 31 * DAY
    atomically(tidying.tidy_batch, batch_id=batch.id, now=begun)
    assert "before the application of Asha Verma had been decided" in why(ids[3], begun)
    unconfirmed = make.registration(make.batch(needs_approval=True, now=now), now=now)
    assert "not confirmed yet: only then is it decided" in why(unconfirmed, now)


def test_groups_wishes_and_corrected_addresses(spoken: None, now: datetime) -> None:
    batch, (first, _second) = full(now)
    there, (holder,) = full(now, 1)
    pair = [make.applicant(f"pair{n}@example.org") for n in range(2)]
    ids = atomically(arriving.register_group, batch_id=batch.id, applicants=pair, now=now)
    mates = [make.read(one) for one in ids]
    acting.confirm(mates[0], now=now)
    acting.press(answering.withdraw, first, now=now)
    assert "somebody in it has not confirmed" in why(mates[0], now)
    acting.confirm(mates[1], now=now)
    assert "their group of 2 wants to sit together; free seats: 1" in why(mates[0], now)
    wish(make.read(mates[1].id), there, now=now)
    acting.press(answering.withdraw, holder, now=now)
    assert "somebody in it considers a seat elsewhere" in why(mates[0], now)
    assert f"in {there.code}" in why(mates[1], now)
    alone = make.registration(make.batch(1, now=now), confirmed=True, now=now)
    waits = make.registration(batch_of(alone), confirmed=True, now=now)
    acting.press(correcting.correct_address, waits, email="new@example.org", by="staff 1", now=now)
    assert "only once the corrected e-mail address is confirmed" in why(waits, now)


def batch_of(one: Registration) -> make.Batch:
    db.session.rollback()
    return db.session.get_one(make.Batch, one.batch_id)


def test_called_off_and_too_late(spoken: None, now: datetime) -> None:
    batch, (first,) = full(now, 1)
    asha = make.registration(batch, confirmed=True, now=now)
    soon = datetime.combine(batch.starts_on, datetime.min.time(), UTC) - timedelta(hours=3)
    acting.press(answering.withdraw, first, now=soon)
    assert "too soon for an offer by e-mail" in why(asha, soon)
    staff = f"staff {colleague(Duty.PLAN)}"
    atomically(steering.call_off, batch_id=batch.id, by=staff, now=soon)
    assert why(asha, soon) == (
        f"The batch was called off on {day(soon)}, and with it the place of Asha Verma."
    )
    assert "gave the seat up" in why(first, soon)


def test_a_seat_that_changes_hands_leaves_no_gap(now: datetime) -> None:
    later = now + DAY
    assert full_since([(now, 1), (now, 1), (later, -1), (later, 1)], 2) == now
    assert full_since([(now, 1), (later, 1)], 2) == later
    assert full_since([(now, 1), (now, 1), (later, -1)], 2) is None
    assert full_since([(now, 1), (now, 1), (later, -1), (later + DAY, 1)], 2) == later + DAY


def test_nobody_else_is_named(spoken: None, now: datetime) -> None:
    batch, _ = full(now, 1)
    make.registration(batch, "ahead@example.org", confirmed=True, now=now)
    asha = make.registration(batch, "asha@example.org", confirmed=True, now=now)
    assert in_batch(batch, "ahead@example.org").email not in why(asha, now)
