"""Long random walks through all verbs of three batches; after each step everything adds up.

No model here, only the audit: what the model of `test_machine` leaves out (whole batches called
off, wishes within groups) is walked through too, and more deeply.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.db import atomically, db
from enroll.refusal import Refused
from enroll.registrations import (
    answering,
    arriving,
    correcting,
    deciding,
    erasing,
    moving,
    reminding,
    steering,
    telephoning,
    tidying,
)
from enroll.registrations.audit import audit
from enroll.registrations.models import Registration
from enroll.registrations.states import LIVE, State
from tests import make
from tests.accounts.people import colleague

WALKS = 150 if os.environ.get("STORM") == "full" else 8
STEPS = 60

# Coming and pressing is frequent, whole batches seldom end.
VERBS = (
    ["register"] * 5
    + ["group"] * 2
    + ["confirm", "accept", "pass", "withdraw", "transfer", "wish"] * 3
    + ["tidy", "resize", "telephone", "by_hand", "correct"] * 2
    + ["cancel", "erase", "call_off", "news"]
)


class Walk:
    """One random walk; the same seed is the same walk."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a walk, not a secret
        self.now = now
        self.batches = [make.batch(self.random.randint(2, 4), now=now).id for _ in range(3)]
        self.staff_id = colleague(Duty.PLAN, email=f"walk{seed}@example.org")
        self.people = 0
        self.taken: list[str] = []

    def step(self) -> None:
        if self.random.random() < 0.3:
            self.now += timedelta(hours=self.random.choice([1, 5, 30]))
        verb = self.random.choice(VERBS)
        getattr(self, verb)(self.random.choice(self.batches))
        self.taken.append(verb)

    def go(self, verb: Callable[..., Any], **given: Any) -> Any:
        try:
            return atomically(verb, now=self.now, **given)
        except Refused:
            return None

    def somebody(self, *states: State) -> Registration | None:
        db.session.rollback()
        live = sa.select(Registration).where(Registration.state.in_(states or LIVE))
        found = db.session.scalars(
            live.order_by(Registration.id).execution_options(populate_existing=True)
        ).all()
        return self.random.choice(found) if found else None

    def press(self, verb: Callable[..., Any], *states: State, **more: Any) -> None:
        if one := self.somebody(*states):
            self.go(verb, batch_id=one.batch_id, registration_id=one.id, **more)

    # ------------------------------------------------------------ the verbs

    def _applicant(self) -> arriving.Applicant:
        self.people += 1
        return make.applicant(f"p{self.people}@example.org")

    def _confirm(self, registration_id: int) -> None:
        one = make.read(registration_id)
        given = {"batch_id": one.batch_id, "registration_id": one.id, "seen": one.state}
        self.go(answering.confirm, **given)

    def register(self, batch_id: int) -> None:
        new = self.go(arriving.register, batch_id=batch_id, applicant=self._applicant())
        if new and self.random.random() < 0.7:
            self._confirm(new)

    def group(self, batch_id: int) -> None:
        friends = [self._applicant() for _ in range(self.random.randint(2, 3))]
        new = self.go(arriving.register_group, batch_id=batch_id, applicants=friends)
        if self.random.random() < 0.8:
            for one in new or []:
                self._confirm(one)

    def confirm(self, _batch_id: int) -> None:
        if one := self.somebody(State.PENDING, State.WAITLISTED):
            self._confirm(one.id)

    def accept(self, _batch_id: int) -> None:
        self.press(answering.accept, State.OFFERED)

    def withdraw(self, _batch_id: int) -> None:
        self.press(answering.withdraw)

    def transfer(self, batch_id: int) -> None:
        self.press(moving.transfer, to_batch_id=batch_id)

    def wish(self, _batch_id: int) -> None:
        others = self.random.sample(self.batches, 2)
        self.press(moving.wish_for, State.WAITLISTED, other_ids=others)

    def tidy(self, _batch_id: int) -> None:
        for batch_id in self.batches:
            self.go(tidying.tidy_batch, batch_id=batch_id)

    def resize(self, batch_id: int) -> None:
        self.go(steering.resize, batch_id=batch_id, capacity=self.random.randint(1, 6))

    def telephone(self, _batch_id: int) -> None:
        self.press(deciding.seat_by_telephone, State.WAITLISTED, by="staff 1")

    def by_hand(self, batch_id: int) -> None:
        """Without an address, with one of their own, or with one that somebody here has."""
        self.people += 1
        there = self.somebody()
        addresses = ["", f"p{self.people}@example.org", there.address if there else ""]
        caller = telephoning.Caller(
            name=f"{self.people} Caller", phone="", email=self.random.choice(addresses),
            note="Called.", consent_version="test/18",
        )
        everybody = range(1, 1000)
        self.go(telephoning.register_by_hand, batch_id=batch_id, caller=caller,
                staff_id=self.staff_id, seen=everybody)

    def correct(self, _batch_id: int) -> None:
        self.people += 1
        there = self.somebody()
        addresses = [f"p{self.people}@example.org"] * 3 + [there.address if there else ""]
        email = self.random.choice([one for one in addresses if one])
        confirmed = self.random.random() < 0.4
        self.press(correcting.correct_address, email=email, is_confirmed=confirmed, by="staff 1")

    def cancel(self, _batch_id: int) -> None:
        self.press(deciding.cancel, reason="", by="staff 1")

    def erase(self, _batch_id: int) -> None:
        if one := self.somebody():
            self.go(erasing.erase, registration_id=one.id, by="student")

    def call_off(self, batch_id: int) -> None:
        on = sa.select(sa.func.count()).where(Batch.state != BatchState.CALLED_OFF)
        if (db.session.scalar(on) or 0) > 1 and self.random.random() < 0.3:
            self.go(steering.call_off, batch_id=batch_id, by="staff 1")

    def news(self, batch_id: int) -> None:
        self.go(reminding.tell_news, batch_id=batch_id)
        self.go(reminding.remind_due)


setattr(Walk, "pass", lambda self, _batch_id: self.press(answering.pass_offer, State.OFFERED))


@pytest.mark.parametrize("seed", range(WALKS))
def test_everything_adds_up_wherever_a_walk_leads(app: Flask, now: datetime, seed: int) -> None:
    walk = Walk(seed, now)
    for _ in range(STEPS):
        walk.step()
        db.session.rollback()
        assert audit(walk.now)["problems"] == [], walk.taken[-5:]
