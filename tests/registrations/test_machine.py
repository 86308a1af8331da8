"""Random verbs against a model so simple that it can be read: they must agree after every step."""

from __future__ import annotations

import os
from collections.abc import Callable
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
from enroll.registrations import (
    allocation,
    answering,
    arriving,
    deciding,
    erasing,
    moving,
    steering,
    tidying,
)
from enroll.registrations.audit import audit
from enroll.registrations.eligibility import is_eligible
from enroll.registrations.models import Registration
from enroll.registrations.states import LIVE, SEATED, State
from tests import make
from tests.registrations.model import House, Person, Room

STEPS = 50
EXAMPLES = 60 if os.environ.get("STORM") == "full" else 6
HOURS = st.sampled_from([1, 2, 5, 30])
ROOM = st.integers(0, 3)
WHO = st.integers(0, 99)
EMAIL = st.integers(0, 7)


class Seats(RuleBasedStateMachine):
    """Four batches of one course, one of them by approval, six people, a clock that goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime.fromisoformat("2027-03-01T10:00:00+00:00")
        self.house = House(self.may_offer)

    @initialize(
        capacities=st.lists(st.integers(1, 3), min_size=4, max_size=4),
        crowd=st.lists(st.tuples(ROOM, EMAIL), max_size=12),
    )
    def open_batches(self, capacities: list[int], crowd: list[tuple[int, int]]) -> None:
        clear()
        for number, capacity in enumerate(capacities):
            batch = make.batch(capacity, now=self.now, needs_approval=number == 3)
            self.house.rooms.append(Room(batch.id, capacity, needs_approval=number == 3))
        for which, who in crowd:
            self.register_and_confirm(which, who)

    # ------------------------------------------------------------ coming

    @rule(which=ROOM, who=EMAIL)
    def register(self, which: int, who: int) -> None:
        room, email = self.house.rooms[which], f"p{who}@example.org"
        is_here = room.live(email) is not None
        applicant = make.applicant(email)
        new = self.attempt(arriving.register, batch_id=room.id, applicant=applicant)
        if self.is_closed(room):
            assert isinstance(new, arriving.RegistrationClosed)
        elif is_here:
            assert new is None
        else:
            self.house.arrive(room, [new], [email], None)

    @rule(which=ROOM, who=EMAIL)
    def register_and_confirm(self, which: int, who: int) -> None:
        """What most people do; by chance alone the two would seldom meet."""
        people = self.house.rooms[which].people
        before = len(people)
        self.register(which, who)
        if len(people) > before:
            self.confirm_one(people[before])

    @rule(which=ROOM, who=st.sets(EMAIL, min_size=2, max_size=3), confirmed=st.booleans())
    def register_group(self, which: int, who: set[int], confirmed: bool) -> None:
        room, emails = self.house.rooms[which], [f"p{n}@example.org" for n in sorted(who)]
        new = [email for email in emails if room.live(email) is None]
        applicants = [make.applicant(email) for email in emails]
        ids = self.attempt(arriving.register_group, batch_id=room.id, applicants=applicants)
        if self.is_closed(room):
            assert isinstance(ids, arriving.RegistrationClosed)
            return
        group = make.read(ids[0]).group_id if ids else None
        first = len(room.people)
        self.house.arrive(room, ids, new, group)
        for number in range(first, len(room.people)) if confirmed else ():
            self.confirm_one(room.people[number])

    # ------------------------------------------------------------ what students decide

    @rule(which=ROOM, who=WHO)
    def confirm(self, which: int, who: int) -> None:
        if one := self.person(which, who, State.PENDING, State.WAITLISTED, State.APPLIED):
            self.confirm_one(one)

    def confirm_one(self, one: Person) -> None:
        def expect(one: Person) -> type[Refused] | None:
            if one.confirmed and one.state.is_live and one.state is not State.PENDING:
                return None
            if (no := self.over(one)) is not None:
                return no
            one.confirmed = True
            if one.state is State.PENDING:
                self.house.enrol(one)
            else:
                self.house.promote(*self.house.bound(one))
            return None

        self.press(one, answering.confirm, expect, seen=one.state)

    @rule(which=ROOM, who=WHO)
    def accept(self, which: int, who: int) -> None:
        def expect(one: Person) -> type[Refused] | None:
            if one.state is State.CONFIRMED:
                return None
            if (no := self.over(one)) is not None:
                return no
            if one.state is not State.OFFERED:
                return answering.NotOffered
            self.house.enrol(one)
            return None

        self.press(self.person(which, who, State.OFFERED), answering.accept, expect)

    @rule(which=ROOM, who=WHO)
    def pass_offer(self, which: int, who: int) -> None:
        def expect(one: Person) -> type[Refused] | None:
            if one.state is State.WAITLISTED and one.resting:
                return None
            if (no := self.over(one)) is not None:
                return no
            if one.state is not State.OFFERED:
                return answering.NotOffered
            one.state, one.resting = State.WAITLISTED, True
            self.house.promote(*self.house.bound(one))
            return None

        self.press(self.person(which, who, State.OFFERED), answering.pass_offer, expect)

    @rule(which=ROOM, who=WHO)
    def withdraw(self, which: int, who: int) -> None:
        def expect(one: Person) -> type[Refused] | None:
            return self.expect_end(one, State.WITHDRAWN)

        self.press(self.person(which, who, *sorted(SEATED)), answering.withdraw, expect)

    @rule(which=ROOM, who=WHO, to=ROOM)
    def transfer(self, which: int, who: int, to: int) -> None:
        one, there = self.person(which, who, *sorted(LIVE)), self.house.rooms[to]
        if one is None:
            return
        moved = next((p for p in there.people if p.replaces is one and p.state.is_live), None)
        again = one.confirmed and (
            one.state is State.CANCELLED or (one.state is State.EXPIRED and one.why == "begun")
        )
        no = None if moved or again else self.over(one)
        if no is None and moved is None:
            if there is one.room:
                no = moving.NoWayThere
            elif self.is_closed(there):
                no = arriving.RegistrationClosed
            elif there.live(one.email):
                no = moving.AlreadyThere
        answer = self.attempt(
            moving.transfer, batch_id=one.room.id, registration_id=one.id, to_batch_id=there.id
        )
        assert (type(answer) if isinstance(answer, Refused) else None) is no
        if no is None and moved is None:
            self.house.transfer(one, there, answer.registration.id)

    @rule(which=ROOM, who=WHO, to=st.integers(0, 2))
    def wish(self, which: int, who: int, to: int) -> None:
        one, there = self.person(which, who, State.WAITLISTED), self.house.rooms[to]
        if one is None or one.room is there or one.room.needs_approval:
            return
        no = self.over(one)
        if no is None and one.state is not State.WAITLISTED:
            no = moving.NotWaiting
        if no is None and self.is_closed(there):
            no = arriving.RegistrationClosed
        answer = self.attempt(
            moving.wish_for, batch_id=one.room.id, registration_id=one.id, other_ids=[there.id]
        )
        assert (type(answer) if isinstance(answer, Refused) else None) is no
        if no is None:
            one.confirmed, one.wish = True, make.read(one.id).wish_id
            if there.live(one.email) is None:
                new = newest(there.id, one.email)
                there.people.append(
                    Person(new, there, one.email, State.WAITLISTED, True, wish=one.wish)
                )
            self.house.promote(*self.house.bound(one))

    @rule(who=st.integers(0, 2))
    def erase(self, who: int) -> None:
        email = f"p{who}@example.org"
        mine = [one for one in self.house.everybody() if one.email == email]
        if mine:
            self.attempt(erasing.erase, registration_id=mine[0].id, by="student")
            for one in mine:
                if one.state.is_live:
                    self.house.leave(one, State.WITHDRAWN)
                one.email = f"erased-{one.id}@erased.invalid"
                one.confirmed, one.why = False, "erased"
            self.house.promote(*(one.room for one in mine))

    # ------------------------------------------------------------ what staff and the clock decide

    @rule(which=ROOM, who=WHO)
    def cancel(self, which: int, who: int) -> None:
        def expect(one: Person) -> type[Refused] | None:
            return self.expect_end(one, State.CANCELLED)

        self.press(
            self.person(which, who, *sorted(SEATED)),
            deciding.cancel,
            expect,
            reason="",
            by="staff 1",
        )

    @rule(which=ROOM, capacity=st.integers(0, 5))
    def resize(self, which: int, capacity: int) -> None:
        room = self.house.rooms[which]
        taken = room.capacity - room.free
        answer = self.attempt(steering.resize, batch_id=room.id, capacity=capacity)
        assert isinstance(answer, steering.SeatsTaken) == (capacity < taken)
        if capacity >= taken:
            if capacity > room.capacity:
                room.wake()
            room.capacity = capacity
            self.house.promote(room)

    @rule(accepts=st.booleans(), count=st.integers(1, 3))
    def decide(self, accepts: bool, count: int) -> None:
        room = self.house.rooms[3]
        chosen = [one for one in room.people if one.state is State.APPLIED][:count]
        common: dict[str, Any] = {"batch_id": room.id, "by": "staff 1"}
        common["registration_ids"] = [one.id for one in chosen]
        if accepts:
            self.attempt(deciding.admit, **common)
            parties: dict[object, list[Person]] = {}
            for one in chosen:
                parties.setdefault(one.group or one, []).append(one)
            for party in parties.values():
                sits = room.free >= len(party) and self.house.first(room) is None
                for one in party:
                    one.state = State.PENDING if sits else State.WAITLISTED
            self.house.promote(room)
        else:
            self.attempt(deciding.reject, reason="No.", **common)
            for one in chosen:
                one.state = State.REJECTED

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(which=ROOM)
    def tidy(self, which: int) -> None:
        room = self.house.rooms[which]
        self.attempt(tidying.tidy_batch, batch_id=room.id)
        self.house.tidy(room, self.now, has_begun=self.now >= batch_facts(room.id).begins_at)

    # ------------------------------------------------------------ the means

    def press(
        self,
        one: Person | None,
        verb: Callable[..., Any],
        expect: Callable[[Person], type[Refused] | None],
        **more: Any,
    ) -> None:
        if one is not None:
            answer = self.attempt(verb, batch_id=one.room.id, registration_id=one.id, **more)
            refusal = expect(one)
            assert (type(answer) if isinstance(answer, Refused) else None) is refusal

    def attempt(self, verb: Callable[..., Any], **given: Any) -> Any:
        try:
            return atomically(verb, now=self.now, **given)
        except Refused as refusal:
            return refusal

    def person(self, which: int, who: int, *states: State) -> Person | None:
        """Somebody in this room, mostly (and if there is one) in one of these states."""
        people = self.house.rooms[which].people
        fitting = [one for one in people if one.state in states]
        people = fitting if fitting and who < 80 else people
        return people[who % len(people)] if people else None

    def expect_end(self, one: Person, state: State) -> type[Refused] | None:
        if one.state is state:
            return None
        if not one.state.is_live:
            return answering.HasEnded
        rooms = self.house.bound(one)
        self.house.leave(one, state)
        self.house.promote(*rooms)
        return None

    def over(self, one: Person) -> type[Refused] | None:
        if not one.state.is_live:
            return answering.HasEnded
        return answering.DeadlinePassed if one.is_over(self.now) else None

    def is_closed(self, room: Room) -> bool:
        return room.is_off or self.now >= batch_facts(room.id).closes_at

    def may_offer(self, room: Room) -> bool:
        batch = batch_facts(room.id)
        common = {"hours": batch.offer_hours, "zone": batch.tz, "latest": batch.begins_at}
        return not room.is_off and offered_until(self.now, **common) is not None

    # ------------------------------------------------------------ after every step

    @invariant()
    def the_database_agrees_with_the_model(self) -> None:
        db.session.rollback()
        for room in self.house.rooms:
            rows = list(
                db.session.scalars(
                    sa.select(Registration)
                    .where(Registration.batch_id == room.id)
                    .order_by(Registration.queue_number)
                    .execution_options(populate_existing=True)
                )
            )
            seen = [
                (row.id, row.email, row.state, row.state.is_live and row.is_resting) for row in rows
            ]
            assert seen == [
                (one.id, one.email, one.state, one.state.is_live and one.resting)
                for one in room.people
            ]
            for row, one in zip(rows, room.people, strict=True):
                one.deadline = row.deadline_at
                assert row.deadline_at is None or row.state.is_live

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        db.session.rollback()
        assert audit(self.now)["problems"] == []


def newest(batch_id: int, email: str) -> int:
    """The id of this person's latest registration in a batch."""
    db.session.rollback()
    mine = sa.and_(Registration.batch_id == batch_id, Registration.email == email)
    return db.session.scalar(sa.select(sa.func.max(Registration.id)).where(mine)) or 0


FORGOTTEN = (
    "unasked_slot",
    "letter",
    "registration_event",
    "registration",
    "registration_group",
    "wish",
    "erasure",
    "batch_notice",
    "seat",
    "session",
    "batch",
)


def clear() -> None:
    """Forget the people and batches of the example before."""

    def verb() -> None:
        db.session.execute(sa.text("UPDATE registration SET replaces_id = NULL"))
        for table in FORGOTTEN:
            db.session.execute(sa.text(f"DELETE FROM {table}"))

    atomically(verb)


def drive(examples: int, **more: Any) -> None:
    run(
        Seats,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            **more,
        ),
    )


def test_random_verbs_agree_with_a_simple_model(app: Flask) -> None:
    drive(EXAMPLES)


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
        drive(100, phases=[Phase.generate], derandomize=True)
