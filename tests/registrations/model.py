"""The heart as lists in memory: batches are rooms, people are in them in the order they came.

So simple that it can be read; no lock, no SQL, no letter. `test_machine` holds the program to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from enroll.registrations.states import State


@dataclass(eq=False)
class Person:
    """One registration."""

    id: int
    room: Room
    email: str
    state: State
    confirmed: bool = False
    resting: bool = False
    lapses: int = 0
    why: str = ""
    group: int | None = None
    wish: int | None = None
    replaces: Person | None = None
    deadline: datetime | None = None  # read from the database: `deadlines` has its own tests

    @property
    def waits(self) -> bool:
        return self.state is State.WAITLISTED and self.confirmed and not self.resting

    def is_over(self, now: datetime) -> bool:
        return self.deadline is not None and self.deadline <= now


@dataclass(eq=False)
class Room:
    """One batch: a number of seats, and people."""

    id: int
    capacity: int
    needs_approval: bool = False
    is_off: bool = False
    people: list[Person] = field(default_factory=list)

    @property
    def free(self) -> int:
        return self.capacity - sum(one.state.is_seated for one in self.people)

    def live(self, email: str) -> Person | None:
        return next((p for p in self.people if p.email == email and p.state.is_live), None)

    def wake(self) -> None:
        for one in self.people:
            one.resting = False


class House:
    """All rooms, and the verbs; `offers` says whether a room may still make offers."""

    def __init__(self, offers: Callable[[Room], bool]) -> None:
        self.rooms: list[Room] = []
        self.offers = offers

    def everybody(self) -> list[Person]:
        return sorted((p for room in self.rooms for p in room.people), key=lambda p: p.id)

    # ------------------------------------------------------------ whose turn it is

    def is_eligible(self, one: Person) -> bool:
        if not self.wants(one):
            return False
        if one.group is None:
            return True
        not_ready = any(
            not mate.confirmed or (mate.wish is not None and self.has_open_offer(mate))
            for mate in one.room.people
            if mate.group == one.group and mate.state is State.WAITLISTED
        )
        return not not_ready and len(self.mates(one)) <= one.room.free

    def mates(self, one: Person) -> list[Person]:
        """Those of the group who wait for a seat; without a group oneself."""
        if one.group is None:
            return [one]
        return [p for p in one.room.people if p.group == one.group and self.wants(p)]

    def wants(self, one: Person) -> bool:
        return one.waits and (one.wish is None or not self.has_open_offer(one))

    def has_open_offer(self, one: Person) -> bool:
        return any(p.wish == one.wish and p.state is State.OFFERED for p in self.everybody())

    def first(self, room: Room, besides: Person | None = None) -> Person | None:
        return next((p for p in room.people if p is not besides and self.is_eligible(p)), None)

    def promote(self, *rooms: Room) -> None:
        for room in sorted(set(rooms), key=lambda room: room.id):
            while self.offers(room) and room.free > 0 and (one := self.first(room)):
                for mate in self.mates(one):
                    mate.state = State.OFFERED

    # ------------------------------------------------------------ coming and going

    def arrive(self, room: Room, ids: list[int], emails: list[str], group: int | None) -> None:
        sits = room.free >= len(ids) and self.first(room) is None
        state = State.PENDING if sits else State.WAITLISTED
        if room.needs_approval:
            state = State.APPLIED
        for registration_id, email in zip(ids, emails, strict=True):
            room.people.append(Person(registration_id, room, email, state, group=group))

    def leave(self, one: Person, state: State, why: str = "") -> None:
        """Stand up or leave the queue; a seat that frees wakes those who rest."""
        if one.state in (State.PENDING, State.CONFIRMED):
            one.room.wake()
        one.state, one.why = state, why

    def bound(self, one: Person) -> list[Room]:
        """Where something may become possible when this person decides."""
        return [p.room for p in self.tied(one)]

    def tied(self, one: Person) -> list[Person]:
        """Oneself, one's wish, what one replaces, and what is tied to those in turn."""
        found = [one]
        for p in found:
            mates = [
                mate
                for mate in self.everybody()
                if p.wish is not None and mate.wish == p.wish and mate.state.is_live
            ]
            found += [q for q in [*mates, *([p.replaces] if p.replaces else [])] if q not in found]
        return found

    def left_behind(self, one: Person) -> list[Person]:
        found = [p for p in self.tied(one) if p is not one and p.state.is_live]
        return sorted(found, key=lambda p: p.id)

    def enrol(self, one: Person) -> None:
        others = self.left_behind(one)
        one.state = State.CONFIRMED
        self.leave_all(others, into=one)

    def leave_all(self, others: list[Person], into: Person) -> None:
        for one in self.everybody():
            if one.replaces in others and one.state.is_live and one not in (into, *others):
                one.replaces = into
        for other in others:
            self.leave(other, State.WITHDRAWN)
            self.promote(other.room)

    def transfer(self, one: Person, there: Room, new_id: int) -> None:
        if one.state.is_live:
            one.confirmed = True
        new = Person(new_id, there, one.email, State.WAITLISTED, confirmed=True, replaces=one)
        there.people.append(new)
        if there.needs_approval:
            new.state = State.APPLIED
        elif there.free > 0 and self.first(there, besides=new) is None:
            new.state = State.CONFIRMED
            self.leave_all(self.left_behind(new), into=new)
            return
        if one.state is State.PENDING:
            self.enrol(one)
        self.promote(there)
        self.promote(*self.bound(one))

    def tidy(self, room: Room, now: datetime, has_begun: bool) -> None:
        over = [p for p in room.people if p.state.is_live and p.is_over(now)]
        offered = [p for p in over if p.state is State.OFFERED and p.wish is not None]
        served = {room} | {other for one in offered for other in self.bound(one)}
        for one in sorted(over, key=lambda p: p.id):
            if one.state is State.OFFERED and one.lapses == 0:
                one.lapses, one.resting, one.state = 1, True, State.WAITLISTED
            else:
                self.leave(one, State.EXPIRED, "over")
        if has_begun:
            for one in room.people:
                if one.state in (State.WAITLISTED, State.APPLIED):
                    self.leave(one, State.EXPIRED, "begun")
        self.promote(*served)
