"""Up to five people together: all or none, and skipped only where they do not fit."""

from __future__ import annotations

from datetime import datetime

import pytest

from enroll.db import atomically
from enroll.registrations import answering, arriving, tidying
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    confirm,
    free_seats,
    history,
    letter,
    press,
    state,
)

pytestmark = pytest.mark.usefixtures("adds_up")


def register_group(batch: make.Batch, *emails: str, now: datetime) -> list[Registration]:
    ids = atomically(
        arriving.register_group,
        batch_id=batch.id,
        applicants=[make.applicant(email) for email in emails],
        now=now,
    )
    return [make.read(one) for one in ids]


def friends(count: int, group: str = "friend") -> list[str]:
    return [f"{group}{n}@example.org" for n in range(count)]


def states(people: list[Registration]) -> list[State]:
    return [state(one) for one in people]


def test_a_group_gets_seats_for_all_and_each_confirms(now: datetime) -> None:
    batch = make.batch(4)
    people = register_group(batch, *friends(3), now=now)
    assert states(people) == [State.PENDING] * 3
    assert [letter(one, "registration_held").recipient for one in people] == friends(3)
    confirm(people[1], now=now)
    assert states(people) == [State.PENDING, State.CONFIRMED, State.PENDING]


def test_a_group_that_does_not_fit_waits_as_a_whole(now: datetime) -> None:
    batch = make.batch(2)
    people = register_group(batch, *friends(3), now=now)
    assert states(people) == [State.WAITLISTED] * 3
    assert free_seats(batch) == 2


def test_a_group_is_offered_seats_when_all_of_it_fits(now: datetime) -> None:
    batch = make.batch(3)
    holders = [make.registration(batch, confirmed=True) for _ in range(3)]
    people = register_group(batch, *friends(2), now=now)
    for one in people:
        confirm(one, now=now)
    press(answering.withdraw, holders[0], now=now)
    assert states(people) == [State.WAITLISTED] * 2
    press(answering.withdraw, holders[1], now=now)
    assert states(people) == [State.OFFERED] * 2
    press(answering.accept, people[0], now=now)
    press(answering.pass_offer, people[1], now=now)
    assert states(people) == [State.CONFIRMED, State.WAITLISTED]


def test_a_group_is_skipped_visibly_when_it_does_not_fit_and_the_next_does(now: datetime) -> None:
    batch = make.batch(2)
    holders = [make.registration(batch, confirmed=True) for _ in range(2)]
    people = register_group(batch, *friends(2), now=now)
    for one in people:
        confirm(one, now=now)
    single = make.registration(batch, confirmed=True)
    press(answering.withdraw, holders[0], now=now)
    assert state(single) is State.OFFERED
    assert states(people) == [State.WAITLISTED] * 2
    for one in people:
        assert history(one)[-1] == (
            "waitlisted",
            "waitlisted",
            "skipped: a group of 2 does not fit",
        )


def test_a_newcomer_who_takes_the_seat_a_group_does_not_fit_is_written_down_too(
    now: datetime,
) -> None:
    batch = make.batch(2)
    holder = make.registration(batch, confirmed=True)
    make.registration(batch, confirmed=True)
    people = register_group(batch, *friends(2), now=now)
    for one in people:
        confirm(one, now=now)
    press(answering.withdraw, holder, now=now)
    assert free_seats(batch) == 1
    assert len(history(people[0])) == 2
    newcomer = make.registration(batch)
    assert state(newcomer) is State.PENDING
    assert history(people[0])[-1][2] == "skipped: a group of 2 does not fit"


def test_the_group_waits_for_its_last_confirmation_or_goes_on_without(now: datetime) -> None:
    batch = make.batch(2)
    holders = [make.registration(batch, confirmed=True) for _ in range(2)]
    people = register_group(batch, *friends(2), now=now)
    confirm(people[0], now=now)
    for holder in holders:
        press(answering.withdraw, holder, now=now)
    assert states(people) == [State.WAITLISTED] * 2  # one address is not confirmed
    over = make.read(people[1].id).deadline_at
    atomically(tidying.tidy_batch, batch_id=batch.id, now=over)
    assert states(people) == [State.OFFERED, State.EXPIRED]


def test_a_member_who_is_here_already_keeps_what_they_have(now: datetime) -> None:
    batch = make.batch(3)
    here = make.registration(batch, friends(1)[0], confirmed=True)
    people = register_group(batch, *friends(3), now=now)
    assert [one.email for one in people] == friends(3)[1:]
    assert state(here) is State.CONFIRMED
    assert states(people) == [State.PENDING] * 2


def test_a_group_does_not_pass_somebody_who_waits(now: datetime) -> None:
    batch = make.batch(3)
    holders = [make.registration(batch, confirmed=True) for _ in range(3)]
    large = register_group(batch, *friends(3, "large"), now=now)
    for one in large:
        confirm(one, now=now)
    for holder in holders[:2]:
        press(answering.withdraw, holder, now=now)
    # Two seats are free, and three of the first group wait: two newcomers may have them.
    small = register_group(batch, *friends(2, "small"), now=now)
    assert states(small) == [State.PENDING] * 2
    press(answering.withdraw, holders[2], now=now)
    press(answering.withdraw, small[0], now=now)
    press(answering.withdraw, small[1], now=now)
    assert states(large) == [State.OFFERED] * 3


def test_two_people_typed_by_one_hand_are_five_at_most(now: datetime) -> None:
    batch = make.batch(9)
    with pytest.raises(ValueError, match="1 to 5"):
        register_group(batch, *friends(6), now=now)
