"""The same teacher or the same room twice at once: what the calendar of a batch shows beside it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.batches.models import Batch, BatchSession
from enroll.batches.states import BatchState
from enroll.db import db


class Clash(NamedTuple):
    """A session of this batch and one of another that need the same teacher or room."""

    session_id: int
    starts_at: datetime
    code: str
    title: str
    other_starts_at: datetime
    teacher: str  # whom both need, or empty
    place: str  # which room both need, or empty


def clashes(batch_id: int) -> list[Clash]:
    """Everything of this batch that clashes with sessions of other batches: one query.

    A session's own teacher and place count before the batch's; called-off batches and cancelled
    sessions count nowhere, and online meetings share no room.
    """
    mine, theirs = aliased(BatchSession), aliased(BatchSession)
    here, there = aliased(Batch), aliased(Batch)
    my_teacher, teacher = _own(mine.teacher, here.teacher), _own(theirs.teacher, there.teacher)
    my_place, place = _own(mine.place, here.place), _own(theirs.place, there.place)
    same_teacher = sa.and_(teacher != "", teacher == my_teacher)
    same_place = sa.and_(place != "", place == my_place, ~here.is_online, ~there.is_online)
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


def _own(session: sa.SQLColumnExpression[str], batch: sa.SQLColumnExpression[str]) -> sa.Case[str]:
    return sa.case((session != "", session), else_=batch)
