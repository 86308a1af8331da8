"""Which batches people can find, with their seats: two queries, however many batches there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from enroll.batches.models import Batch, Seat
from enroll.batches.states import BatchState
from enroll.db import db


@dataclass(frozen=True)
class Listing:
    """A batch with its seats, counted at one moment."""

    batch: Batch
    capacity: int
    seats_free: int


def coming(now: datetime, course_ids: Collection[int] | None = None) -> list[Listing]:
    """Public batches that have not begun or still take people, soonest first; no called-off ones.

    With `course_ids` only the batches of these courses.
    """
    query = (
        sa.select(Batch)
        .where(
            Batch.state.in_((BatchState.TENTATIVE, BatchState.CONFIRMED_TO_RUN)),
            # A day is not over everywhere at once: one more here, the exact rule below.
            sa.or_(Batch.starts_on >= (now - timedelta(days=1)).date(), Batch.closes_at > now),
        )
        .order_by(Batch.starts_on, Batch.code)
    )
    if course_ids is not None:
        query = query.where(Batch.course_id.in_(course_ids))
    return _listed([batch for batch in db.session.scalars(query) if _is_ahead(batch, now)])


def listing(code: str) -> Listing | None:
    """One public batch with its sessions, called off or not; `None` for a draft or unknown code."""
    query = sa.select(Batch).where(Batch.code == code).options(selectinload(Batch.sessions))
    batch = db.session.scalar(query)
    if batch is None or not batch.state.is_public:
        return None
    return _listed([batch])[0]


def every_batch() -> Sequence[Batch]:
    """All batches, drafts too, the latest first: for staff."""
    return db.session.scalars(sa.select(Batch).order_by(Batch.starts_on.desc(), Batch.code)).all()


def with_sessions(batch_ids: Collection[int]) -> Sequence[Batch]:
    """These batches with their sessions, soonest first."""
    return db.session.scalars(
        sa.select(Batch)
        .where(Batch.id.in_(batch_ids))
        .options(selectinload(Batch.sessions))
        .order_by(Batch.starts_on, Batch.code)
    ).all()


def find_batch(code: str) -> Batch | None:
    """One batch in whatever state, for staff."""
    return db.session.scalar(sa.select(Batch).where(Batch.code == code))


class Door(NamedTuple):
    """What the form must know of a batch: as little as a crowd can afford to ask."""

    id: int
    asks_prerequisites: bool
    zone: str


_DOOR = sa.select(Batch.id, Batch.asks_prerequisites, Batch.zone).where(
    Batch.code == sa.bindparam("code"), Batch.state != BatchState.DRAFT
)


def door(code: str) -> Door | None:
    """The door of a public batch; `None` for drafts and unknown codes."""
    row = db.session.connection().execute(_DOOR, {"code": code}).one_or_none()
    return Door(*row) if row else None


def title_of(code: str) -> str | None:
    """The title of a public batch; `None` for drafts and unknown codes."""
    return db.session.scalar(
        sa.select(Batch.title).where(Batch.code == code, Batch.state != BatchState.DRAFT)
    )


def _is_ahead(batch: Batch, now: datetime) -> bool:
    return batch.closes_at > now or batch.starts_on >= now.astimezone(batch.tz).date()


def _listed(batches: Sequence[Batch]) -> list[Listing]:
    """The batches with their seats, in the same order."""
    counts = (
        sa.select(Seat.batch_id, sa.func.count(), sa.func.count().filter(~Seat.taken))
        .where(Seat.batch_id.in_([batch.id for batch in batches]))
        .group_by(Seat.batch_id)
    )
    seats = {row[0]: (row[1], row[2]) for row in db.session.execute(counts)} if batches else {}
    return [Listing(batch, *seats.get(batch.id, (0, 0))) for batch in batches]
