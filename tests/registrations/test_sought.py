"""Finding people by any part of what they gave, in any script; and the line they are found by."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.db import atomically, db
from enroll.registrations import arriving, erasing, roster
from enroll.registrations.models import Registration
from enroll.registrations.people import find_people
from enroll.registrations.roster import Sort, Wanted
from enroll.registrations.sought import digits, folded, wanted_parts
from tests import make

PEOPLE = {
    "jose@example.org": ("José Müller", "+91 98765 43210"),
    "ivan@example.org": ("Иван ПЕТРОВ", "+7 (495) 123-45-67"),
    "wang@example.org": ("王芳", ""),
    "zoe@example.org": ("Ζωή Παπαδοπούλου", "+30 21 0123 4567"),
    "a_b@example.org": ("100% Sure", "+49 30 1234567"),
    "asha@example.org": ("आशा वर्मा", "+91 ९८७६५ ०००००"),
}


@pytest.fixture
def batch(app: Flask, now: datetime) -> make.Batch:
    batch = make.batch(20)
    for email, (name, phone) in PEOPLE.items():
        applicant = make.applicant(email, name=name, phone=phone)
        atomically(arriving.register, batch_id=batch.id, applicant=applicant, now=now)
    return batch


def found(batch: make.Batch, typed: str) -> list[str]:
    page = roster.page(batch.id, Wanted(parts=tuple(wanted_parts(typed))), Sort.ARRIVAL)
    everywhere, _more = find_people(wanted_parts(typed))
    here = [one.email.partition("@")[0] for one in page.people]
    assert sorted(here) == sorted(one.latest.email.partition("@")[0] for one in everywhere)
    return here


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("jose", "jose"),
        ("JOSÉ mull", "jose"),
        ("mull jos", "jose"),
        ("петров", "ivan"),
        ("тРоВ", "ivan"),
        ("王芳", "wang"),
        ("παπαδ", "zoe"),
        ("ΖΩΗ", "zoe"),
        ("आशा", "asha"),
        ("98765 43210", "jose"),
        ("098765-43210", "jose"),
        ("(495) 123", "ivan"),
        ("951234", "ivan"),
        ("9876500000", "asha"),
        ("0%", "a_b"),
        ("a_b", "a_b"),
        ("ivan@", "ivan"),
        ("ng@example", "wang"),
    ],
)
def test_any_part_finds(batch: make.Batch, typed: str, who: str) -> None:
    assert found(batch, typed) == [who]


@pytest.mark.parametrize("typed", ["asha ivan", "müllerjose", "a%b", "xx", "\\_"])
def test_what_is_nowhere_finds_nobody(batch: make.Batch, typed: str) -> None:
    assert found(batch, typed) == []


@pytest.mark.parametrize("typed", ["", " ", "a", "7", "-", " é "])
def test_less_than_two_characters_are_no_question(typed: str) -> None:
    assert wanted_parts(typed) == []


def test_digits_are_digits_in_every_script() -> None:
    assert digits("+91 ९८७-٤٥") == "9198745"
    assert digits("½²") == ""
    assert folded("ＡＢＣ ﬁ ẞ") == "abc fi ss"


def test_who_is_corrected_or_erased_is_found_by_what_stands_there_now(
    batch: make.Batch, now: datetime
) -> None:
    def correct() -> None:
        one = db.session.scalars(
            sa.select(Registration).where(Registration.email == "jose@example.org")
        ).one()
        one.name, one.phone = "Josefa Meier", ""

    atomically(correct)
    assert found(batch, "meier") == ["jose"]
    assert found(batch, "müller") == []
    assert found(batch, "98765 43210") == []
    who = db.session.scalar(
        sa.select(Registration.id).where(Registration.email == "jose@example.org")
    )
    atomically(erasing.erase, registration_id=who, by="student", now=now)
    assert found(batch, "meier") == []
    assert "meier" not in db.session.scalar(
        sa.select(Registration.sought).where(Registration.id == who)
    )


def test_a_person_is_an_address_and_the_latest_comes_first(app: Flask) -> None:
    first, second = make.batch(1), make.batch(1)
    for batch, email in ((first, "old@x.org"), (first, "new@x.org"), (second, "old@x.org")):
        make.registration(batch, email)
    people, more = find_people(["x.org"])
    assert [one.latest.email for one in people] == ["old@x.org", "new@x.org"]
    assert [one.batch_id for one in people[0].registrations] == [second.id, first.id]
    assert not more
