"""What the figures are counted from: moments of registrations, never whose they are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

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
    to, by = RegistrationEvent.to_state, RegistrationEvent.by
    is_first = RegistrationEvent.from_state.is_(None)
    left = sa.and_(to == State.WITHDRAWN, by.in_(ELSEWHERE))
    query = (
        sa.select(
            Registration.batch_id,
            Registration.created_at,
            sa.func.max(by).filter(is_first),
            sa.func.max(RegistrationEvent.why).filter(is_first),
            Registration.address_confirmed_at,
            _first(State.CONFIRMED),
            _first(State.WAITLISTED),
            _first(State.OFFERED),
            Registration.state,
            sa.func.count().filter(left),
        )
        .join(RegistrationEvent, RegistrationEvent.registration_id == Registration.id)
        .group_by(Registration.id)
        .order_by(Registration.id)
    )
    if batch_id is not None:
        query = query.where(Registration.batch_id == batch_id)
    if since is not None:
        query = query.where(Registration.created_at >= since)
    return [
        Journey(
            batch_id=batch,
            began_at=began_at,
            is_posted=first_by == "student" and why not in NOT_POSTED,
            confirmed_at=confirmed_at,
            enrolled_at=enrolled_at,
            # An offer of a called-off batch passes over the waitlist within one moment.
            waited_at=waited_at if first_by != "call-off" else None,
            offered_at=offered_at,
            state=state,
            is_elsewhere=bool(elsewhere),
        )
        for (
            batch, began_at, first_by, why, confirmed_at,
            enrolled_at, waited_at, offered_at, state, elsewhere,
        ) in db.session.execute(query)
    ]  # fmt: skip


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
