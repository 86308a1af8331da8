"""The same teacher or the same room twice at once: what the calendar of a batch shows beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.batches.models import Batch, BatchSession
from enroll.batches.states import BatchState
from enroll.db import db


class Clash(NamedTuple):
    """A session of this batch and one of another that need the same teacher or room."""

    session_id: int | None  # none: it is only thought of
    starts_at: datetime
    code: str
    title: str
    other_starts_at: datetime
    teacher: str  # whom both need, or empty
    place: str  # which room both need, or empty


def clashes(batch_id: int) -> list[Clash]:
    """Everything of this batch that clashes with sessions of other batches: one query.

    A session's own teacher and place count before the batch's; called-off batches and cancelled
    sessions count nowhere, and online meetings share no room. Small letters are as good as capitals.
    """
    mine, theirs = aliased(BatchSession), aliased(BatchSession)
    here, there = aliased(Batch), aliased(Batch)
    my_teacher, teacher = _own(mine.teacher, here.teacher), _own(theirs.teacher, there.teacher)
    my_place, place = _own(mine.place, here.place), _own(theirs.place, there.place)
    same_teacher = _is_same(teacher, my_teacher)
    same_place = sa.and_(_is_same(place, my_place), ~here.is_online, ~there.is_online)
    rows = db.session.execute(
        sa.select(
            mine.id,
            mine.starts_at,
            there.code,
            there.title,
            theirs.starts_at,
            sa.case((same_teacher, teacher), else_=""),
            sa.case((same_place, place), else_=""),
        )
        .join(here, here.id == mine.batch_id)
        .join(theirs, sa.and_(theirs.starts_at < mine.ends_at, theirs.ends_at > mine.starts_at))
        .join(there, there.id == theirs.batch_id)
        .where(
            mine.batch_id == batch_id,
            theirs.batch_id != batch_id,
            mine.cancelled_at.is_(None),
            theirs.cancelled_at.is_(None),
            there.state != BatchState.CALLED_OFF,
            sa.or_(same_teacher, same_place),
        )
        .order_by(mine.starts_at, there.code, theirs.starts_at)
    )
    return [Clash(*row) for row in rows]


class Need(NamedTuple):
    """Whom and what sessions need that are only thought of."""

    teacher: str
    place: str
    is_online: bool


def foreseen(
    held: Sequence[tuple[datetime, datetime]], need: Need, *, besides: int | None = None
) -> list[Clash]:
    """What sessions at these times would clash with, in any batch but `besides`: one query.

    The same rules as for sessions that there are.
    """
    rows = db.session.execute(_needing(need, held, besides)).all() if held else []
    return [
        Clash(None, begin, row.code, row.title, row.starts_at, row.whose, row.room)
        for begin, end in held
        for row in rows
        if row.starts_at < end and row.ends_at > begin
    ]


def _needing(
    need: Need, held: Sequence[tuple[datetime, datetime]], besides: int | None
) -> sa.Select[tuple[datetime, datetime, str, str, str, str]]:
    """Sessions of other batches with that teacher or room, from the first of these to the last."""
    theirs, there = aliased(BatchSession), aliased(Batch)
    whose, where = _own(theirs.teacher, there.teacher), _own(theirs.place, there.place)
    same_teacher = _is_same(whose, sa.literal(need.teacher))
    room = sa.literal("" if need.is_online else need.place)
    same_place = sa.and_(_is_same(where, room), ~there.is_online)
    return (
        sa.select(
            theirs.starts_at,
            theirs.ends_at,
            there.code,
            there.title,
            sa.case((same_teacher, whose), else_="").label("whose"),
            sa.case((same_place, where), else_="").label("room"),
        )
        .join(there, there.id == theirs.batch_id)
        .where(
            theirs.batch_id != (besides or 0),
            theirs.starts_at < max(end for _begin, end in held),
            theirs.ends_at > min(begin for begin, _end in held),
            theirs.cancelled_at.is_(None),
            there.state != BatchState.CALLED_OFF,
            sa.or_(same_teacher, same_place),
        )
        .order_by(there.code, theirs.starts_at)
    )


def _is_same(one: sa.ColumnElement[str], other: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The same name, however it was typed."""
    first, second = (sa.func.lower(sa.func.trim(each)) for each in (one, other))
    return sa.and_(first != "", first == second)


def _own(session: sa.SQLColumnExpression[str], batch: sa.SQLColumnExpression[str]) -> sa.Case[str]:
    return sa.case((session != "", session), else_=batch)
