"""Three unasked letters a day for one address, exactly, whoever types it and into which form."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from enroll import clock
from enroll.db import atomically, db
from enroll.mail import outbox
from enroll.mail.delivery import LEASE, TOO_MANY, claim_due, deliver_due, may_come_unasked
from enroll.mail.models import Letter, UnaskedSlot
from enroll.mail.slots import forget_slots, take_slot
from tests.mail.posting import ADDRESS, all_due, post, read, slots, states
from tests.mail.servers import Server
from tests.serving import at_once

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    """Sets the clock."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_to(NOON)
    return set_to


def test_the_fourth_of_a_day_is_never_sent(app: Flask, at) -> None:
    letters = post(3) + post(2, kind="links", about="registration:9", registrations=[])
    while deliver_due(worker="test"):
        pass
    assert states(letters) == ["sent"] * 3 + ["suppressed"] * 2
    refused = read(letters[3])
    assert (refused.last_error, refused.rendered) == (TOO_MANY, None)
    at(NOON + timedelta(days=3))
    all_due()
    assert deliver_due(worker="test") == 0


def test_three_more_on_the_next_day_which_is_utcs(app: Flask, at) -> None:
    at(datetime(2027, 3, 1, 23, 59, 59, tzinfo=UTC))
    first = post(4)
    deliver_due(worker="test")
    at(datetime(2027, 3, 2, tzinfo=UTC))
    second = post(4)
    deliver_due(worker="test")
    assert states(first) == states(second) == ["sent"] * 3 + ["suppressed"]
    assert {one.day for one in slots()} == {date(2027, 3, 1), date(2027, 3, 2)}


def test_others_are_not_counted(app: Flask, at) -> None:
    asked = post(5, is_unasked=False)
    deliver_due(worker="test")
    assert slots() == []
    unasked, other = post(3), post(3, recipient="other@example.org")
    deliver_due(worker="test")
    assert states(asked + unasked + other) == ["sent"] * 11


def test_small_and_capital_letters_are_one_address(app: Flask, at) -> None:
    letters = post(2) + post(2, recipient=ADDRESS.title())
    deliver_due(worker="test")
    assert states(letters) == ["sent"] * 3 + ["suppressed"]


def test_a_letter_that_was_dropped_takes_no_slot(app: Flask, at) -> None:
    dropped = post(3, about="registration:1")
    atomically(outbox.drop, about="registration:1", kinds=["registration_held"], why="over")
    sent = post(3, about="registration:2")
    deliver_due(worker="test")
    assert states(dropped + sent) == ["suppressed"] * 3 + ["sent"] * 3


def test_an_address_that_is_confirmed_is_asked(app: Flask, at) -> None:
    post(3, about="registration:1")
    deliver_due(worker="test")
    late = post(2, about="registration:1")
    atomically(outbox.was_asked, about="registration:1")
    assert slots() == []
    others = post(4, about="registration:2")
    deliver_due(worker="test")
    assert states(late + others) == ["sent"] * 5 + ["suppressed"]


# ---------------------------------------------------------------- tries that fail


def test_a_retry_keeps_its_slot_and_takes_no_other(
    app_with_smtp: Flask, server: tuple[Server, Controller], at
) -> None:
    letters = post(3)
    server[0].rcpt = "451 later"
    deliver_due(worker="test")
    assert states(letters) == ["queued"] * 3
    kept = [(one.letter_id, one.day, one.number) for one in slots()]
    assert len(kept) == 3
    at(NOON + timedelta(days=1))
    server[0].rcpt = "250 ok"
    all_due()
    more = post(4)
    deliver_due(worker="test")
    assert states(letters + more) == ["sent"] * 6 + ["suppressed"]
    assert [(one.letter_id, one.day, one.number) for one in slots()][:3] == kept


def test_a_worker_that_dies_with_a_slot_leaves_it_to_the_next(app: Flask, at) -> None:
    """It died before the letter was written: the next one finds the slot, whatever day it is."""
    (letter_id,) = post()
    atomically(claim_due, worker="dead", now=NOON)
    assert atomically(may_come_unasked, letter_id=letter_id, worker="dead", now=NOON)
    others = post(3)
    at(NOON + LEASE)
    deliver_due(worker="next")
    assert states([letter_id, *others]) == ["sent"] * 3 + ["suppressed"]
    assert [one.number for one in slots()] == [1, 2, 3]


def test_old_slots_are_forgotten_and_the_addresses_with_them(app: Flask, at) -> None:
    for days in range(4):
        at(NOON + timedelta(days=days))
        post(2)
        deliver_due(worker="test")
    assert atomically(forget_slots, now=NOON + timedelta(days=3)) == 2
    assert {one.day.day for one in slots()} == {2, 3, 4}
    assert atomically(forget_slots, now=NOON + timedelta(days=3)) == 0


# ---------------------------------------------------------------- all at the same moment


def in_contexts(app: Flask, verbs: list) -> list:
    """Run each in a thread with a connection of its own, from the same moment on."""

    def wrap(verb):
        def run():
            with app.app_context():
                try:
                    return verb()
                finally:
                    db.session.remove()

        return run

    return at_once([wrap(verb) for verb in verbs])


def test_twelve_that_reach_for_a_slot_at_once_get_three(app: Flask) -> None:
    letters = post(12)
    now = clock.now()
    atomically(claim_due, worker="test", now=now)

    def reach(letter_id: int):
        return lambda: atomically(may_come_unasked, letter_id=letter_id, worker="test", now=now)

    got = in_contexts(app, [reach(one) for one in letters])
    assert got.count(True) == 3
    assert [one.number for one in slots()] == [1, 2, 3]
    with_slot = {one.letter_id for one in slots()}
    assert {one for one, is_in in zip(letters, got, strict=True) if is_in} == with_slot
    assert sorted(states(letters)) == ["claimed"] * 3 + ["suppressed"] * 9


def test_the_race_is_one_counting_first_lets_too_many_through(app: Flask) -> None:
    """The negative control: count, then send."""
    letters = post(6)
    counted_all = threading.Barrier(len(letters))

    def count_then_send(letter_id: int):
        def run() -> bool:
            sent = sa.select(sa.func.count()).where(Letter.sent_at.is_not(None))
            before = db.session.scalar(sent)
            db.session.rollback()
            counted_all.wait()
            if before >= 3:
                return False
            change = sa.update(Letter).where(Letter.id == letter_id).values(sent_at=clock.now())
            atomically(lambda: db.session.execute(change))
            return True

        return run

    assert in_contexts(app, [count_then_send(one) for one in letters]).count(True) > 3


def test_a_slot_that_is_rolled_back_is_free_for_the_next(app: Flask, now) -> None:
    first, second = post(2)

    def die() -> None:
        assert take_slot(letter_id=first, recipient=ADDRESS, now=now)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomically(die)
    assert atomically(take_slot, letter_id=second, recipient=ADDRESS, now=now)
    assert [(one.number, one.letter_id) for one in slots()] == [(1, second)]


def test_the_table_itself_has_room_for_one_per_number(app: Flask, now) -> None:
    first, second = post(2)
    row = {"recipient": ADDRESS, "day": now.date(), "number": 1}
    atomically(lambda: db.session.execute(sa.insert(UnaskedSlot), row | {"letter_id": first}))
    for clash in ({"letter_id": second}, {"letter_id": first, "number": 2}):
        with pytest.raises(sa.exc.IntegrityError):
            atomically(lambda c=clash: db.session.execute(sa.insert(UnaskedSlot), row | c))
