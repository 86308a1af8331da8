"""What needs a hand of staff now, about seats: read for the page they begin the day with."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.db import db
from enroll.mail.models import Letter, undelivered
from enroll.mail.outbox import ERASED
from enroll.mail.telephone import was_reached
from enroll.registrations.models import Registration
from enroll.registrations.states import State

SOON = timedelta(hours=24)
NEAR = timedelta(days=10)
LATELY = timedelta(days=30)  # what nobody has ticked by then is history
MOST = 20
# In the words of the index: a parameter would miss it.
_APPLIED = Registration.state == sa.literal(
    State.APPLIED, Registration.state.type, literal_execute=True
)


class Number(NamedTuple):
    """So many people of one batch, and what comes first of them."""

    code: str
    title: str
    number: int
    first_at: datetime


class Unsure(NamedTuple):
    """A batch that is to be decided soon and has fewer people than it needs."""

    code: str
    title: str
    enrolled: int
    minimum: int | None
    decide_on: date | None


class Unreached(NamedTuple):
    """A letter that did not arrive, and whom to telephone; without a person where it was not theirs."""

    letter_id: int
    kind: str
    about: str
    at: datetime
    error: str
    person: Registration | None


def applications() -> list[Number]:
    """Batches with applications to decide; only of confirmed addresses, the longest waiting first."""
    return _numbers(
        _APPLIED,
        Registration.address_confirmed_at.is_not(None),
        first=Registration.created_at,
    )


def rejections_questioned(now: datetime) -> list[Number]:
    """Batches, not begun yet, in which somebody asks about a rejection."""
    return _numbers(
        Registration.state == State.REJECTED,
        Registration.questioned_at.is_not(None),
        Batch.starts_on >= now.date(),
        first=Registration.questioned_at,
    )


def ending(now: datetime) -> list[Number]:
    """Batches with holds or offers that end within a day, the soonest first."""
    return _numbers(
        Registration.state.in_([State.PENDING, State.OFFERED]),
        Registration.deadline_at > now,
        Registration.deadline_at <= now + SOON,
        first=Registration.deadline_at,
    )


def unsure(now: datetime) -> list[Unsure]:
    """Tentative batches below their minimum whose decision is due within ten days, or overdue."""
    enrolled = sa.func.count(Registration.id)
    rows = db.session.execute(
        sa.select(Batch.code, Batch.title, enrolled, Batch.minimum, Batch.decide_on)
        .outerjoin(
            Registration,
            sa.and_(Registration.batch_id == Batch.id, Registration.state == State.CONFIRMED),
        )
        .where(
            Batch.state == BatchState.TENTATIVE,
            Batch.minimum.is_not(None),
            Batch.decide_on <= (now + NEAR).date(),
        )
        .group_by(Batch.id)
        .having(enrolled < Batch.minimum)
        .order_by(Batch.decide_on, Batch.code)
    )
    return [Unsure(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def unreached(now: datetime) -> list[Unreached]:
    """Letters of the last weeks that failed or came back, or of which nobody knows; the latest first.

    Without those whose readers were reached by telephone, and those whose data is deleted.
    """
    letters = db.session.scalars(
        sa.select(Letter)
        .where(
            undelivered,
            Letter.written_at > now - LATELY,
            Letter.recipient != ERASED,
            ~was_reached(),
        )
        .order_by(Letter.id.desc())
        .limit(MOST)
    ).all()
    people = _people({number for one in letters if (number := _about(one)) is not None})
    return [_unreached(one, people.get(_about(one) or 0)) for one in letters]


def _unreached(letter: Letter, person: Registration | None) -> Unreached:
    return Unreached(
        letter.id, letter.kind, letter.about, letter.written_at, letter.last_error, person
    )


def _about(letter: Letter) -> int | None:
    """The registration that a letter speaks of."""
    subject, _colon, number = letter.about.partition(":")
    return int(number) if subject == "registration" and number.isdecimal() else None


def _people(ids: set[int]) -> dict[int, Registration]:
    rows = db.session.scalars(sa.select(Registration).where(Registration.id.in_(ids)))
    return {one.id: one for one in rows}


def _numbers(*which: sa.ColumnElement[bool], first: Any) -> list[Number]:
    """People by batch; `first` is the column whose smallest value is shown, and sorts."""
    first = sa.func.min(first)
    rows = db.session.execute(
        sa.select(Batch.code, Batch.title, sa.func.count(Registration.id), first)
        .join(Registration, Registration.batch_id == Batch.id)
        .where(*which)
        .group_by(Batch.id)
        .order_by(first, Batch.code)
        .limit(MOST)
    ).all()
    return [Number(*row) for row in rows]
