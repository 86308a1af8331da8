"""What keeps a few from taking all: caps on holds, a limit to the waitlist, few unasked letters."""

from __future__ import annotations

from datetime import datetime

import pytest

from enroll.db import atomically
from enroll.mail.models import Letter
from enroll.registrations import answering, arriving
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    confirm,
    history,
    letter,
    press,
    state,
)

pytestmark = pytest.mark.usefixtures("adds_up")


def register(batch: make.Batch, email: str, now: datetime, **more: object) -> Registration:
    applicant = make.applicant(email, **more)
    found = atomically(arriving.register, batch_id=batch.id, applicant=applicant, now=now)
    return make.read(found)


def test_above_the_cap_of_a_batch_one_waits_and_confirming_leads_to_the_seat(
    now: datetime,
) -> None:
    batch = make.batch(5, hold_limit=2)
    people = [register(batch, f"p{n}@example.org", now) for n in range(3)]
    assert [one.state for one in people] == [State.PENDING, State.PENDING, State.WAITLISTED]
    assert history(people[2])[0][2] == "registered, many seats are held"
    confirm(people[2], now=now)
    assert state(people[2]) is State.OFFERED
    confirm(people[0], now=now)  # one hold less
    assert register(batch, "late@example.org", now).state is State.PENDING


def test_above_the_cap_of_a_network_one_waits(now: datetime) -> None:
    batches = [make.batch(9), make.batch(9)]
    common = {"network": "n1", "holds_allowed": 2}
    people = [register(batches[n % 2], f"p{n}@example.org", now, **common) for n in range(3)]
    assert [one.state for one in people] == [State.PENDING, State.PENDING, State.WAITLISTED]
    elsewhere = register(batches[0], "q@example.org", now, network="n2", holds_allowed=2)
    assert elsewhere.state is State.PENDING
    confirm(people[0], now=now)
    assert make.read(people[0].id).network is None  # kept only while the hold lasts
    assert register(batches[0], "r@example.org", now, **common).state is State.PENDING


def test_a_full_waitlist_refuses_known_and_unknown_alike(now: datetime) -> None:
    batch = make.batch(1, waitlist_limit=1)
    register(batch, "seated@example.org", now)
    waiting = register(batch, "waiting@example.org", now)
    for email in ("new@example.org", "waiting@example.org", "seated@example.org"):
        with pytest.raises(arriving.WaitlistFull) as refusal:
            register(batch, email, now)
        assert refusal.value.facts == {"limit": 1}
    assert len(make.states(batch)) == 2
    press(answering.withdraw, waiting, now=now)
    assert register(batch, "new@example.org", now).state is State.WAITLISTED


def test_a_waitlist_that_is_full_is_no_obstacle_while_seats_are_free(now: datetime) -> None:
    batch = make.batch(1, waitlist_limit=0)
    assert register(batch, "one@example.org", now).state is State.PENDING
    with pytest.raises(arriving.WaitlistFull):
        register(batch, "two@example.org", now)


def test_letters_to_unconfirmed_addresses_are_unasked_until_they_are_confirmed(
    now: datetime,
) -> None:
    batch = make.batch(1)
    one = register(batch, "one@example.org", now)
    held: Letter = letter(one, "registration_held")
    assert held.is_unasked
    confirm(one, now=now)
    assert not letter(one, "registration_held").is_unasked
    assert not letter(one, "registration_confirmed").is_unasked


def test_above_a_cap_nobody_is_refused_because_the_waitlist_is_short(now: datetime) -> None:
    batch = make.batch(4, hold_limit=1, waitlist_limit=0)
    register(batch, "one@example.org", now)
    two = register(batch, "two@example.org", now)
    assert state(two) is State.WAITLISTED
    together = [make.applicant(f"g{n}@example.org") for n in range(2)]
    group = atomically(
        arriving.register_group, batch_id=batch.id, applicants=together, now=now
    )
    assert [make.read(one).state for one in group] == [State.WAITLISTED] * 2
    assert register_quietly(batch, "two@example.org", now) is None
    for one in (two, *map(make.read, group)):
        confirm(one, now=now)
        assert state(one) in (State.OFFERED, State.WAITLISTED)
    assert set(make.states(batch).values()) == {State.PENDING, State.OFFERED}
    for email in ("new@example.org", "two@example.org"):  # now every seat is taken
        with pytest.raises(arriving.WaitlistFull):
            register(batch, email, now)


def register_quietly(batch: make.Batch, email: str, now: datetime) -> int | None:
    applicant = make.applicant(email)
    return atomically(arriving.register, batch_id=batch.id, applicant=applicant, now=now)
