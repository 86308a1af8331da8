"""A wrong address is corrected: the seat stays, the old link dies, nothing more goes to the old one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.accounts.duties import Duty
from enroll.db import atomically, db
from enroll.mail import delivery
from enroll.mail.models import Letter
from enroll.refusal import Refused
from enroll.registrations import answering, correcting, deciding, telephoning, tidying
from enroll.registrations.audit import audit
from enroll.registrations.correcting import AddressTaken
from enroll.registrations.models import Registration
from enroll.registrations.outcomes import HasEnded
from enroll.registrations.personal import by_token
from enroll.registrations.replay import ADDRESS_CORRECTED
from enroll.registrations.states import State
from tests import make
from tests.accounts.people import colleague
from tests.reading import hidden_fields
from tests.registrations import acting
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    confirm,
    history,
    letter,
    letters,
    state,
    transfer,
    wish,
)

pytestmark = pytest.mark.usefixtures("adds_up")
WRONG, RIGHT = "asah@example.org", "asha@example.org"
HOUR = timedelta(hours=1)


def correct(one: Registration, *, now: datetime, email: str = RIGHT, confirmed: bool = False) -> Any:
    return acting.press(correcting.correct_address, one, email=email, is_confirmed=confirmed,
                        by="staff 1", now=now)


@pytest.fixture
def batch(app: Flask) -> make.Batch:
    return make.batch(1)


@pytest.fixture
def enrolled(batch: make.Batch) -> Registration:
    return make.registration(batch, WRONG, confirmed=True)


def unsent_to(address: str) -> int:
    db.session.rollback()
    waits = sa.select(sa.func.count()).where(
        Letter.recipient == address, Letter.state.in_(["queued", "claimed"])
    )
    return db.session.scalar(waits) or 0


def test_the_seat_stays_and_the_link_is_new(enrolled: Registration, now: datetime) -> None:
    old = enrolled.token
    assert unsent_to(WRONG) == 2
    outcome = correct(enrolled, now=now)
    assert outcome.changed
    one = make.read(enrolled.id)
    assert (one.state, one.seat_number, one.email) == (State.CONFIRMED, 1, RIGHT)
    assert one.address_confirmed_at is None
    assert by_token(old) is None
    assert by_token(one.token).id == one.id
    fresh = letter(one, "address_corrected")
    assert (fresh.recipient, fresh.state, fresh.is_unasked) == (RIGHT, "queued", True)
    assert (fresh.context["token"], fresh.context["name"]) == (one.token, "")
    assert fresh.context["calendar"]["method"] == "PUBLISH"
    assert unsent_to(WRONG) == 0
    assert history(one)[-1] == ("confirmed", "confirmed", "corrected the address")


def test_a_claimed_letter_loses_its_lease(enrolled: Registration, now: datetime) -> None:
    one_id = enrolled.id
    claimed = atomically(delivery.claim_due, worker="slow", now=now + HOUR)
    assert {row.recipient for row in claimed} == {WRONG}
    correct(make.read(one_id), now=now)
    with pytest.raises(delivery.LeaseLost):
        atomically(delivery.begin_sending, letter_id=claimed[0].id, worker="slow", now=now)


def test_twice_is_fine(enrolled: Registration, now: datetime) -> None:
    correct(enrolled, now=now)
    token = make.read(enrolled.id).token
    assert not correct(enrolled, now=now).changed
    assert make.read(enrolled.id).token == token
    assert letters(enrolled).count("address_corrected") == 1


def test_the_link_confirms_the_new_address(enrolled: Registration, now: datetime) -> None:
    correct(enrolled, now=now)
    assert confirm(make.read(enrolled.id), now=now).changed
    assert make.read(enrolled.id).address_confirmed_at == now
    assert state(enrolled) is State.CONFIRMED


def test_said_on_the_telephone_it_counts_as_confirmed(batch: make.Batch, now: datetime) -> None:
    held = make.registration(batch, WRONG)
    correct(held, now=now, confirmed=True)
    one = make.read(held.id)
    assert (one.state, one.address_confirmed_at) == (State.CONFIRMED, now)
    assert letter(one, "registration_confirmed").recipient == RIGHT
    assert "address_corrected" not in letters(one)  # the letter of the move has the link


def test_the_same_address_can_be_confirmed_by_telephone(batch: make.Batch, now: datetime) -> None:
    held = make.registration(batch, RIGHT)
    assert correct(held, now=now, confirmed=True).changed
    assert state(held) is State.CONFIRMED
    assert not correct(held, now=now, confirmed=True).changed


def test_a_hold_gets_its_full_time_again(batch: make.Batch, now: datetime) -> None:
    held = make.registration(batch, WRONG, now=now)
    later = held.deadline_at - HOUR
    correct(held, now=later)
    one = make.read(held.id)
    assert (one.state, one.seat_number) == (State.PENDING, 1)
    assert one.deadline_at > later + HOUR
    assert one.deadline_at == datetime.fromisoformat(letter(one, "address_corrected").context["deadline_at"])
    confirm(one, now=later)
    assert state(one) is State.CONFIRMED


def test_who_waits_is_not_asked_until_the_address_is_confirmed(
    batch: make.Batch, enrolled: Registration, now: datetime
) -> None:
    asha = make.registration(batch, "asah2@example.org", confirmed=True)
    bibi = make.registration(batch, confirmed=True)
    correct(asha, now=now, email="asha2@example.org")
    assert make.read(asha.id).deadline_at is None  # the place is kept
    acting.press(answering.withdraw, enrolled, now=now)
    assert (state(asha), state(bibi)) == (State.WAITLISTED, State.OFFERED)
    assert audit(now)["problems"] == []
    acting.press(answering.withdraw, bibi, now=now)
    assert state(asha) is State.WAITLISTED
    confirm(make.read(asha.id), now=now)
    assert state(asha) is State.OFFERED


def test_the_history_tells_the_audit_why_somebody_was_passed(
    batch: make.Batch, enrolled: Registration, now: datetime
) -> None:
    """The negative control: without that row the audit finds the offer that passed them."""
    asha = make.registration(batch, "asah2@example.org", confirmed=True)
    make.registration(batch, confirmed=True)
    correct(asha, now=now, email="asha2@example.org")
    acting.press(answering.withdraw, enrolled, now=now)
    rename = sa.text("UPDATE registration_event SET why = :to WHERE why = :was")
    atomically(lambda: db.session.execute(rename, {"to": "hm", "was": ADDRESS_CORRECTED}))
    assert any("who came first" in line for line in audit(now)["problems"])
    atomically(lambda: db.session.execute(rename, {"to": ADDRESS_CORRECTED, "was": "hm"}))


@pytest.mark.parametrize("answer", [answering.accept, answering.pass_offer])
def test_an_offer_keeps_standing_and_its_answer_confirms_the_address(
    batch: make.Batch, enrolled: Registration, now: datetime, answer: Any
) -> None:
    asha = make.registration(batch, "asah2@example.org", confirmed=True)
    acting.press(answering.withdraw, enrolled, now=now)
    before = make.read(asha.id).deadline_at
    correct(asha, now=now + HOUR, email="asha2@example.org")
    one = make.read(asha.id)
    assert one.state is State.OFFERED
    assert one.deadline_at >= before
    acting.press(answer, one, now=now + HOUR)
    assert make.read(asha.id).address_confirmed_at == now + HOUR


def test_pressing_confirm_at_an_offer_leaves_it_open(
    batch: make.Batch, enrolled: Registration, now: datetime
) -> None:
    asha = make.registration(batch, "asah2@example.org", confirmed=True)
    acting.press(answering.withdraw, enrolled, now=now)
    correct(asha, now=now, email="asha2@example.org")
    confirm(make.read(asha.id), now=now)
    one = make.read(asha.id)
    assert (one.state, one.address_confirmed_at) == (State.OFFERED, now)
    assert one.deadline_at is not None


def test_another_live_registration_with_it_refuses(batch: make.Batch, enrolled: Registration,
                                                   now: datetime) -> None:
    other = make.registration(batch, RIGHT)
    token = enrolled.token
    with pytest.raises(AddressTaken):
        correct(enrolled, now=now)
    assert (make.read(enrolled.id).email, make.read(enrolled.id).token) == (WRONG, token)
    acting.press(answering.withdraw, other, now=now)
    assert correct(enrolled, now=now).changed  # who has ended stands in nobody's way


def test_an_address_that_somebody_shares_refuses_too(
    batch: make.Batch, enrolled: Registration, now: datetime
) -> None:
    staff_id = colleague(Duty.PLAN)
    for name, number in (("Zoe Quist", "+4915112345678"), ("Yann Quist", "+4915112345679")):
        caller = telephoning.Caller(name=name, phone=number, email="q@example.org", consent_version="x")
        atomically(telephoning.register_by_hand, batch_id=batch.id, caller=caller, staff_id=staff_id,
                   seen=range(99), now=now)
    with pytest.raises(AddressTaken):
        correct(enrolled, now=now, email="q@example.org")


def test_what_is_bound_changes_with_it(app: Flask, now: datetime) -> None:
    here, there, third = make.batch(1), make.batch(1), make.batch(1)
    for one in (there, third):
        make.registration(one, confirmed=True)
    asha = make.registration(here, WRONG, confirmed=True)
    moving_to = make.read(transfer(asha, there, now=now).registration.id)
    wish(moving_to, third, now=now)
    correct(moving_to, now=now)
    mine = db.session.scalars(sa.select(Registration).where(Registration.email == RIGHT)).all()
    assert len(mine) == 3
    assert not db.session.scalars(sa.select(Registration).where(Registration.email == WRONG)).all()
    assert [letters(one).count("address_corrected") for one in mine] == [1, 1, 1]


def test_a_stranger_with_the_old_address_keeps_what_is_theirs(
    enrolled: Registration, now: datetime
) -> None:
    """The slip was somebody's real address, who is registered elsewhere."""
    theirs = make.registration(make.batch(1), WRONG, confirmed=True)
    token, waiting = theirs.token, unsent_to(WRONG)
    correct(enrolled, now=now)
    assert (make.read(theirs.id).email, make.read(theirs.id).token) == (WRONG, token)
    assert unsent_to(WRONG) == waiting - 2


def test_who_has_left_is_not_corrected(enrolled: Registration, now: datetime) -> None:
    acting.press(answering.withdraw, enrolled, now=now)
    with pytest.raises(HasEnded):
        correct(enrolled, now=now)


def test_who_had_none_gets_an_address(batch: make.Batch, now: datetime) -> None:
    staff_id = colleague(Duty.PLAN)
    caller = telephoning.Caller(name="Leela Nair", phone="+919876543210", consent_version="x")
    called = atomically(telephoning.register_by_hand, batch_id=batch.id, caller=caller,
                        staff_id=staff_id, now=now)
    correct(called, now=now, confirmed=True)
    one = make.read(called.id)
    assert (one.email, one.letters_to, one.address_confirmed_at) == (RIGHT, None, now)
    assert letter(one, "address_corrected").recipient == RIGHT


def test_an_application_waits_for_the_new_address(app: Flask, now: datetime) -> None:
    batch = make.batch(1, needs_approval=True)
    asha = make.registration(batch, WRONG, confirmed=True)
    correct(asha, now=now)
    atomically(deciding.admit, batch_id=batch.id, registration_ids=[asha.id], by="staff 1", now=now)
    one = make.read(asha.id)
    assert (one.state, one.address_confirmed_at) == (State.PENDING, None)
    confirm(one, now=now)
    assert state(one) is State.CONFIRMED


@pytest.mark.parametrize("state_of", ["enrolled", "offered", "waiting", "held", "applied"])
def test_the_new_link_shows_a_page_whose_button_works(
    client: FlaskClient, now: datetime, state_of: str
) -> None:
    batch = make.batch(1, needs_approval=state_of == "applied")
    holder = make.registration(batch, confirmed=True) if state_of in ("offered", "waiting") else None
    asha = make.registration(batch, WRONG, confirmed=state_of != "held")
    if state_of == "offered":
        acting.press(answering.withdraw, holder, now=now)
    old = make.read(asha.id).token
    correct(asha, now=now)
    one = make.read(asha.id)
    page = client.get(f"/registrations/{one.token}")
    assert page.status_code == 200
    press = "accept" if state_of == "offered" else "confirm"
    assert f"/registrations/{one.token}/{press}" in page.text
    answer = client.post(f"/registrations/{one.token}/{press}", data=hidden_fields(page.text))
    assert answer.status_code == 303
    assert make.read(asha.id).address_confirmed_at is not None
    dead = client.get(f"/registrations/{old}")
    assert dead.status_code == 404
    assert "This link no longer works" in dead.text
    assert "Send me my links again" in dead.text
    for verb in ("confirm", "withdraw"):
        assert client.post(f"/registrations/{old}/{verb}").status_code == 404


def test_nobody_is_harmed_by_a_correction_at_any_state(app: Flask, now: datetime) -> None:
    """Correct, let the clock run on, and all still ends."""
    batch = make.batch(1, now=now)
    asha = make.registration(batch, WRONG, now=now)
    correct(asha, now=now)
    late = make.read(asha.id).deadline_at + HOUR
    atomically(tidying.tidy_batch, batch_id=batch.id, now=late)
    assert state(asha) is State.EXPIRED
    with pytest.raises(Refused):
        correct(asha, now=late)
