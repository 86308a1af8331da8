"""People are emptied out of everything, and everything still adds up."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from enroll.db import atomically, db
from enroll.mail.delivery import deliver_due
from enroll.registrations import answering, arriving, asking, erasing
from enroll.registrations.models import Erasure, Registration
from enroll.registrations.personal import by_token
from enroll.registrations.states import State
from tests import make
from tests.contents import contents
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    confirm,
    history,
    letters,
    press,
    state,
)

pytestmark = pytest.mark.usefixtures("adds_up")
ASHA = "asha.secret@example.org"


def erase(one: Registration, now: datetime) -> erasing.Erased | None:
    return atomically(erasing.erase, registration_id=one.id, by="student", now=now)


def everything_kept() -> str:
    db.session.rollback()
    return json.dumps(contents(), default=str)


def registered(batch: make.Batch, now: datetime) -> Registration:
    found = atomically(
        arriving.register,
        batch_id=batch.id,
        applicant=make.applicant(
            ASHA, name="Asha Secret", phone="+919812345678", message="My secret message"
        ),
        now=now,
    )
    return make.read(found)


def test_nobody_can_be_found_afterwards(now: datetime) -> None:
    batch, other = make.batch(1), make.batch(1)
    asha, elsewhere = registered(batch, now), registered(other, now)
    waits = make.registration(batch, confirmed=True)
    ids = [asha.id, elsewhere.id, waits.id]
    confirm(asha, now=now)
    atomically(asking.ask_for_links, email=ASHA, language="en", now=now)
    atomically(asking.ask_for_opening, batch_id=other.id, email=ASHA, language="en", now=now)
    deliver_due(worker="test")
    asha, elsewhere, waits = (make.read(one) for one in ids)  # sending forgot the objects
    before = (len(letters(asha)), len(history(asha)))
    tokens = (asha.token, elsewhere.token)
    receipt, letters_emptied = erase(asha, now)
    kept = everything_kept()
    for secret in ("secret", "Secret", "9812345678", *tokens):
        assert secret not in kept
    assert receipt in kept
    assert len(letters_emptied) == 3
    # The rows stay, so counts and histories still add up; the seat goes to the next.
    assert (len(letters(asha)), len(history(asha))) == (before[0], before[1] + 1)
    assert [state(one) for one in (asha, elsewhere, waits)] == [
        State.WITHDRAWN,
        State.WITHDRAWN,
        State.OFFERED,
    ]
    assert by_token(tokens[0]) is None


def test_nothing_more_is_sent_and_a_second_time_is_fine(now: datetime) -> None:
    asha = registered(make.batch(1), now)
    assert erase(asha, now) is not None
    assert erase(asha, now) is None
    assert deliver_due(worker="test") == 0
    row = db.session.scalars(sa.select(Erasure)).one()
    assert (row.registrations, row.letters, row.by) == (1, 1, "student")


def test_who_was_erased_may_come_back(now: datetime) -> None:
    batch = make.batch(1)
    erase(registered(batch, now), now)
    assert state(registered(batch, now)) is State.PENDING


def test_an_erased_registration_answers_to_no_verb(now: datetime) -> None:
    asha = registered(make.batch(1), now)
    erase(asha, now)
    with pytest.raises(answering.HasEnded):
        press(answering.accept, asha, now=now)
    with pytest.raises(answering.HasEnded):
        press(answering.confirm, asha, now=now, seen=State.PENDING)


def test_the_old_are_emptied_after_the_set_time_and_no_others(now: datetime) -> None:
    long_ago = now - timedelta(days=800)
    old, recent = make.batch(1, now=long_ago), make.batch(1)
    enrolled = make.registration(old, "old@example.org", confirmed=True, now=long_ago)
    gone = make.registration(old, "gone@example.org", confirmed=True, now=long_ago)
    press(answering.withdraw, gone, now=long_ago)
    present = make.registration(recent, "old@example.org", confirmed=True)
    assert atomically(erasing.erase_old, days=365, now=now) == 2
    assert atomically(erasing.erase_old, days=365, now=now) == 0
    assert make.read(enrolled.id).name == ""
    assert state(enrolled) is State.CONFIRMED
    assert make.read(present.id).name == "Asha Verma"
    assert "old@example.org" in everything_kept()
    assert "gone@example.org" not in everything_kept()
