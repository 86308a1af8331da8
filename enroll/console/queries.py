"""What staff pages read across the subjects, in a number of queries that does not grow with people."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from enroll.accounts.models import Staff
from enroll.batches.models import Batch, Seat
from enroll.catalog.models import Version
from enroll.db import db
from enroll.mail.models import Letter
from enroll.registrations.acts import RosterAct, RosterResult
from enroll.registrations.letters import about
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.roster import group_numbers
from enroll.registrations.states import LIVE, State

LARGEST = 2**31 - 1  # of a number in the database


class Elsewhere(NamedTuple):
    """A live registration of the same person in another batch."""

    id: int
    code: str
    state: State


class Bonds(NamedTuple):
    """What binds people of one batch to others: by the id of the registration here."""

    groups: dict[int, tuple[int, int]]  # number on this page, and how many live people
    wishes: dict[int, list[Elsewhere]]
    keeps: dict[int, list[Elsewhere]]  # given up as soon as this one is an enrolment
    moves: dict[int, list[Elsewhere]]  # waits there; this one is given up for it


def find_registration(number: int) -> Registration | None:
    """One registration with its batch."""
    if number > LARGEST:
        return None
    return db.session.scalar(
        sa.select(Registration)
        .options(joinedload(Registration.batch))
        .where(Registration.id == number)
    )


def is_here_again(one: Registration) -> bool:
    """Is the same person live in the same batch by another registration?"""
    again = sa.exists().where(
        Registration.batch_id == one.batch_id,
        Registration.email == one.email,
        Registration.id != one.id,
        Registration.state.in_(LIVE),
    )
    return bool(db.session.scalar(sa.select(again)))


def seats(batch_id: int) -> tuple[int, int]:
    """How many seats a batch has, and how many of them are taken."""
    counts = sa.select(sa.func.count(), sa.func.count().filter(Seat.taken))
    have, taken = db.session.execute(counts.where(Seat.batch_id == batch_id)).one()
    return have, taken


def count_live(batch_id: int) -> int:
    """How many people a letter to everybody in a batch reaches."""
    people = sa.select(sa.func.count()).select_from(Registration)
    live = people.where(Registration.batch_id == batch_id, Registration.state.in_(LIVE))
    return db.session.scalar(live) or 0


# ---------------------------------------------------------------- what belongs together


def bonds(batch_id: int, people: Sequence[Registration]) -> Bonds:
    """Groups, wishes and replaced places of these people of one batch: two queries."""
    found = Bonds(
        _groups(batch_id, people), defaultdict(list), defaultdict(list), defaultdict(list)
    )
    by_id, by_wish, by_replaced = {}, defaultdict(list), defaultdict(list)
    for row in db.session.execute(_bound(batch_id, people)):
        there = Elsewhere(row.id, row.code, row.state)
        by_id[there.id] = there
        by_wish[row.wish_id].append(there)
        by_replaced[row.replaces_id].append(there)
    for one in people:
        if not one.state.is_live:
            continue
        if one.replaces_id in by_id:
            found.keeps[one.id] = [by_id[one.replaces_id]]
        if one.id in by_replaced:
            found.moves[one.id] = by_replaced[one.id]
        if one.wish_id is not None:
            told = {there.id for there in found.keeps[one.id] + found.moves[one.id]}
            found.wishes[one.id] = [it for it in by_wish[one.wish_id] if it.id not in told]
    return found


def _groups(batch_id: int, people: Sequence[Registration]) -> dict[int, tuple[int, int]]:
    here = {
        one.id: one.group_id for one in people if one.group_id is not None and one.state.is_live
    }
    numbers = group_numbers(batch_id, set(here.values()))
    return {who: numbers[group] for who, group in here.items() if group in numbers}


def _bound(
    batch_id: int, people: Sequence[Registration]
) -> sa.Select[int, str, State, int | None, int | None]:
    """What is live elsewhere of these people's wishes and moves: each by its own index."""
    other = Registration
    ids = [one.id for one in people]
    wishes = {one.wish_id for one in people if one.wish_id is not None}
    replaced = {one.replaces_id for one in people if one.replaces_id is not None}
    which = sa.union(
        sa.select(other.id).where(other.wish_id.in_(wishes)),
        sa.select(other.id).where(other.id.in_(replaced)),
        sa.select(other.id).where(other.replaces_id.in_(ids)),
    )
    return (
        sa.select(other.id, Batch.code, other.state, other.wish_id, other.replaces_id)
        .join(Batch, Batch.id == other.batch_id)
        .where(other.batch_id != batch_id, other.state.in_(LIVE), other.id.in_(which))
        .order_by(Batch.starts_on, other.id)
    )


# ---------------------------------------------------------------- what many were told at once


class ResultRow(NamedTuple):
    """What became of one person by one press."""

    one: Registration
    why_not: str
    state: State


def find_act(batch_id: int, number: int) -> RosterAct | None:
    """One press for many people of this batch."""
    if number > LARGEST:
        return None
    return db.session.scalar(
        sa.select(RosterAct).where(RosterAct.id == number, RosterAct.batch_id == batch_id)
    )


def results_of(act: RosterAct) -> list[ResultRow]:
    """What became of each, in the order they came."""
    rows = db.session.execute(
        sa.select(Registration, RosterResult.why_not, RosterResult.state)
        .join(RosterResult, RosterResult.registration_id == Registration.id)
        .where(RosterResult.act_id == act.id)
        .order_by(Registration.queue_number)
    )
    return [ResultRow(row[0], row[1], State(row[2])) for row in rows]


# ---------------------------------------------------------------- one person's history


def letters_about(one: Registration) -> Sequence[sa.Row]:
    """The letters of one registration, first to last: never what stands in them."""
    columns = (
        Letter.id,
        Letter.dedupe_key,
        Letter.kind,
        Letter.state,
        Letter.written_at,
        Letter.due_at,
        Letter.sent_at,
        Letter.attempts,
        Letter.last_error,
    )
    return db.session.execute(
        sa.select(*columns).where(Letter.about == about(one.id)).order_by(Letter.id)
    ).all()


def without_others(text: str, own: str) -> str:
    """What a mail server said, without any address but the person's own."""
    return re.sub(
        r"[^\s<>\"',;:()]+@[^\s<>\"',;:()]+",
        lambda found: found[0] if found[0].lower() == own else "…@…",
        text,
    )


def colleagues(events: Iterable[RegistrationEvent | Version | RosterAct]) -> dict[str, str]:
    """The names of the staff behind these moves or versions, by how those call them."""
    return names_of_hands(event.by for event in events)


def names_of_hands(hands: Iterable[str]) -> dict[str, str]:
    """The names of the staff among these hands, such as `staff 3`."""
    numbers = {by.removeprefix("staff ") for by in hands if by.startswith("staff ")}
    ids = [int(number) for number in numbers if number.isdecimal() and int(number) <= LARGEST]
    rows = db.session.execute(sa.select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    return {f"staff {row.id}": row.name for row in rows}
