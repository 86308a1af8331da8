"""Possible doubles: what is folded, who is found, and in how many queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from enroll.db import atomically, db
from enroll.registrations import answering, arriving
from enroll.registrations.doubles import (
    Double,
    Likeness,
    doubles_of,
    fold_mailbox,
    fold_name,
    fold_phone,
    possible_doubles,
)
from tests import make
from tests.console.test_many_comments import sent
from tests.registrations import acting


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("asha+ml@example.org", "asha@example.org"),
        ("as.ha@gmail.com", "asha+x@googlemail.com"),
        ("ASHA@example.org", "asha@example.org"),
    ],
)
def test_one_mailbox(one: str, other: str) -> None:
    assert fold_mailbox(one) == fold_mailbox(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("as.ha@example.org", "asha@example.org"), ("asha@example.org", "asha@example.com"), ("", "a@b.c")],
)
def test_two_mailboxes(one: str, other: str) -> None:
    assert fold_mailbox(one) != fold_mailbox(other)


def test_a_telephone_in_any_spelling() -> None:
    assert fold_phone("+91 98765 43210") == fold_phone("098765-43210") == fold_phone("९८७६५ ४३२१०")
    assert fold_phone("") == fold_phone("123") == ""


@pytest.mark.parametrize(
    ("one", "other"), [("Verma, Ásha", "asha  VERMA"), ("José Núñez", "Jose Nunez"), ("आशा वर्मा", "वर्मा आशा")]
)
def test_one_name(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


def test_vowel_signs_tell_names_apart() -> None:
    assert fold_name("राम") != fold_name("रमा")


def person(batch: make.Batch, now: datetime, **changes: Any) -> int:
    found = atomically(arriving.register, batch_id=batch.id, applicant=make.applicant(**changes), now=now)
    assert found is not None
    return found


def test_who_is_found_and_by_what(app: Flask, now: datetime) -> None:
    batch, elsewhere = make.batch(9), make.batch(9)
    asha = person(batch, now, phone="+919876543210")
    plus = person(batch, now, email="asha+2@example.org", name="Zoe Quist")
    same = person(batch, now, email="zz@example.org", name="Li Na", phone="098765 43210")
    near = person(batch, now, email="b@example.org", name="Verma Ashaa")
    person(batch, now, email="c@example.org", name="Ravi Kumar", phone="+919876500000")
    gone = person(batch, now, email="d@example.org")
    acting.press(answering.withdraw, make.read(gone), now=now)
    person(elsewhere, now)
    db.session.rollback()
    assert possible_doubles([asha]) == {
        asha: [
            Double(plus, (Likeness.MAILBOX,)),
            Double(same, (Likeness.PHONE,)),
            Double(near, (Likeness.NAME,)),
        ]
    }
    found = doubles_of(batch_id=batch.id, name="Ravi Kumer", phone="", email="")
    assert [one.likenesses for one in found] == [(Likeness.NAME,)]
    assert doubles_of(batch_id=batch.id, name="Maya Iyer", phone="", email="m@example.org") == []


def test_short_names_must_be_the_same(app: Flask, now: datetime) -> None:
    batch = make.batch(9)
    first = person(batch, now, email="a@example.org", name="Li Na")
    person(batch, now, email="b@example.org", name="Li Ma")
    third = person(batch, now, email="c@example.org", name="na li")
    db.session.rollback()
    assert possible_doubles([first]) == {first: [Double(third, (Likeness.NAME,))]}


def test_two_queries_for_any_number_of_people(app: Flask, now: datetime) -> None:
    batch = make.batch(1)
    ids = [person(batch, now, email=f"p{n}@example.org") for n in range(12)]
    counts = set()
    for some in (ids[:1], ids):
        db.session.rollback()
        with sent() as found:
            assert len(possible_doubles(some)) == len(some)
        counts.add(sum(one.startswith("SELECT") for one, _filled in found))
    assert counts == {2}
    assert possible_doubles([]) == {}
