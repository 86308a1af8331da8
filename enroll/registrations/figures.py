"""What the figures are counted from: moments of registrations, never whose they are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from enroll.batches.models import Batch
from enroll.db import db
from enroll.registrations.counting import Journey, Level, levels
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.states import State

# How a registration came to be that no form was posted for: see `moving` and `steering`.
NOT_POSTED = frozenset({"moved here", "asked for this batch too"})
ELSEWHERE = ("wish", "transfer")  # hands that end a registration for a seat in another batch


class Named(NamedTuple):
    """A batch in a list of figures."""

    code: str
    title: str


def journeys(*, batch_id: int | None = None, since: datetime | None = None) -> list[Journey]:
    """Every registration of a batch, or of all batches since then: one query."""
    query = _journeys()
    if batch_id is not None:
        query = query.where(Registration.batch_id == batch_id)
    if since is not None:
        query = query.where(Registration.created_at >= since)
    return [
        Journey(
            batch_id=row.batch_id,
            began_at=row.created_at,
            is_posted=row.first_by == "student" and row.first_why not in NOT_POSTED,
            confirmed_at=row.address_confirmed_at,
            enrolled_at=row.enrolled_at,
            # An offer of a called-off batch passes over the waitlist within one moment.
            waited_at=row.waited_at if row.first_by != "call-off" else None,
            offered_at=row.offered_at,
            state=row.state,
            is_elsewhere=bool(row.elsewhere),
        )
        for row in db.session.execute(query)
    ]


def _journeys() -> sa.Select[*tuple[Any, ...]]:
    to, by = RegistrationEvent.to_state, RegistrationEvent.by
    is_first = RegistrationEvent.from_state.is_(None)
    left = sa.and_(to == State.WITHDRAWN, by.in_(ELSEWHERE))
    return (
        sa.select(
            Registration.batch_id,
            Registration.created_at,
            Registration.address_confirmed_at,
            Registration.state,
            sa.func.max(by).filter(is_first).label("first_by"),
            sa.func.max(RegistrationEvent.why).filter(is_first).label("first_why"),
            _first(State.CONFIRMED).label("enrolled_at"),
            _first(State.WAITLISTED).label("waited_at"),
            _first(State.OFFERED).label("offered_at"),
            sa.func.count().filter(left).label("elsewhere"),
        )
        .join(RegistrationEvent, RegistrationEvent.registration_id == Registration.id)
        .group_by(Registration.id)
        .order_by(Registration.id)
    )


def _first(state: State) -> sa.ColumnElement[datetime]:
    return sa.func.min(RegistrationEvent.at).filter(RegistrationEvent.to_state == state)


def fill(batch: Batch) -> list[Level]:
    """How a batch filled, day by day in its own zone: one query."""
    rows = db.session.execute(
        sa.select(RegistrationEvent.at, RegistrationEvent.from_state, RegistrationEvent.to_state)
        .join(Registration, Registration.id == RegistrationEvent.registration_id)
        .where(Registration.batch_id == batch.id)
    )
    return levels(((row[0], row[1], row[2]) for row in rows), batch.tz)


def named(batch_ids: Collection[int]) -> dict[int, Named]:
    """What these batches are called, the latest first."""
    rows = db.session.execute(
        sa.select(Batch.id, Batch.code, Batch.title)
        .where(Batch.id.in_(batch_ids))
        .order_by(Batch.starts_on.desc(), Batch.code)
    )
    return {row.id: Named(row.code, row.title) for row in rows}
