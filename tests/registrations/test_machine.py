"""Random verbs against a model so simple that it can be read: they must agree after every step."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run

from enroll.batches.deadlines import offered_until
from enroll.batches.facts import batch_facts
from enroll.db import atomically, db
from enroll.refusal import Refused
from enroll.registrations import allocation, answering, arriving, tidying
from enroll.registrations.audit import audit
from enroll.registrations.eligibility import is_eligible
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make

STEPS = 50
EXAMPLES = 100 if os.environ.get("STORM") == "full" else 6
HOURS = st.sampled_from([1, 2, 5, 30])


@dataclass
class Person:
    """One registration as the model sees it."""

    id: int
    state: State
    confirmed: bool = False
    resting: bool = False
    lapses: int = 0
    deadline: datetime | None = None


@dataclass
class Room:
    """One batch as the model sees it: a number of seats, and people in the order they came."""

    capacity: int
    people: list[Person] = field(default_factory=list)

    @property
    def free(self) -> int:
        return self.capacity - sum(one.state.is_seated for one in self.people)

    @property
    def first(self) -> Person | None:
        waiting = (one for one in self.people if one.state is State.WAITLISTED)
        return next((one for one in waiting if one.confirmed and not one.resting), None)

    def arrive(self, registration_id: int) -> None:
        sits = self.free > 0 and self.first is None
        self.people.append(Person(registration_id, State.PENDING if sits else State.WAITLISTED))

    def leave(self, one: Person, state: State) -> None:
        """Stand up or leave the queue; a seat that frees wakes those who rest."""
        if one.state in (State.PENDING, State.CONFIRMED):
            for other in self.people:
                other.resting = False
        one.state = state

    def rest(self, one: Person) -> None:
        one.state, one.resting = State.WAITLISTED, True

    def promote(self) -> None:
        while self.free > 0 and (one := self.first):
            one.state = State.OFFERED


class Seats(RuleBasedStateMachine):
    """Two batches, a handful of people, a clock that only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime.fromisoformat("2027-03-01T10:00:00+00:00")
        self.rooms: dict[int, Room] = {}

    @initialize(capacities=st.lists(st.integers(1, 3), min_size=2, max_size=2))
    def open_batches(self, capacities: list[int]) -> None:
        clear()
        for capacity in capacities:
            batch = make.batch(capacity, now=self.now)
            self.rooms[batch.id] = Room(capacity)

    # ------------------------------------------------------------ the verbs

    @rule(which=st.integers(0, 1), who=st.integers(0, 5))
    def register(self, which: int, who: int) -> None:
        batch_id, room = self.room(which)
        email = f"p{who}@example.org"
        here = any(one.state.is_live and make.read(one.id).email == email for one in room.people)
        registered = self.attempt(
            arriving.register, batch_id=batch_id, applicant=make.applicant(email), now=self.now
        )
        if self.is_closed(batch_id):
            assert isinstance(registered, arriving.RegistrationClosed)
            return
        assert (registered is None) == here
        if registered is not None:
            room.arrive(registered)

    @rule(which=st.integers(0, 1), who=st.integers(0, 5))
    def register_and_confirm(self, which: int, who: int) -> None:
        """What most people do; by chance alone the two would seldom meet."""
        people = self.room(which)[1].people
        before = len(people)
        self.register(which, who)
        if len(people) > before:
            self.confirm(which, before)

    @rule(which=st.integers(0, 1), who=st.integers(0, 9))
    def confirm(self, which: int, who: int) -> None:
        self.press(which, who, answering.confirm, self.expect_confirm)

    @rule(which=st.integers(0, 1), who=st.integers(0, 9))
    def accept(self, which: int, who: int) -> None:
        self.press(which, who, answering.accept, self.expect_accept)

    @rule(which=st.integers(0, 1), who=st.integers(0, 9))
    def pass_offer(self, which: int, who: int) -> None:
        self.press(which, who, answering.pass_offer, self.expect_pass)

    @rule(which=st.integers(0, 1), who=st.integers(0, 9))
    def withdraw(self, which: int, who: int) -> None:
        self.press(which, who, answering.withdraw, self.expect_withdraw)

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(which=st.integers(0, 1))
    def tidy(self, which: int) -> None:
        batch_id, room = self.room(which)
        self.attempt(tidying.tidy_batch, batch_id=batch_id, now=self.now)
        for one in room.people:
            if one.state.is_live and self.is_over(one):
                if one.state is State.OFFERED and one.lapses == 0:
                    one.lapses += 1
                    room.rest(one)
                else:
                    room.leave(one, State.EXPIRED)
        if self.has_begun(batch_id):
            for one in room.people:
                if one.state is State.WAITLISTED:
                    one.state = State.EXPIRED
        self.promote(batch_id)

    # ------------------------------------------------------------ what must come of them

    def expect_confirm(self, _room: Room, one: Person) -> type[Refused] | None:
        if one.confirmed and one.state.is_live:
            return None
        if (refusal := self.over(one)) is not None:
            return refusal
        one.confirmed = True
        if one.state is State.PENDING:
            one.state = State.CONFIRMED
        return None

    def expect_accept(self, _room: Room, one: Person) -> type[Refused] | None:
        if one.state is State.CONFIRMED:
            return None
        if (refusal := self.over(one)) is not None:
            return refusal
        if one.state is not State.OFFERED:
            return answering.NotOffered
        one.state = State.CONFIRMED
        return None

    def expect_pass(self, room: Room, one: Person) -> type[Refused] | None:
        if one.state is State.WAITLISTED and one.resting:
            return None
        if (refusal := self.over(one)) is not None:
            return refusal
        if one.state is not State.OFFERED:
            return answering.NotOffered
        room.rest(one)
        return None

    def expect_withdraw(self, room: Room, one: Person) -> type[Refused] | None:
        if one.state is State.WITHDRAWN:
            return None
        if not one.state.is_live:
            return answering.HasEnded
        room.leave(one, State.WITHDRAWN)
        return None

    # ------------------------------------------------------------ the means

    def press(
        self,
        which: int,
        who: int,
        verb: Callable[..., Any],
        expect: Callable[[Room, Person], type[Refused] | None],
    ) -> None:
        batch_id, room = self.room(which)
        if who >= len(room.people):
            return
        one = room.people[who]
        more = {"seen": one.state} if verb is answering.confirm else {}
        was_hold = one.state is State.PENDING
        answer = self.attempt(verb, batch_id=batch_id, registration_id=one.id, now=self.now, **more)
        refusal = expect(room, one)
        assert (type(answer) if isinstance(answer, Refused) else None) is refusal
        is_shared = verb is answering.confirm and was_hold
        if refusal is None and answer.changed and not is_shared and verb is not answering.accept:
            self.promote(batch_id)

    def attempt(self, verb: Callable[..., Any], **given: Any) -> Any:
        try:
            return atomically(verb, **given)
        except Refused as refusal:
            return refusal

    def room(self, which: int) -> tuple[int, Room]:
        return list(self.rooms.items())[which]

    def promote(self, batch_id: int) -> None:
        batch = batch_facts(batch_id)
        if offered_until(
            self.now, hours=batch.offer_hours, zone=batch.tz, latest=batch.begins_at
        ):
            self.rooms[batch_id].promote()

    def is_closed(self, batch_id: int) -> bool:
        return self.now >= db.session.get_one(make.Batch, batch_id).closes_at

    def has_begun(self, batch_id: int) -> bool:
        return self.now >= batch_facts(batch_id).begins_at

    def is_over(self, one: Person) -> bool:
        return one.deadline is not None and one.deadline <= self.now

    def over(self, one: Person) -> type[Refused] | None:
        if not one.state.is_live:
            return answering.HasEnded
        return answering.DeadlinePassed if self.is_over(one) else None

    # ------------------------------------------------------------ after every step

    @invariant()
    def the_database_agrees_with_the_model(self) -> None:
        for batch_id, room in self.rooms.items():
            db.session.rollback()
            rows = list(
                db.session.scalars(
                    sa.select(Registration)
                    .where(Registration.batch_id == batch_id)
                    .order_by(Registration.queue_number)
                    .execution_options(populate_existing=True)
                )
            )
            seen = [(row.id, row.state, row.state.is_live and row.is_resting) for row in rows]
            assert seen == [
                (one.id, one.state, one.state.is_live and one.resting) for one in room.people
            ]
            for row, one in zip(rows, room.people, strict=True):
                one.deadline = row.deadline_at
                assert row.deadline_at is None or row.state.is_live

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        db.session.rollback()
        assert audit(self.now)["problems"] == []


def clear() -> None:
    """Forget the people and batches of the example before."""

    def verb() -> None:
        for table in ("letter", "registration_event", "registration", "seat", "session", "batch"):
            db.session.execute(sa.text(f"DELETE FROM {table}"))

    atomically(verb)


def test_random_verbs_agree_with_a_simple_model(app: Flask) -> None:
    run(
        Seats,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def last_eligible(batch_id: int) -> list[Registration]:
    """The planted bug: whoever came last is asked first."""
    return list(
        db.session.scalars(
            sa.select(Registration)
            .where(Registration.batch_id == batch_id, is_eligible())
            .order_by(Registration.queue_number.desc())
            .limit(1)
        )
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the bug is in no SQL
def test_the_model_notices_a_planted_bug(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a queue served from the wrong end is found out, so the test above can fail."""
    monkeypatch.setattr(allocation, "next_eligible", last_eligible)
    with pytest.raises(AssertionError):
        run(
            Seats,
            settings=settings(
                max_examples=60,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
                derandomize=True,
            ),
        )
