"""The people of one batch as staff look through them: filtered, found, sorted, a page at a time.

Pages go on from the key of the last row, so nobody is shown twice or missed because others came
meanwhile. Whatever is asked, an index on the batch leads to its rows and nobody else's are read;
within the batch a search is LIKE over `sought` of those rows, which is some milliseconds for 10 000.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.db import db
from enroll.mail.models import Letter
from enroll.registrations.models import Registration, RegistrationGroup
from enroll.registrations.ordering import Sort, bounds_of, in_order, is_beyond, key_columns, key_of
from enroll.registrations.sought import has_parts
from enroll.registrations.states import LIVE, State

AT_ONCE = 50
_ABOUT = "registration:"


class Waits(StrEnum):
    """What somebody waits for."""

    DECISION = "decision"
    ADDRESS = "address"
    ANSWER = "answer"
    SEAT = "seat"


@dataclass(frozen=True)
class Wanted:
    """Whom to show; what is left out asks for nothing."""

    states: frozenset[State] = frozenset(State)
    is_confirmed: bool | None = None
    waits: Waits | None = None
    has_failed_letters: bool = False
    since: datetime | None = None
    is_grouped: bool | None = None
    group_id: int | None = None
    parts: tuple[str, ...] = ()

    @property
    def is_by_state_only(self) -> bool:
        """Do the counts per state tell already how many these are?"""
        return self == Wanted(states=self.states)


class Page(NamedTuple):
    """So many people, and the keys from which the pages before and after go on."""

    people: list[Registration]
    before: str
    after: str


def page(
    batch_id: int, wanted: Wanted, sort: Sort, *, after: str = "", before: str = ""
) -> Page | None:
    """One page after (or before) a key that an earlier page gave; `None` for a key that is none."""
    key = key_columns(sort)
    is_back = bool(before and not after)
    query = sa.select(Registration).where(*_is_wanted(batch_id, wanted))
    if after or before:
        bounds = bounds_of(batch_id, sort, after or before)
        if bounds is None:
            return None
        query = query.where(is_beyond(key, bounds, falls=sort is Sort.LATEST, is_back=is_back))
    query = query.order_by(*in_order(key, falls=(sort is Sort.LATEST) is not is_back))
    people = list(db.session.scalars(query.limit(AT_ONCE + 1)))
    is_more = len(people) > AT_ONCE
    people = people[:AT_ONCE]
    if is_back:
        people.reverse()
    if not people:
        return Page([], "", "")
    has_earlier = is_more if is_back else bool(after)
    has_later = is_back or is_more
    return Page(
        people,
        key_of(people[0], sort) if has_earlier else "",
        key_of(people[-1], sort) if has_later else "",
    )


def count(batch_id: int, wanted: Wanted) -> int:
    """How many are wanted, on all pages."""
    query = sa.select(sa.func.count()).where(*_is_wanted(batch_id, wanted))
    return db.session.scalar(query.select_from(Registration)) or 0


def numbers(batch_id: int, wanted: Wanted, *, most: int) -> list[int]:
    """The ids of those who are wanted, in the order they came; so many at the most."""
    query = sa.select(Registration.id).where(*_is_wanted(batch_id, wanted))
    return list(db.session.scalars(query.order_by(Registration.queue_number).limit(most)))


def everybody(batch_id: int, wanted: Wanted, *, at_once: int = 1000) -> Iterator[Registration]:
    """All people of this kind, in the order of arrival, so many in memory at a time."""
    last = -1
    query = sa.select(Registration).where(*_is_wanted(batch_id, wanted))
    while True:
        some = db.session.scalars(
            query.where(Registration.queue_number > last)
            .order_by(Registration.queue_number)
            .limit(at_once)
        ).all()
        yield from some
        if len(some) < at_once:
            return
        last = some[-1].queue_number
        for one in some:
            db.session.expunge(one)


def found(batch_id: int, ids: Collection[int]) -> list[Registration]:
    """These people, if they are of this batch, in the order they came."""
    query = sa.select(Registration).where(
        Registration.batch_id == batch_id, Registration.id.in_(ids)
    )
    return list(db.session.scalars(query.order_by(Registration.queue_number)))


def counts(batch_id: int) -> Counter[State]:
    """How many stand in each state."""
    rows = db.session.execute(
        sa.select(Registration.state, sa.func.count())
        .where(Registration.batch_id == batch_id)
        .group_by(Registration.state)
    )
    return Counter({row[0]: row[1] for row in rows})


def places(batch_id: int, people: Sequence[Registration]) -> dict[int, int]:
    """The place in the queue of those of them who wait, counted from 1 as everybody reads it."""
    waiting = {one.queue_number: one.id for one in people if one.state is State.WAITLISTED}
    line = (
        sa.select(
            Registration.queue_number,
            sa.func.row_number().over(order_by=Registration.queue_number).label("place"),
        )
        .where(Registration.batch_id == batch_id, Registration.state == State.WAITLISTED)
        .subquery()
    )
    rows = db.session.execute(sa.select(line).where(line.c.queue_number.in_(waiting)))
    return {waiting[row.queue_number]: row.place for row in rows}


def with_failed_letters(people: Sequence[Registration]) -> set[int]:
    """Who of them was not reached by some letter."""
    told = [f"{_ABOUT}{one.id}" for one in people]
    rows = db.session.scalars(sa.select(Letter.about).where(Letter.about.in_(told), _failed()))
    return {int(about.removeprefix(_ABOUT)) for about in rows}


def questioned(batch_id: int, *, most: int) -> list[Registration]:
    """Who was rejected, has asked why, and is not here again; the first to ask on top."""
    again = aliased(Registration)
    is_here = sa.exists().where(
        again.batch_id == batch_id, again.email == Registration.email, again.state.in_(LIVE)
    )
    query = sa.select(Registration).where(
        Registration.batch_id == batch_id,
        Registration.state == State.REJECTED,
        Registration.question != "",
        ~is_here,
    )
    return list(db.session.scalars(query.order_by(Registration.questioned_at).limit(most)))


def group_numbers(batch_id: int, group_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """The number of each group within its batch, and how many live people it has."""
    line = (
        sa.select(
            RegistrationGroup.id,
            sa.func.row_number().over(order_by=RegistrationGroup.id).label("number"),
        )
        .where(RegistrationGroup.batch_id == batch_id)
        .subquery()
    )
    mates = sa.select(sa.func.count()).where(
        Registration.group_id == line.c.id, Registration.state.in_(LIVE)
    )
    query = sa.select(line.c.id, line.c.number, mates.scalar_subquery().label("size"))
    rows = db.session.execute(query.where(line.c.id.in_(group_ids)))
    return {row.id: (row.number, row.size) for row in rows}


# ---------------------------------------------------------------- whom


def _is_wanted(batch_id: int, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    one = Registration
    asked: list[sa.ColumnElement[bool]] = [one.batch_id == batch_id]
    if wanted.states != frozenset(State):
        asked.append(one.state.in_(sorted(wanted.states)))
    if wanted.is_confirmed is not None:
        is_known = one.address_confirmed_at.is_not(None)
        asked.append(is_known if wanted.is_confirmed else ~is_known)
    if wanted.waits is not None:
        asked.append(_waits_for(wanted.waits))
    if wanted.has_failed_letters:
        number = sa.cast(sa.func.substr(Letter.about, len(_ABOUT) + 1), sa.Integer)
        # A word that is no number must not be cast, whatever order the database checks in.
        safe = sa.case((Letter.about.startswith(_ABOUT), number), else_=None)
        asked.append(one.id.in_(sa.select(safe).where(_failed(), safe.is_not(None))))
    if wanted.since is not None:
        asked.append(one.created_at >= wanted.since)
    if wanted.is_grouped is not None:
        is_in_one = one.group_id.is_not(None)
        asked.append(is_in_one if wanted.is_grouped else ~is_in_one)
    if wanted.group_id is not None:
        asked.append(one.group_id == wanted.group_id)
    if wanted.parts:
        asked.append(has_parts(one.sought, list(wanted.parts)))
    return asked


def _waits_for(what: Waits) -> sa.ColumnElement[bool]:
    one = Registration
    known = one.address_confirmed_at.is_not(None)
    if what is Waits.DECISION:
        return one.state == State.APPLIED
    if what is Waits.ANSWER:
        return one.state == State.OFFERED
    if what is Waits.SEAT:
        return sa.and_(one.state == State.WAITLISTED, known)
    return sa.and_(one.state.in_((State.PENDING, State.WAITLISTED, State.APPLIED)), ~known)


def _failed() -> sa.ColumnElement[bool]:
    """Written out, not filled in: only so do planners see that the small index of these will do."""
    return sa.literal_column("letter.state IN ('failed', 'unknown')")
