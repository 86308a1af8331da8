"""The audit finds nothing where verbs were at work, and each wrong row that a hand has written."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.db import atomically, db
from enroll.registrations import answering, personal, tidying
from enroll.registrations.audit import audit
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.contents import contents
from tests.serving import command

DAY = timedelta(days=1)


class Institute:
    """Two batches with a past: `here` and `there`, three seats each, and people known by letters.

    In both: a and b are enrolled, c has left and w has the seat, d has passed and rests, e and f
    wait with confirmed addresses, g has an open offer in `there` only, and u has not confirmed.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.here, self.there = make.batch(3, now=now), make.batch(3, now=now)
        self.ids = {"here": self.here.id, "there": self.there.id}
        for place, batch in (("h", self.here), ("t", self.there)):
            for who in "abcwdef":
                self._come(place, batch, who, confirmed=True)
            self._press(answering.withdraw, f"{place}_c")
            self._press(answering.accept, f"{place}_w")
        self._come("h", self.here, "u", confirmed=False)
        self._come("t", self.there, "u", confirmed=False)
        self._press(answering.withdraw, "h_b")  # d is offered the seat, passes it on to e
        self._press(answering.pass_offer, "h_d")
        self._press(answering.accept, "h_e")
        self._press(answering.withdraw, "t_b")  # d is offered the seat

    def _come(self, place: str, batch: make.Batch, who: str, *, confirmed: bool) -> None:
        email = f"{who}@example.org"
        came = make.registration(batch, email, confirmed=confirmed, now=self.now)
        self.ids[f"{place}_{who}"] = came.id

    def _press(self, verb: object, who: str) -> None:
        one = make.read(self.ids[who])
        atomically(verb, batch_id=one.batch_id, registration_id=one.id, now=self.now)

    def write(self, *statements: str) -> None:
        """Run SQL as somebody might who has taken all guards away."""
        db.session.rollback()
        url = db.engine.url
        if url.get_backend_name() == "sqlite":
            connection = sqlite3.connect(str(url.database))
            connection.executescript(BARE_SQLITE)
        else:
            plain = url.set(drivername="postgresql").render_as_string(False)
            connection = psycopg.connect(plain)
            connection.execute(BARE_POSTGRESQL)
        for statement in statements:
            connection.execute(statement.format(**self.ids))
        connection.commit()
        connection.close()

    def problems(self, later: timedelta = timedelta(0)) -> list[str]:
        """What the audit says; it writes nothing."""
        before = contents()
        found = audit(self.now + later)["problems"]
        assert contents() == before
        return found


# A copy of the table has neither constraints nor triggers.
BARE_SQLITE = """
    PRAGMA foreign_keys = OFF;
    DROP TRIGGER tr_seat_freed;
    DROP TRIGGER tr_seat_removed;
    CREATE TABLE bare AS SELECT * FROM registration;
    DROP TABLE registration;
    ALTER TABLE bare RENAME TO registration;
"""
BARE_POSTGRESQL = """
    DO $$ DECLARE guard record; BEGIN
        FOR guard IN SELECT conname FROM pg_constraint
            WHERE conrelid = 'registration'::regclass AND contype IN ('c', 'u', 'f')
        LOOP EXECUTE format('ALTER TABLE registration DROP CONSTRAINT %I', guard.conname);
        END LOOP;
        FOR guard IN SELECT indexrelid::regclass AS name FROM pg_index
            WHERE indrelid = 'registration'::regclass AND indisunique AND NOT indisprimary
        LOOP EXECUTE format('DROP INDEX %s', guard.name);
        END LOOP;
    END $$
"""


@pytest.fixture
def institute(app: Flask, now: datetime) -> Institute:
    return Institute(now)


# ---------------------------------------------------------------- where nothing is wrong


def test_verbs_leave_nothing_to_find(institute: Institute) -> None:
    assert institute.problems() == []
    assert make.states(institute.here) == {
        "a@example.org": State.CONFIRMED,
        "b@example.org": State.WITHDRAWN,
        "c@example.org": State.WITHDRAWN,
        "w@example.org": State.CONFIRMED,
        "d@example.org": State.WAITLISTED,
        "e@example.org": State.CONFIRMED,
        "f@example.org": State.WAITLISTED,
        "u@example.org": State.WAITLISTED,
    }


def test_nor_does_the_clock(institute: Institute) -> None:
    for days in range(1, 40):
        for batch in (institute.here, institute.there):
            atomically(tidying.tidy_batch, batch_id=batch.id, now=institute.now + days * DAY)
        assert institute.problems(days * DAY) == []


def test_taking_the_guards_away_is_no_problem_by_itself(institute: Institute) -> None:
    institute.write()
    assert institute.problems() == []


def test_the_places_people_are_told_are_those_that_are_counted(institute: Institute) -> None:
    """The audit counts by `rank`, a page by `personal.place`: they must mean the same."""
    for batch in (institute.here, institute.there):
        waiting = db.session.scalars(
            sa.select(Registration)
            .where(Registration.batch_id == batch.id, Registration.state == State.WAITLISTED)
            .order_by(Registration.queue_number)
        ).all()
        assert [personal.place(one) for one in waiting] == list(range(1, len(waiting) + 1))
        assert len(waiting) == 3


@pytest.mark.parametrize("by", ["transfer", "wish", "erasure"])
def test_a_move_that_promises_no_letter_owes_none(institute: Institute, by: str) -> None:
    institute.write(
        f"UPDATE registration_event SET by_whom = '{by}'"
        " WHERE registration_id = {h_c} AND to_state = 'withdrawn'",
        "DELETE FROM letter WHERE about = 'registration:{h_c}' AND kind = 'registration_withdrawn'",
    )
    assert institute.problems() == []


# ---------------------------------------------------------------- where a hand was at work

OF_A = "registration_id = {h_a}"
ABOUT_A = "about = 'registration:{h_a}'"
LETTER = (
    "kind, about, recipient, language, context, written_at, state, due_at, claimed_by, attempts,"
    " last_error, is_unasked"
)
SEAT_FOUR = "INSERT INTO seat (batch_id, number, taken) VALUES ({here}, 4, true)"
WISH = "INSERT INTO wish (id, made_at) VALUES (9, '2026-01-01 00:00:00.000000')"

# name: (what the hand writes, what the audit says)
WRONG: dict[str, tuple[list[str], list[str]]] = {
    "a seat is taken by nobody": (
        [SEAT_FOUR],
        ["batch {here}: seat 4 is taken by nobody"],
    ),
    "somebody is enrolled without a seat": (
        [
            "UPDATE registration SET seat_number = NULL WHERE id = {h_a}",
            "DELETE FROM seat WHERE batch_id = {here} AND number = 1",
        ],
        ["registration {h_a}: confirmed and its seat do not agree"],
    ),
    "somebody waits on a seat": (
        [SEAT_FOUR, "UPDATE registration SET seat_number = 4 WHERE id = {h_f}"],
        ["registration {h_f}: waitlisted and its seat do not agree"],
    ),
    "a held seat is free": (
        ["UPDATE seat SET taken = false WHERE batch_id = {here} AND number = 1"],
        ["registration {h_a}: confirmed and its seat do not agree"],
    ),
    "a held seat does not exist": (
        ["DELETE FROM seat WHERE batch_id = {here} AND number = 1"],
        ["registration {h_a}: confirmed and its seat do not agree"],
    ),
    "one address is registered twice": (
        ["UPDATE registration SET email = 'a@example.org' WHERE id = {h_f}"],
        ["batch {here}: one address is registered 2 times"],
    ),
    "two hold one seat": (
        [
            "UPDATE seat SET taken = false WHERE batch_id = {here} AND number ="
            " (SELECT seat_number FROM registration WHERE id = {h_w})",
            "UPDATE registration SET seat_number = 1 WHERE id = {h_w}",
        ],
        ["batch {here}: seat 1 is held twice"],
    ),
    "two have one number": (
        [
            "UPDATE registration SET queue_number ="
            " (SELECT queue_number FROM registration WHERE id = {h_a}) WHERE id = {h_b}",
            "UPDATE registration SET queue_number = 7001 WHERE id IN ({t_a}, {t_b})",
        ],
        [
            "batch {here}: queue number {number_of_h_a} is drawn 2 times",
            "batch {there}: queue number 7001 is drawn 2 times",
        ],
    ),
    "two who wait have one place": (
        ["UPDATE registration SET queue_number = 7001 WHERE id IN ({h_f}, {h_u})"],
        [
            "batch {here}: queue number 7001 is drawn 2 times",
            "batch {here}: nobody has place 3 on the waitlist",
        ],
    ),
    "a number is not positive": (
        ["UPDATE registration SET queue_number = 0 WHERE id = {h_a}"],
        ["registration {h_a}: queue number 0 is no place in a queue"],
    ),
    "a group is in two batches": (
        [
            "INSERT INTO registration_group (id, batch_id) VALUES (9, {there})",
            "UPDATE registration SET group_id = 9 WHERE id IN ({h_f}, {h_b}, {t_f})",
        ],
        ["registration {h_f}: its group 9 is in another batch"],
    ),
    "a wish came true and waits on": (
        [WISH, "UPDATE registration SET wish_id = 9 WHERE id IN ({h_e}, {t_e}, {t_c})"],
        ["registration {t_e}: waits, though its wish 9 came true"],
    ),
    "a place replaces somebody else's": (
        ["UPDATE registration SET replaces_id = {t_b} WHERE id = {h_f}"],
        ["registration {h_f}: registration {t_b}, which it replaces, is somebody else's"],
    ),
    "a place replaces one that lives on": (
        ["UPDATE registration SET replaces_id = {t_a} WHERE id = {h_a}"],
        ["registration {h_a}: registration {t_a}, which it replaces, has not ended"],
    ),
    "a history has lost its beginning": (
        [
            f"DELETE FROM registration_event WHERE {OF_A} AND from_state IS NULL",
            f"DELETE FROM letter WHERE {ABOUT_A} AND kind = 'registration_held'",
        ],
        ["registration {h_a}: its history jumps from nothing over pending to confirmed"],
    ),
    "a history has lost its end": (
        [
            f"DELETE FROM registration_event WHERE {OF_A} AND to_state = 'confirmed'",
            f"DELETE FROM letter WHERE {ABOUT_A} AND kind = 'registration_confirmed'",
        ],
        ["registration {h_a}: confirmed, but its history ends in pending"],
    ),
    "somebody has no history": (
        [f"DELETE FROM registration_event WHERE {OF_A}", f"DELETE FROM letter WHERE {ABOUT_A}"],
        ["registration {h_a}: has no history"],
    ),
    "an offer went past the first in line": (
        ["UPDATE registration SET queue_number = 7001 WHERE id = {h_w}"],
        ["registration {h_w} was offered a seat before registration {h_d}, who came first"],
    ),
    "a newcomer went past everybody": (
        [
            SEAT_FOUR,
            "UPDATE registration SET state = 'pending', seat_number = 4 WHERE id = {h_u}",
            "UPDATE registration_event SET to_state = 'pending' WHERE registration_id = {h_u}",
            "UPDATE letter SET kind = 'registration_held' WHERE about = 'registration:{h_u}'",
        ],
        ["registration {h_u} came new and got a seat before registration {h_d}, who waited for it"],
    ),
    "a letter was not written": (
        [f"DELETE FROM letter WHERE {ABOUT_A} AND kind = 'registration_held'"],
        ["registration:{h_a}: registration_held: 1 not written"],
    ),
    "a letter was written twice": (
        [
            f"INSERT INTO letter (dedupe_key, message_id, {LETTER})"
            f" SELECT 'x', 'x', {LETTER} FROM letter WHERE {ABOUT_A} AND kind = 'registration_held'"
        ],
        ["registration:{h_a}: registration_held: 1 too many"],
    ),
    "a letter speaks of nobody": (
        ["UPDATE letter SET about = 'registration:7001' WHERE " + ABOUT_A.replace("h_a", "h_u")],
        [
            "registration:7001: registration_waitlisted: 1 too many",
            "registration:{h_u}: registration_waitlisted: 1 not written",
        ],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_hand_wrote_is_found_and_nothing_else(institute: Institute, name: str) -> None:
    statements, sentences = WRONG[name]
    number = make.read(institute.ids["h_a"]).queue_number
    institute.write(*statements)
    told = [one.format(**institute.ids, number_of_h_a=number) for one in sentences]
    assert sorted(institute.problems()) == sorted(told)


def test_a_free_seat_while_somebody_waits_is_found(institute: Institute) -> None:
    """Not at once: a claim rolled back by a crash is swept up by the worker."""
    institute.write(SEAT_FOUR.replace("true", "false"))
    assert institute.problems() == []
    assert institute.problems(timedelta(minutes=1)) == [
        f"batch {institute.here.code}: a seat is free while a confirmed person waits"
    ]


def test_two_offers_of_one_wish_are_found(institute: Institute) -> None:
    """d has an open offer there; here a seat frees, and d, who rests, is first again."""
    institute._press(answering.withdraw, "h_a")
    assert make.read(institute.ids["h_d"]).state is State.OFFERED
    institute.write(WISH, "UPDATE registration SET wish_id = 9 WHERE id IN ({h_d}, {t_d})")
    assert institute.problems() == ["wish 9: 2 seats are offered at once"]


def test_what_has_been_erased_is_not_compared(institute: Institute) -> None:
    institute.write(
        "UPDATE registration SET replaces_id = {t_b} WHERE id = {h_f}",
        "UPDATE registration SET erased_at = created_at WHERE id = {t_b}",
    )
    assert institute.problems() == []


def test_the_command_prints_the_list_and_exits_2(
    institute: Institute, database_url: str, instance: Path
) -> None:
    assert command(database_url, instance, "audit").returncode == 0
    institute.write(*WRONG["a held seat is free"][0])
    done = command(database_url, instance, "audit")
    assert done.returncode == 2
    assert f"registration {institute.ids['h_a']}: confirmed and its seat" in done.stderr
