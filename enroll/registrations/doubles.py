"""Who may be somebody who is registered here already: same telephone, same mailbox, nearly the same name."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa
from rapidfuzz import process
from rapidfuzz.distance import Indel

from enroll.db import db
from enroll.registrations.models import Registration, live

# Of a number, its last digits: with or without the country's code it is the same telephone.
TELLING_DIGITS = 9
FEWEST_DIGITS = 5
NEAR = 0.87  # one letter of ten written otherwise; so Asha and Usha are near too: staff decide
SHORTEST_NAME = 5
# Mailboxes of these are the same with and without dots (support.google.com/mail/answer/7436150).
DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


class Likeness(StrEnum):
    """What two registrations have in common."""

    MAILBOX = "mailbox"
    PHONE = "phone"
    NAME = "name"


class Someone(NamedTuple):
    """What is compared: folded, so that equal texts mean the same thing."""

    id: int
    mailbox: str
    phone: str
    name: str


class Double(NamedTuple):
    """Another registration of the batch that may be the same person, and what makes us think so."""

    id: int
    likenesses: tuple[Likeness, ...]


def possible_doubles(registration_ids: Collection[int]) -> dict[int, list[Double]]:
    """For each of these its possible doubles among the live people of its batch: two queries.

    Those without any are absent. Says nothing for certain: siblings share telephones too.
    """
    chosen = _people(Registration.id.in_(registration_ids), Registration.erased_at.is_(None))
    crowd = _people(Registration.batch_id.in_(chosen.keys()), live)
    return {
        one.id: found
        for batch_id, people in chosen.items()
        for one, found in _alike(people, crowd.get(batch_id, []))
        if found
    }


def doubles_of(*, batch_id: int, name: str, phone: str, email: str) -> list[Double]:
    """Whom somebody may be who is about to be registered by hand: among the live people here."""
    someone = Someone(0, fold_mailbox(email), fold_phone(phone), fold_name(name))
    crowd = _people(Registration.batch_id == batch_id, live).get(batch_id, [])
    return next(found for _one, found in _alike([someone], crowd))


def _people(*which: sa.ColumnElement[bool] | sa.TextClause) -> dict[int, list[Someone]]:
    """These people by batch."""
    rows = db.session.execute(
        sa.select(
            Registration.batch_id,
            Registration.id,
            Registration.address.label("address"),
            Registration.phone,
            Registration.name,
        )
        .where(*which)
        .order_by(Registration.id)
    )
    found: dict[int, list[Someone]] = defaultdict(list)
    for row in rows:
        one = Someone(row.id, fold_mailbox(row.address), fold_phone(row.phone), fold_name(row.name))
        found[row.batch_id].append(one)
    return found


# ---------------------------------------------------------------- comparing


def _alike(
    people: Iterable[Someone], crowd: Collection[Someone]
) -> Iterator[tuple[Someone, list[Double]]]:
    """Each of the people with whom of the crowd they may be."""
    by_mailbox, by_phone = defaultdict(list), defaultdict(list)
    for other in crowd:
        by_mailbox[other.mailbox].append(other.id)
        by_phone[other.phone].append(other.id)
    names = {other.id: other.name for other in crowd}
    for one in people:
        found: dict[int, list[Likeness]] = defaultdict(list)
        for likeness, ids in (
            (Likeness.MAILBOX, by_mailbox[one.mailbox] if one.mailbox else []),
            (Likeness.PHONE, by_phone[one.phone] if one.phone else []),
            (Likeness.NAME, _near(one.name, names)),
        ):
            for other_id in ids:
                if other_id != one.id:
                    found[other_id].append(likeness)
        yield one, [Double(other_id, tuple(found[other_id])) for other_id in sorted(found)]


def _near(name: str, names: dict[int, str]) -> list[int]:
    """Whose name is nearly this one."""
    if len(name) < SHORTEST_NAME:
        return [other_id for other_id, other in names.items() if name and other == name]
    ratio = Indel.normalized_similarity
    near = process.extract(name, names, scorer=ratio, score_cutoff=NEAR, limit=None)
    return [found[2] for found in near]


def fold_mailbox(address: str) -> str:
    """The mailbox behind an address: without what stands after a plus, and dots where they say nothing."""
    local, _at, domain = address.lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in DOTLESS:
        local, domain = local.replace(".", ""), DOTLESS[domain]
    return f"{local}@{domain}" if local else ""


def fold_phone(phone: str) -> str:
    """The digits that tell one telephone from another; empty where they are too few."""
    digits = "".join(str(unicodedata.digit(one)) for one in phone if one.isdigit())
    return digits[-TELLING_DIGITS:] if len(digits) >= FEWEST_DIGITS else ""


def fold_name(name: str) -> str:
    """The name without accents, case and order: Verma, Ásha is asha verma."""
    plain = "".join(
        one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one)
    )
    words = "".join(one if _is_of_a_word(one) else " " for one in plain.casefold()).split()
    return " ".join(sorted(words))


def _is_of_a_word(character: str) -> bool:
    """Letters, digits, and the vowel signs that Indian scripts write as marks."""
    return character.isalnum() or unicodedata.category(character).startswith("M")
