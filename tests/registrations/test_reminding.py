"""What the calendar asks us to tell: deadlines near, how to join, decisions that are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from enroll.accounts.duties import Duty
from enroll.accounts.staffing import add_staff
from enroll.batches.facts import batch_facts
from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.registrations import answering, asking, deciding, reminding, steering, tidying
from enroll.registrations.audit import audit
from enroll.registrations.models import LinkRequest, OpeningReminder
from enroll.registrations.states import State
from tests import make
from tests.registrations.acting import (
    HOUR,
    adds_up,  # noqa: F401 - a fixture
    confirm,
    letter,
    letters,
    press,
    state,
    with_sessions,
)

pytestmark = pytest.mark.usefixtures("adds_up")


def remind(now: datetime) -> int:
    return atomically(reminding.remind_due, now=now)


def tell(batch: Batch, now: datetime) -> None:
    for batch_id in reminding.batches_with_news(now):
        if batch_id == batch.id:
            atomically(reminding.tell_news, batch_id=batch_id, now=now)


def everything(kind: str) -> list[Letter]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Letter).where(Letter.kind == kind)))


# ---------------------------------------------------------------- deadlines


def test_a_hold_and_an_offer_are_reminded_of_at_half_time_once(now: datetime) -> None:
    batch = make.batch(1)
    held = make.registration(batch, now=now)
    half = now + (held.deadline_at - now) / 2
    assert remind(half - timedelta(seconds=1)) == 0
    assert (remind(half), remind(half)) == (1, 0)
    told = letter(held, "reminder")
    assert told.context["state"] == "pending"
    assert datetime.fromisoformat(told.context["deadline_at"]) == held.deadline_at
    assert told.is_unasked


def test_who_has_answered_is_not_reminded(now: datetime) -> None:
    batch = make.batch(1)
    held = make.registration(batch, now=now)
    confirm(held, now=now)
    waits = make.registration(batch, now=now)
    press(answering.withdraw, waits, now=now)
    assert remind(now + 23 * HOUR) == 0


def test_a_reminder_not_sent_yet_dies_with_what_it_speaks_of(now: datetime) -> None:
    held = make.registration(make.batch(1), now=now)
    remind(now + 20 * HOUR)
    confirm(held, now=now + 20 * HOUR)
    assert letter(held, "reminder").state.value == "suppressed"
    assert letter(held, "registration_held").state.value == "queued"
    press(answering.withdraw, held, now=now + 20 * HOUR)
    assert letter(held, "registration_confirmed").state.value == "suppressed"
    assert letter(held, "registration_withdrawn").state.value == "queued"


# ---------------------------------------------------------------- before the start


def test_joining_instructions_come_seven_days_and_one_day_before(now: datetime) -> None:
    batch = make.batch(2, join_link="https://meet.example/1", **with_sessions(now=now))
    asha = make.registration(batch, confirmed=True)
    waits = make.registration(batch)
    begins = batch_facts(batch.id).begins_at
    for at in (
        begins - timedelta(days=7, seconds=1),
        begins - timedelta(days=7),
        begins - timedelta(days=3),
        begins - timedelta(days=1),
        begins - HOUR,
        begins,
    ):
        tell(batch, at)
    assert letters(asha).count("batch_joining") == 2
    assert letters(waits).count("batch_joining") == 0
    told = letter(asha, "batch_joining").context
    assert told["batch"]["join_link"] == "https://meet.example/1"
    assert datetime.fromisoformat(told["first_session"]) == begins


def test_how_to_join_is_not_sent_after_the_batch_has_begun(now: datetime) -> None:
    batch = make.batch(2, **with_sessions(now=now))
    asha = make.registration(batch, confirmed=True)
    begins = batch_facts(batch.id).begins_at
    tell(batch, begins - timedelta(days=1))
    assert atomically(reminding.forget_late_joining, now=begins - HOUR) == 0
    assert letter(asha, "batch_joining").state.value == "queued"
    assert atomically(reminding.forget_late_joining, now=begins) == 1
    assert letter(asha, "batch_joining").state.value == "suppressed"


def test_a_batch_that_was_moved_is_told_anew_and_a_late_start_once(now: datetime) -> None:
    batch = make.batch(2, **with_sessions(now=now))
    asha = make.registration(batch, confirmed=True)
    begins = batch_facts(batch.id).begins_at
    tell(batch, begins - timedelta(days=6))
    atomically(steering.reschedule, batch_id=batch.id, days=14, now=begins - timedelta(days=5))
    tell(batch, begins - timedelta(days=5))
    assert letters(asha).count("batch_joining") == 1
    # Nobody was there seven days before: the one of the last day stands for both.
    tell(batch, begins + timedelta(days=13, hours=12))
    tell(batch, begins + timedelta(days=13, hours=13))
    assert letters(asha).count("batch_joining") == 2


def test_enough_people_make_it_go_ahead(now: datetime) -> None:
    batch = make.batch(3, minimum=2, decide_on=(now + timedelta(days=20)).date())
    people = [make.registration(batch, confirmed=True)]
    tell(batch, now)
    people.append(make.registration(batch, confirmed=True))
    tell(batch, now)
    tell(batch, now)
    assert db.session.get_one(Batch, batch.id).state is BatchState.CONFIRMED_TO_RUN
    assert [letters(one).count("batch_confirmed_to_run") for one in people] == [1, 1]


def test_a_missed_date_is_told_to_everybody_once(now: datetime) -> None:
    batch = make.batch(3, minimum=2, decide_on=(now + timedelta(days=5)).date())
    asha = make.registration(batch, confirmed=True)
    tell(batch, now + timedelta(days=5))
    assert "batch_undecided" not in letters(asha)
    for days in (6, 7):
        tell(
            batch,
            datetime.combine(batch.decide_on, datetime.min.time(), UTC) + timedelta(days=days - 5),
        )
    assert letters(asha).count("batch_undecided") == 1


def test_where_no_offer_fits_any_more_staff_get_the_queue(now: datetime) -> None:
    for email, duty in (("plans@example.org", Duty.PLAN), ("mods@example.org", Duty.MODERATE)):
        atomically(
            add_staff, email=email, name=email, password="a long password 1", duties=[duty], now=now
        )
    batch = make.batch(1, **with_sessions(now=now))
    holder = make.registration(batch, confirmed=True)
    first, second = (make.registration(batch, confirmed=True) for _ in range(2))
    late = batch_facts(batch.id).begins_at - 10 * HOUR
    press(answering.withdraw, holder, now=late)
    assert [state(one) for one in (first, second)] == [State.WAITLISTED] * 2
    tell(batch, late)
    tell(batch, late + HOUR)
    (told,) = everything("staff_queue")
    assert told.recipient == "plans@example.org"
    assert [one["email"] for one in told.context["people"]] == [first.email, second.email]
    atomically(tidying.tidy_batch, batch_id=batch.id, now=late)
    assert state(first) is State.WAITLISTED
    assert audit(late)["problems"] == []
    press(deciding.seat_by_telephone, first, by="staff 1", now=late)
    assert state(first) is State.CONFIRMED


# ---------------------------------------------------------------- by address alone


def ask(email: str, now: datetime) -> None:
    atomically(asking.ask_for_links, email=email, language="en", now=now)
    atomically(asking.answer_link_requests, now=now)


def test_lost_links_are_sent_again_once_in_ten_minutes(now: datetime) -> None:
    here, there = make.batch(1), make.batch(1)
    people = [make.registration(batch, "asha@example.org") for batch in (here, there)]
    for minutes in (0, 1, 9, 11):
        ask("asha@example.org", now + timedelta(minutes=minutes))
    ask("nobody@example.org", now)
    told = everything("links")
    assert [one.recipient for one in told] == ["asha@example.org"] * 2
    assert {row["token"] for row in told[0].context["registrations"]} == {
        one.token for one in people
    }
    assert told[0].is_unasked
    assert db.session.scalar(sa.select(sa.func.count()).select_from(LinkRequest)) == 0


def test_ended_registrations_have_no_link_to_send(now: datetime) -> None:
    asha = make.registration(make.batch(1), "asha@example.org")
    press(answering.withdraw, asha, now=now)
    ask("asha@example.org", now)
    assert everything("links") == []


def test_the_opening_is_announced_once_to_those_who_asked(now: datetime) -> None:
    opens_at = now + timedelta(days=2)
    batch = make.batch(1, opens_at=opens_at)
    off = make.batch(1, opens_at=opens_at)
    for one in (batch, batch, off):
        atomically(
            asking.ask_for_opening,
            batch_id=one.id,
            email="asha@example.org",
            language="en",
            now=now,
        )
    atomically(steering.call_off, batch_id=off.id, by="staff 1", now=now)
    assert atomically(asking.announce_openings, now=opens_at - HOUR) == 0
    assert atomically(asking.announce_openings, now=opens_at) == 1
    assert atomically(asking.announce_openings, now=opens_at) == 0
    assert [one.about for one in everything("opening")] == [f"batch:{batch.id}"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(OpeningReminder)) == 0
