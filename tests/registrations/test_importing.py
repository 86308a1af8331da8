"""Lists of people: read kindly, foreseen exactly, brought in once each, however often the worker dies."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.batches.models import Batch, BatchSession
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.mail.states import LetterState
from enroll.registrations import erasing, import_fates, importing
from enroll.registrations.import_rows import RosterImport, RosterImportRow
from enroll.registrations.import_states import Fate, ImportState
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from enroll.registrations.tables import MOST_ROWS, Line, Unreadable, read_table
from tests import make
from tests.accounts.people import colleague
from tests.journeys.walking import until
from tests.serving import Worker, command

WORDS = "2026-11/18"
TABLE = (
    "Full Name;E-mail ID;Mobile number\n"
    "Asha Vérma;asha@example.org;+91 98765 43210\n\nBilal;b@example.org;\n"
)


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.encode("cp1252"),
        TABLE.replace(";", ",").encode(),
        TABLE.replace(";", "\t").replace("\n", "\r\n").encode(),
    ],
)
def test_reads_what_spreadsheets_save(data: bytes) -> None:
    asha, bilal = read_table(data)
    assert (asha.number, asha.name, asha.email, asha.phone) == (
        2, "Asha Vérma", "asha@example.org", "+91 98765 43210")
    assert (bilal.name, bilal.phone, bilal.message) == ("Bilal", "", "")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"name,email\n\n,\n", "empty"),
        (b"\x00\x01\x02", "text"),
        (b"\xff\xfe\x00", "text"),
        (b"first,last\na,b\n", "headings"),
        (b"name,email\n" + b"a,a@b.cd\n" * (MOST_ROWS + 1), "rows"),
        (b"x" * 6_000_000, "long"),
        (b'name,email\n"' + b"a" * 200_000 + b'",b\n', "text"),
    ],
)
def test_says_what_it_cannot_read(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read_table(data)
    assert refusal.value.why == why


def test_hidden_characters_and_guards_are_taken_off() -> None:
    (one,) = read_table("name,email,phone\n\u202eAsha\x07,a@example.org,'+911234567\n".encode())
    assert (one.name, one.phone) == ("Asha", "+911234567")


# ---------------------------------------------------------------- in the database


def _bring(batch: Batch, people: list[tuple[str, str]], now: datetime, key: str = "k" * 20) -> int:
    lines = [Line(number, name, email, "", "", "")
             for number, (name, email) in enumerate(people, start=2)]
    made = atomically(importing.bring, batch_id=batch.id, key=key, filename="people.csv",
                      lines=lines, by_id=colleague(email=f"{key[:5]}@staff.example"), now=now)
    return made.id


def _run(batch: Batch, number: int, now: datetime, *, is_told: bool = True) -> None:
    atomically(importing.start, import_id=number, word="On paper.", is_told=is_told, now=now)
    while importing.running() is not None:
        atomically(importing.work_on, import_id=number, batch_id=batch.id, consent_version=WORDS,
                   now=now)
        db.session.rollback()


def _foreseen(number: int, now: datetime) -> list[Fate]:
    db.session.rollback()
    db.session.expire_all()
    made = db.session.get_one(RosterImport, number)
    return [one.fate for one in import_fates.foresee(made, now)]


def _done(number: int) -> list[Fate]:
    db.session.rollback()
    rows = sa.select(RosterImportRow.why).where(RosterImportRow.import_id == number)
    return [Fate(why) for why in db.session.scalars(rows.order_by(RosterImportRow.number))]


def _seated(batch: Batch) -> int:
    db.session.rollback()
    seated = sa.select(sa.func.count()).where(
        Registration.batch_id == batch.id, Registration.seat_number.is_not(None))
    return db.session.scalar(seated) or 0


MANY = [
    ("Asha", "asha@example.org"),
    ("Asha again", "ASHA@example.org"),
    ("", "nameless@example.org"),
    ("1234", "digits@example.org"),
    ("No address", ""),
    ("Bad address", "not an address"),
    ("Here already", "person@example.org"),
    ("Bilal", "bilal@example.org"),
    ("Chen", "chen@example.org"),
    ("Dee", "dee@example.org"),
]


def test_what_is_foreseen_is_what_happens(app: Flask, now: datetime) -> None:
    batch = make.batch(capacity=3, waitlist_limit=1)
    make.registration(batch, "person@example.org", confirmed=True)
    number = _bring(batch, MANY, now)
    foreseen = _foreseen(number, now)
    assert foreseen == [
        Fate.ENROLLED, Fate.TWICE, Fate.NO_NAME, Fate.NO_NAME, Fate.NO_ADDRESS, Fate.NO_ADDRESS,
        Fate.HERE, Fate.ENROLLED, Fate.WAITS, Fate.LIST_FULL]
    _run(batch, number, now)
    assert _done(number) == foreseen == _foreseen(number, now)
    assert _seated(batch) == 3
    states = make.states(batch)
    assert states["chen@example.org"] is State.WAITLISTED
    kinds = Counter(db.session.scalars(sa.select(Letter.kind)))
    assert kinds["registration_confirmed"] == 3
    assert kinds["registration_waitlisted"] == 1


def test_foreseen_and_done_agree_over_random_lists(app: Flask, now: datetime) -> None:
    dice = random.Random(7)  # noqa: S311
    for turn in range(6):
        batch = make.batch(capacity=dice.randrange(5), waitlist_limit=dice.choice([None, 0, 2]))
        for one in range(dice.randrange(3)):
            make.registration(batch, f"p{one}@example.org", confirmed=dice.random() < 0.7)
        people = [(dice.choice(["Asha", "", "Bo"]), f"p{dice.randrange(8)}@example.org")
                  for _ in range(12)]
        number = _bring(batch, people, now, key=f"{turn}" * 20)
        foreseen = _foreseen(number, now)
        _run(batch, number, now)
        assert _done(number) == foreseen


def test_who_is_elsewhere_at_that_time_is_left_out(app: Flask, now: datetime) -> None:
    at = now + timedelta(days=40)
    here, there = make.batch(capacity=5, refuses_overlap=True), make.batch(capacity=5)

    def give_sessions() -> None:
        for batch in (here, there):
            db.session.add(BatchSession(batch_id=batch.id, starts_at=at,
                                        ends_at=at + timedelta(hours=1)))

    atomically(give_sessions)
    make.registration(there, "asha@example.org", confirmed=True)
    number = _bring(here, [("Asha", "asha@example.org"), ("Bo", "bo@example.org")], now)
    assert _foreseen(number, now) == [Fate.CLASH, Fate.ENROLLED]
    _run(here, number, now)
    assert _done(number) == [Fate.CLASH, Fate.ENROLLED]
    assert _seated(here) == 1


def test_without_letters_nobody_is_written_to(app: Flask, now: datetime) -> None:
    batch = make.batch(capacity=1)
    number = _bring(batch, [("Asha", "asha@example.org"), ("Bo", "bo@example.org")], now)
    _run(batch, number, now, is_told=False)
    db.session.rollback()
    assert set(db.session.scalars(sa.select(Letter.state))) == {LetterState.SUPPRESSED}
    # Who was imported silently hears of all that comes later.
    one = db.session.scalars(sa.select(Registration).order_by(Registration.id)).first()
    assert one.address_confirmed_at is not None


def test_the_same_form_twice_is_one_list_and_one_start(app: Flask, now: datetime) -> None:
    batch = make.batch(capacity=1)
    people = [("Asha", "asha@example.org")]
    lines = [Line(2, *people[0], "", "", "")]
    staff = colleague()
    made = [atomically(importing.bring, batch_id=batch.id, key="k" * 20, filename="x", lines=lines,
                       by_id=staff, now=now) for _ in range(2)]
    assert made[0].id == made[1].id
    told = {"import_id": made[0].id, "word": "w", "is_told": True, "now": now}
    assert atomically(importing.start, **told)
    assert not atomically(importing.start, **told)
    assert atomically(importing.stop, import_id=made[0].id, now=now)
    assert not atomically(importing.stop, import_id=made[0].id, now=now)
    assert atomically(importing.start, **told)  # it goes on
    _run(batch, made[0].id, now)
    for verb in (importing.stop, importing.start):
        with pytest.raises(importing.NotSo):
            atomically(verb, **(told if verb is importing.start else
                                {"import_id": made[0].id, "now": now}))


def test_what_was_kept_for_a_month_is_emptied_and_erasing_empties_too(
    app: Flask, now: datetime
) -> None:
    batch = make.batch(capacity=5)
    number = _bring(batch, [("Asha", "Asha@Example.org"), ("", "left@example.org")], now)
    _run(batch, number, now)

    def kept() -> list[str]:
        db.session.rollback()
        return list(db.session.scalars(
            sa.select(RosterImportRow.email).order_by(RosterImportRow.number)))

    one = db.session.scalars(sa.select(Registration)).one()
    atomically(erasing.erase, registration_id=one.id, by="student", now=now)
    assert kept() == ["", "left@example.org"]
    assert atomically(importing.empty_old, now=now + timedelta(days=29)) == 0
    assert atomically(importing.empty_old, now=now + timedelta(days=31)) == 1
    assert kept() == ["", ""]


@pytest.mark.storm
def test_a_killed_worker_leaves_whole_rows_and_another_goes_on(
    app: Flask, database_url: str, instance: Path, now: datetime
) -> None:
    """Every row once, nobody overbooked, while people register beside it."""
    batch = make.batch(capacity=150)
    people = [(f"Person {n}", f"import{n}@example.org") for n in range(300)]
    number = _bring(batch, people, now)
    atomically(importing.start, import_id=number, word="w", is_told=True, now=datetime.now(UTC))

    def decided() -> int:
        db.session.rollback()
        return db.session.scalar(sa.select(sa.func.count()).where(
            RosterImportRow.import_id == number, RosterImportRow.why != "")) or 0

    for beyond in (0, 100):
        with Worker(database_url, instance) as worker:
            until(lambda: decided() > beyond or None, f"more than {beyond} rows")  # noqa: B023
            worker.kill()
        assert decided() % importing.AT_ONCE == 0
        make.registration(batch, confirmed=True)
    with Worker(database_url, instance):
        until(lambda: decided() == 300 or None, "all rows")
    until(lambda: _state(number) is ImportState.DONE or None, "the end")
    assert Counter(_done(number))[Fate.ENROLLED] + Counter(_done(number))[Fate.WAITS] == 300
    assert _seated(batch) == 150
    db.session.rollback()
    emails = db.session.scalars(sa.select(Registration.email)).all()
    assert len(emails) == len(set(emails)) == 302
    audit = command(database_url, instance, "audit")
    assert audit.returncode == 0, audit.stderr


def _state(number: int) -> ImportState:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(RosterImport, number).state
