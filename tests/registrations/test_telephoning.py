"""Somebody calls: enrolled on staff's word, with an address, a shared one, or none at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.accounts.duties import Duty
from enroll.db import atomically, db
from enroll.mail import telephone
from enroll.mail.delivery import deliver_due
from enroll.mail.models import Letter, PhoneTask
from enroll.mail.states import BY_TELEPHONE, NO_MAILBOX
from enroll.registrations import (
    answering,
    arriving,
    asking,
    deciding,
    erasing,
    personal,
    steering,
    telephoning,
)
from enroll.registrations.audit import audit
from enroll.registrations.doubles import Likeness
from enroll.registrations.models import Note, Registration
from enroll.registrations.replay import BY_HAND, Step, replay
from enroll.registrations.states import State
from enroll.registrations.telephoning import Caller, PerhapsHere
from tests import make
from tests.accounts.people import colleague
from tests.audits import audited
from tests.registrations import acting
from tests.registrations.acting import adds_up, history, letter, letters, state  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("adds_up")
DAY = timedelta(days=1)


@pytest.fixture
def staff_id(app: Flask) -> int:
    return colleague(Duty.PLAN)


def call(batch: make.Batch, staff_id: int, *, now: datetime, **more: Any) -> Registration:
    """Register a caller; what the verb is not told is said by a lady called Leela without e-mail."""
    others = {name: more.pop(name) for name in ("seen", "admits") if name in more}
    given = {"name": "Leela Nair", "phone": "+919876543210", "consent_version": "x"} | more
    one = atomically(telephoning.register_by_hand, batch_id=batch.id, caller=Caller(**given),
                     staff_id=staff_id, now=now, **others)
    return make.read(one.id)


def tasks(one: Registration) -> list[telephone.Task]:
    db.session.rollback()
    return list(telephone.tasks_about([f"registration:{one.id}"]))


def test_a_free_seat_is_theirs_at_once(
    staff_id: int, now: datetime, database_url: str, instance: Path
) -> None:
    batch = make.batch(1)
    asha = call(batch, staff_id, now=now, email="asha@example.org", background="Nurse", message="Hello",
                note="Sounded in a hurry.")
    assert (asha.state, asha.seat_number) == (State.CONFIRMED, 1)
    assert (asha.email, asha.letters_to, asha.address) == ("asha@example.org", None, "asha@example.org")
    assert (asha.consent_read_by, asha.consented_at) == (staff_id, now)
    assert history(asha) == [(None, "confirmed", "registered by telephone")]
    sent = letter(asha, "registration_confirmed")
    assert (sent.recipient, sent.state, sent.is_unasked) == ("asha@example.org", "queued", False)
    assert sent.context["name"] == "Leela Nair"
    assert "hurry" not in str(sent.context)
    assert tasks(asha) == []
    db.session.rollback()
    assert audited(database_url, instance)["seated"] == 1


def test_without_a_seat_they_wait_behind_those_who_wait(staff_id: int, now: datetime) -> None:
    batch = make.batch(1)
    holder = make.registration(batch, confirmed=True)
    first = make.registration(batch, confirmed=True)
    asha = call(batch, staff_id, now=now)
    assert (asha.state, personal.place(asha)) == (State.WAITLISTED, 2)
    acting.press(answering.withdraw, holder, now=now)
    assert (state(first), state(asha)) == (State.OFFERED, State.WAITLISTED)
    acting.press(answering.withdraw, first, now=now)
    assert state(asha) is State.OFFERED  # staff's word counts as a confirmed address
    acting.press(deciding.seat_by_telephone, asha, by=f"staff {staff_id}", now=now)
    assert state(asha) is State.CONFIRMED
    told = {task.kind: task.told_at is not None for task in tasks(asha)}
    # Who says yes has heard the offer; that they are enrolled is still to be said.
    assert told == {"registration_waitlisted": True, "registration_offered": True,
                    "registration_confirmed": False}


def test_who_has_not_confirmed_an_address_does_not_stand_before_them(staff_id: int, now: datetime) -> None:
    batch = make.batch(2)
    make.registration(batch)
    make.registration(batch)
    make.registration(batch)  # waits, unconfirmed
    atomically(steering.resize, batch_id=batch.id, capacity=3, now=now)
    assert call(batch, staff_id, now=now).state is State.CONFIRMED


def test_a_batch_that_asks_for_approval(staff_id: int, now: datetime) -> None:
    batch = make.batch(1, needs_approval=True)
    asha = call(batch, staff_id, now=now)
    assert asha.state is State.APPLIED
    bibi = call(batch, staff_id, now=now, name="Bibi Khan", phone="+919876500000", admits=True)
    assert bibi.state is State.CONFIRMED
    given: dict[str, Any] = {"batch_id": batch.id, "by": f"staff {staff_id}", "now": now}
    atomically(deciding.admit, registration_ids=[asha.id], **given)
    assert state(asha) is State.WAITLISTED


def test_who_was_admitted_says_yes_on_the_telephone(staff_id: int, now: datetime) -> None:
    batch = make.batch(1, needs_approval=True)
    asha = call(batch, staff_id, now=now)
    given: dict[str, Any] = {"batch_id": batch.id, "by": f"staff {staff_id}", "now": now}
    atomically(deciding.admit, registration_ids=[asha.id], **given)
    assert state(asha) is State.PENDING
    acting.press(deciding.seat_by_telephone, asha, by=f"staff {staff_id}", now=now)
    assert state(asha) is State.CONFIRMED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"opens_at": DAY}, "not_open_yet"),
        ({"opens_at": -40 * DAY, "closes_at": -2 * DAY, "starts_on": -DAY}, "closed"),
    ],
)
def test_nobody_comes_before_the_form_opens_or_once_the_batch_runs(
    staff_id: int, now: datetime, changes: dict[str, timedelta], reason: str
) -> None:
    given: dict[str, Any] = {name: now + shift for name, shift in changes.items()}
    if "starts_on" in given:
        given["starts_on"] = given["starts_on"].date()
    with pytest.raises(arriving.RegistrationClosed) as refused:
        call(make.batch(1, **given), staff_id, now=now)
    assert refused.value.facts["reason"] == reason


def test_after_the_form_has_closed_staff_still_may(staff_id: int, now: datetime) -> None:
    batch = make.batch(1, closes_at=now - timedelta(hours=1))
    assert call(batch, staff_id, now=now).state is State.CONFIRMED


def test_a_full_waitlist_takes_nobody(staff_id: int, now: datetime) -> None:
    batch = make.batch(1, waitlist_limit=0)
    make.registration(batch, confirmed=True)
    with pytest.raises(arriving.WaitlistFull):
        call(batch, staff_id, now=now)
    assert len(make.states(batch)) == 1


# ---------------------------------------------------------------- without an e-mail


def test_every_letter_becomes_a_task_and_none_ever_leaves(
    staff_id: int, now: datetime, instance: Path
) -> None:
    batch = make.batch(1)
    asha = call(batch, staff_id, now=now)
    about = f"registration:{asha.id}"
    assert asha.address == ""
    assert asha.email.endswith(f"@{NO_MAILBOX}")
    assert db.session.scalar(sa.select(Registration.address)) == ""
    (task,) = tasks(asha)
    assert (task.kind, task.told_at, task.is_open) == ("registration_confirmed", None, True)
    assert letter(asha, task.kind).state == "suppressed"
    assert deliver_due(worker="test") == 0
    assert not list(instance.rglob("*.eml"))
    asha = make.read(int(about.partition(":")[2]))
    tick: dict[str, Any] = {"task_id": task.id, "by": f"staff {staff_id}", "now": now}
    assert atomically(telephone.tick, about="registration:999", **tick) is None
    assert atomically(telephone.tick, about=about, **tick) is True
    assert atomically(telephone.tick, about=about, **tick | {"by": "staff 99"}) is False
    (task,) = tasks(asha)
    assert (task.told_at, task.told_by, task.is_open) == (now, f"staff {staff_id}", False)


def test_a_letter_that_came_into_the_queue_all_the_same_is_not_sent(app: Flask, now: datetime) -> None:
    """However it came there, by a hand-written statement or an older version."""
    batch = make.batch(1)
    one = make.registration(batch, confirmed=True)
    address = f"nobody@{NO_MAILBOX}"
    change = sa.update(Letter).where(Letter.about == f"registration:{one.id}").values(recipient=address)
    atomically(lambda: db.session.execute(change))
    deliver_due(worker="test")
    db.session.rollback()
    rows = db.session.scalars(sa.select(Letter).where(Letter.recipient == address)).all()
    assert rows
    assert {(row.state.value, row.last_error, row.rendered) for row in rows} == {
        ("suppressed", BY_TELEPHONE, None)
    }
    assert len(telephone.untold()) == len(rows)


def test_the_audit_misses_a_task_and_finds_a_letter_that_was_sent(staff_id: int, now: datetime) -> None:
    asha = call(make.batch(1), staff_id, now=now)
    sent = sa.update(Letter).where(Letter.about == f"registration:{asha.id}")
    atomically(lambda: db.session.execute(sent.values(state="sent")))
    assert any("nobody has that mailbox" in line for line in audit(now)["problems"])
    atomically(lambda: db.session.execute(sent.values(state="suppressed")))
    assert audit(now)["problems"] == []
    (kept,) = db.session.scalars(sa.select(PhoneTask.letter_id))
    atomically(lambda: db.session.execute(sa.delete(PhoneTask)))
    assert any("nobody is told" in line for line in audit(now)["problems"])
    atomically(telephone.make_task, kept)


def test_what_is_outdated_need_not_be_told(staff_id: int, now: datetime) -> None:
    batch = make.batch(1)
    holder = make.registration(batch, confirmed=True)
    asha = call(batch, staff_id, now=now)
    acting.press(answering.withdraw, holder, now=now)
    acting.press(deciding.cancel, asha, reason="Asked for it.", by="staff 1", now=now)
    assert [(task.kind, task.is_open) for task in tasks(asha)] == [
        ("registration_waitlisted", False),
        ("registration_offered", False),
        ("registration_cancelled", True),
    ]


# ---------------------------------------------------------------- one address, several people


def test_siblings_share_an_address(staff_id: int, now: datetime) -> None:
    batch = make.batch(3)
    asha = call(batch, staff_id, now=now, email="verma@example.org")
    with pytest.raises(PerhapsHere) as perhaps:
        call(batch, staff_id, now=now, name="Leena Nair", email="verma@example.org")
    (double,) = perhaps.value.doubles
    assert (double.id, set(double.likenesses)) == (asha.id, set(Likeness))
    usha = call(batch, staff_id, now=now, name="Leena Nair", email="verma@example.org", seen=[asha.id])
    assert (usha.state, usha.address, usha.letters_to) == (
        State.CONFIRMED, "verma@example.org", "verma@example.org"
    )
    assert letter(usha, "registration_confirmed").recipient == "verma@example.org"
    assert usha.email != asha.email
    # The second press of the same button meets the first one's person.
    with pytest.raises(PerhapsHere):
        call(batch, staff_id, now=now, name="Leena Nair", email="verma@example.org", seen=[asha.id])
    # The public form goes on as by contract: this address is here.
    again = make.applicant("verma@example.org")
    assert atomically(arriving.register, batch_id=batch.id, applicant=again, now=now) is None


def test_lost_links_of_a_shared_address_come_one_by_one(staff_id: int, now: datetime) -> None:
    batch = make.batch(3)
    asha = call(batch, staff_id, now=now, email="verma@example.org")
    usha = call(batch, staff_id, now=now, name="Leena Nair", email="verma@example.org", seen=[asha.id])
    nobody = call(batch, staff_id, now=now, name="Zoe Quist", phone="+4915112345678")
    atomically(asking.ask_for_links, email="verma@example.org", language="en", now=now)
    atomically(asking.ask_for_links, email=nobody.email, language="en", now=now)
    atomically(asking.answer_link_requests, now=now)
    for one, name in ((asha, "Leela Nair"), (usha, "Leena Nair")):
        links = letter(one, "links")
        assert (links.recipient, links.context["name"]) == ("verma@example.org", name)
        assert [row["token"] for row in links.context["registrations"]] == [one.token]
    assert letters(nobody).count("links") == 0


def test_erasing_one_leaves_the_other(staff_id: int, now: datetime) -> None:
    batch = make.batch(3)
    asha = call(batch, staff_id, now=now, email="verma@example.org", note="About Asha.")
    usha = call(batch, staff_id, now=now, name="Leena Nair", email="verma@example.org",
                seen=[asha.id], note="About Usha.")
    atomically(erasing.erase, registration_id=asha.id, by="student", now=now)
    usha = make.read(usha.id)
    assert (usha.state, usha.name, usha.address) == (State.CONFIRMED, "Leena Nair", "verma@example.org")
    assert letter(usha, "registration_confirmed").recipient == "verma@example.org"
    assert {note.text for note in db.session.scalars(sa.select(Note))} == {"", "About Usha."}
    atomically(erasing.erase, registration_id=usha.id, by="student", now=now)
    usha = make.read(usha.id)
    assert (usha.letters_to, usha.name, usha.erased_at) == (None, "", now)
    left = db.session.scalars(sa.select(Letter.recipient)).all()
    assert "verma@example.org" not in left
    assert {note.text for note in db.session.scalars(sa.select(Note))} == {""}


def test_erasing_somebody_without_a_mailbox_leaves_nothing_to_tell(staff_id: int, now: datetime) -> None:
    asha = call(make.batch(1), staff_id, now=now)
    atomically(erasing.erase, registration_id=asha.id, by="staff", now=now)
    assert telephone.untold() == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PhoneTask)) >= 1
    assert letter(asha, "registration_confirmed").context == {}


def test_the_export_shows_one_person_and_says_that_notes_are_ours(staff_id: int, now: datetime) -> None:
    batch = make.batch(3)
    asha = call(batch, staff_id, now=now, email="verma@example.org", note="Rude.")
    usha = call(batch, staff_id, now=now, name="Leena Nair", email="verma@example.org", seen=[asha.id])
    for one, count in ((asha, 1), (usha, 0)):
        kept = personal.export(make.read(one.id))
        assert kept["email"] == "verma@example.org"
        (mine,) = kept["registrations"]
        assert (mine["name"], mine["email"]) == (one.name, "verma@example.org")
        assert mine["consent_read_out"] is True
        assert mine["internal_notes_not_in_this_file"] == count
        assert "Rude" not in str(kept)
        assert NO_MAILBOX not in str(kept)


def test_they_can_move_and_wish_like_everybody(staff_id: int, now: datetime) -> None:
    here, there = make.batch(1), make.batch(1)
    asha = call(here, staff_id, now=now)
    moved = make.read(acting.transfer(asha, there, now=now).registration.id)
    assert (moved.state, moved.email, moved.consent_read_by) == (State.CONFIRMED, asha.email, staff_id)
    assert [task.kind for task in tasks(moved)] == ["registration_confirmed"]


def test_a_caller_never_passes_who_waits(staff_id: int, now: datetime) -> None:
    """The audit holds us to it: a history in which one did is a problem."""
    def step(number: int, who: int, source: str | None, target: str, by: str, why: str) -> Step:
        return Step(1, number, who, source, target, by, why, True, who, None, None, target)

    waits = step(1, 1, None, "waitlisted", "student", "registered")
    passes = step(2, 2, None, "confirmed", "staff 1", BY_HAND)
    assert list(replay([waits, passes], {})) == [
        "registration 2 came new and got a seat before registration 1, who waited for it"
    ]
