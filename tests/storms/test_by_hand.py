"""Two colleagues with the same caller, and the last seat between the telephone and the public form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.db import atomically, db
from enroll.refusal import Refused
from enroll.registrations import arriving, telephoning
from enroll.registrations.audit import audit
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from enroll.registrations.telephoning import Caller
from tests import make
from tests.accounts.people import colleague

pytestmark = pytest.mark.storm

Race = Callable[..., list[Any]]
LATER = (0.0, 0.001, -0.001, 0.003, -0.003, 0.0005)


@pytest.fixture
def staff(app: Flask) -> list[int]:
    return [colleague(Duty.PLAN, email=f"{name}@example.org") for name in ("meera", "ravi")]


def take(batch_id: int, staff_id: int, **caller: str) -> str:
    """Register a caller; the state they come to, or the name of the refusal."""
    given = {"name": "Asha Verma", "phone": "+919876543210", "consent_version": "x"} | caller
    try:
        one = atomically(telephoning.register_by_hand, batch_id=batch_id, caller=Caller(**given),
                         staff_id=staff_id, now=clock.now())
    except Refused as refusal:
        return type(refusal).__name__
    return one.state.value


def fill_in(batch_id: int) -> str:
    one = atomically(arriving.register, batch_id=batch_id, now=clock.now(),
                     applicant=make.applicant(f"form-{batch_id}@example.org", name="Zoe Quist"))
    return make.read(one).state.value


def in_batch(batch_id: int) -> list[Registration]:
    db.session.rollback()
    rows = sa.select(Registration).where(Registration.batch_id == batch_id)
    return list(db.session.scalars(rows.order_by(Registration.queue_number)))


@pytest.mark.parametrize("email", ["", "asha@example.org"])
def test_two_colleagues_with_the_same_caller_register_one(
    staff: list[int], race: Race, rounds: int, now: datetime, email: str
) -> None:
    batches = [make.batch(3).id for _ in range(rounds)]
    for number, batch_id in enumerate(batches):
        verbs = [partial(take, batch_id, one, email=email) for one in staff]
        answers = race(*verbs, later=LATER[number % len(LATER)])
        assert Counter(answers) == {"confirmed": 1, "PerhapsHere": 1}
        assert len(in_batch(batch_id)) == 1
    assert audit(clock.now())["problems"] == []


def test_the_last_seat_goes_to_the_telephone_or_to_the_form(
    staff: list[int], race: Race, rounds: int, now: datetime
) -> None:
    batches = [make.batch(1).id for _ in range(rounds)]
    orders = Counter[str]()
    for number, batch_id in enumerate(batches):
        verbs = [partial(take, batch_id, staff[0]), partial(fill_in, batch_id)]
        by_hand, by_form = race(*verbs, later=LATER[number % len(LATER)])
        orders[by_hand] += 1
        assert (by_hand, by_form) in {("confirmed", "waitlisted"), ("waitlisted", "pending")}
        seated = [one for one in in_batch(batch_id) if one.state in (State.CONFIRMED, State.PENDING)]
        assert [one.seat_number for one in seated] == [1]
    assert audit(clock.now())["problems"] == []
