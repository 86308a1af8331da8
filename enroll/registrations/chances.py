"""How waiting went in earlier batches of a course: counts alone, for whoever thinks of joining a waitlist."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from enroll.batches.models import Batch, begins_at
from enroll.batches.states import BatchState
from enroll.db import db
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.states import State

MOST_BATCHES = 6  # older ones say little about the next one
# Below these, a proportion would be chance, or tell too much about single people.
FEWEST_BATCHES = 3
FEWEST_PEOPLE = 10


class Chances(NamedTuple):
    """Of those who waited in the last batches: how many were offered a seat, how many took one."""

    batches: int
    waited: int
    offered: int
    seated: int


def chances(course_id: int, now: datetime) -> Chances | None:
    """What became of the people on the waitlists of the last batches of a course: two queries.

    Batches that took place and have begun, at most six of them. People whose address was confirmed,
    each once a batch, and seated if they were ever enrolled after they had waited. `None` where the
    batches or the people are too few to say anything.
    """
    begun = db.session.scalars(
        sa.select(Batch.id)
        .where(
            Batch.course_id == course_id,
            Batch.state.in_((BatchState.TENTATIVE, BatchState.CONFIRMED_TO_RUN)),
            begins_at() <= now,
        )
        .order_by(Batch.starts_on.desc(), Batch.id.desc())
        .limit(MOST_BATCHES)
    ).all()
    if len(begun) < FEWEST_BATCHES:
        return None
    row = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count().filter(sa.or_(_came_to(State.OFFERED), _came_to(State.CONFIRMED))),
            sa.func.count().filter(_came_to(State.CONFIRMED)),
        )
        .select_from(Registration)
        .where(
            Registration.batch_id.in_(begun),
            Registration.address_confirmed_at.is_not(None),
            _has_waited(),
        )
    ).one()
    found = Chances(len(begun), *row)
    return found if found.waited >= FEWEST_PEOPLE else None


def _came_to(state: State) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(
            RegistrationEvent.registration_id == Registration.id,
            RegistrationEvent.to_state == state,
        )
        .correlate(Registration)
    )


def _has_waited() -> sa.ColumnElement[bool]:
    """An offer of a called-off batch passes over the waitlist within one moment: that is no waiting."""
    return (
        sa.exists()
        .where(
            RegistrationEvent.registration_id == Registration.id,
            RegistrationEvent.to_state == State.WAITLISTED,
            RegistrationEvent.by != "call-off",
        )
        .correlate(Registration)
    )
