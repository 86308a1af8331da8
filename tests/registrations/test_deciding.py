"""What staff decide about people: applications, seats by telephone, cancellations."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from enroll.batches.facts import batch_facts
from enroll.db import atomically
from enroll.registrations import answering, arriving, deciding, tidying
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    confirm,
    free_seats,
    history,
    in_batch,
    letter,
    letters,
    press,
    state,
)

pytestmark = pytest.mark.usefixtures("adds_up")
STAFF = "staff 1"


@pytest.fixture
def applied(now: datetime, app: object) -> tuple[make.Batch, list[Registration]]:
    """Four people who have applied for two seats; all but the last have confirmed the address."""
    batch = make.batch(2, needs_approval=True, answer_on=(now + timedelta(days=9)).date())
    people = [make.registration(batch, f"p{n}@example.org", confirmed=n < 3) for n in range(4)]
    return batch, people


def admit(batch: make.Batch, *people: Registration, now: datetime) -> list[str]:
    admitted = atomically(
        deciding.admit,
        batch_id=batch.id,
        registration_ids=[one.id for one in people],
        by=STAFF,
        now=now,
    )
    return [one.email for one in admitted]


def reject(batch: make.Batch, *people: Registration, now: datetime) -> None:
    atomically(
        deciding.reject,
        batch_id=batch.id,
        registration_ids=[one.id for one in people],
        reason="The course needs a year of practice.",
        by=STAFF,
        now=now,
    )


def test_who_applies_holds_no_seat(applied: tuple[make.Batch, list[Registration]]) -> None:
    batch, people = applied
    assert {state(one) for one in people} == {State.APPLIED}
    assert free_seats(batch) == 2
    told = letter(people[0], "registration_applied")
    assert told.context["answer_on"] == batch.answer_on.isoformat()
    assert history(people[0]) == [
        (None, "applied", "registered"),
        ("applied", "applied", "confirmed the address"),
    ]


def test_accepted_ones_get_a_hold_or_the_waitlist_by_order_of_arrival(
    applied: tuple[make.Batch, list[Registration]], now: datetime
) -> None:
    batch, people = applied
    assert admit(batch, *reversed(people), now=now) == [f"p{n}@example.org" for n in range(4)]
    assert [state(one) for one in people] == [State.PENDING] * 2 + [State.WAITLISTED] * 2
    assert letters(people[0]) == ["registration_applied", "registration_held"]
    confirm(people[0], now=now)
    assert state(people[0]) is State.CONFIRMED
    press(answering.withdraw, people[1], now=now)
    assert state(people[2]) is State.OFFERED


def test_who_is_admitted_unconfirmed_must_still_confirm(
    applied: tuple[make.Batch, list[Registration]], now: datetime
) -> None:
    batch, people = applied
    admit(batch, *people, now=now)
    last = make.read(people[3].id)
    assert last.deadline_at is not None
    atomically(tidying.tidy_batch, batch_id=batch.id, now=last.deadline_at)
    assert history(last)[-1] == ("waitlisted", "expired", "address not confirmed in time")


def test_a_rejection_says_why_and_can_be_questioned_once(
    applied: tuple[make.Batch, list[Registration]], now: datetime
) -> None:
    batch, people = applied
    reject(batch, people[0], now=now)
    assert letter(people[0], "registration_rejected").context["reason"].startswith("The course")
    assert press(answering.question, people[0], words="I have two years.", now=now).changed
    assert not press(answering.question, people[0], words="Again!", now=now).changed
    asked = make.read(people[0].id)
    assert (asked.state, asked.question) == (State.REJECTED, "I have two years.")
    with pytest.raises(answering.NotToBeQuestioned):
        press(answering.question, people[1], words="Me too", now=now)


def test_who_is_admitted_after_all_gets_a_new_registration(
    applied: tuple[make.Batch, list[Registration]], now: datetime
) -> None:
    batch, people = applied
    reject(batch, people[0], now=now)
    outcome = press(deciding.admit_after_all, people[0], by=STAFF, now=now)
    assert outcome.registration.id != people[0].id
    assert state(outcome.registration) is State.PENDING
    assert state(people[0]) is State.REJECTED
    assert not press(deciding.admit_after_all, people[0], by=STAFF, now=now).changed
    with pytest.raises(deciding.NotDecidable):
        press(deciding.admit_after_all, people[1], by=STAFF, now=now)


def test_two_colleagues_decide_once(
    applied: tuple[make.Batch, list[Registration]], now: datetime
) -> None:
    batch, people = applied
    admit(batch, people[0], now=now)
    reject(batch, *people[:2], now=now)
    assert [state(one) for one in people[:2]] == [State.PENDING, State.REJECTED]
    assert admit(batch, *people[:2], now=now) == []


def test_an_application_nobody_decided_ends_with_the_start(
    applied: tuple[make.Batch, list[Registration]], now: datetime
) -> None:
    batch, people = applied
    begins = batch_facts(batch.id).begins_at
    atomically(tidying.tidy_batch, batch_id=batch.id, now=begins)
    assert history(people[0])[-1] == ("applied", "expired", "not decided")


def test_a_yes_on_the_telephone_is_an_enrolment(now: datetime) -> None:
    batch = make.batch(1)
    holder = make.registration(batch, confirmed=True)
    asha = make.registration(batch, "asha@example.org")
    with pytest.raises(deciding.NoFreeSeat):
        press(deciding.seat_by_telephone, asha, by=STAFF, now=now)
    press(answering.withdraw, holder, now=now)
    press(deciding.seat_by_telephone, asha, by=STAFF, now=now)
    assert state(asha) is State.CONFIRMED
    assert letters(asha) == ["registration_waitlisted", "registration_confirmed"]
    assert not press(deciding.seat_by_telephone, asha, by=STAFF, now=now).changed


def test_staff_cancel_with_a_reason_and_the_seat_moves_on(now: datetime) -> None:
    batch = make.batch(1)
    asha = make.registration(batch, confirmed=True)
    bilal = make.registration(batch, confirmed=True)
    common = {"reason": "Not paid.", "by": STAFF, "now": now}
    press(deciding.cancel, asha, **common)
    assert (state(asha), state(bilal)) == (State.CANCELLED, State.OFFERED)
    told = letter(asha, "registration_cancelled")
    assert told.context["reason"] == "Not paid."
    assert told.context["calendar"]["method"] == "CANCEL"
    assert not press(deciding.cancel, asha, **common).changed
    assert in_batch(batch, asha.email).decision == "Not paid."


def test_who_is_admitted_after_registration_closed_has_time_to_take_the_seat(
    applied: tuple[make.Batch, list[Registration]],
) -> None:
    batch, (asha, *_) = applied
    later = batch.closes_at + timedelta(hours=1)
    begins = batch_facts(batch.id).begins_at
    admit(batch, asha, now=later)
    assert later < make.read(asha.id).deadline_at <= begins
    atomically(tidying.tidy_batch, batch_id=batch.id, now=later)
    confirm(asha, now=later + timedelta(minutes=10))
    assert state(asha) is State.CONFIRMED


def test_a_group_is_admitted_to_seats_as_a_whole_or_waits_as_a_whole(now: datetime) -> None:
    batch = make.batch(3, needs_approval=True)
    emails = [f"g{n}@example.org" for n in range(4)]
    groups = [
        atomically(
            arriving.register_group,
            batch_id=batch.id,
            applicants=[make.applicant(email) for email in pair],
            now=now,
        )
        for pair in (emails[:2], emails[2:])
    ]
    people = [make.read(one) for group in groups for one in group]
    for one in people:
        confirm(one, now=now)
    single = make.registration(batch, "single@example.org", confirmed=True)
    admit(batch, *people, single, now=now)
    assert [state(one) for one in people] == [State.PENDING] * 2 + [State.WAITLISTED] * 2
    assert state(single) is State.PENDING  # fits where the second group does not
    assert history(people[2])[-1][2] == "skipped: a group of 2 does not fit"


def test_who_is_admitted_after_all_without_an_address_must_confirm_in_time(
    applied: tuple[make.Batch, list[Registration]], now: datetime
) -> None:
    batch, (*others, unknown) = applied
    reject(batch, unknown, now=now)
    admit(batch, *others, now=now)
    new = press(deciding.admit_after_all, unknown, by=STAFF, now=now).registration
    assert (state(new), new.address_confirmed_at) == (State.WAITLISTED, None)
    assert make.read(new.id).deadline_at is not None
