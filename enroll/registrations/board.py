"""What the run-or-cancel board shows: coming batches with their people, and their pace beside earlier ones.

Five queries, however many batches there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from enroll.batches.models import Batch, Seat, begins_at
from enroll.batches.states import BatchState
from enroll.db import db
from enroll.registrations.eligibility import is_on
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.pace import AT_THE_START, Pace, pace
from enroll.registrations.states import State

COMPARED = 4  # earlier batches of the same course, at the most


@dataclass(frozen=True)
class Earlier:
    """A batch of the same course that has begun, and how it had filled."""

    id: int
    code: str
    starts_on: date
    begins_at: datetime
    pace: Pace = field(default_factory=Pace)

    @property
    def ended(self) -> int:
        """How many were enrolled when it began."""
        return self.pace.at(AT_THE_START)


@dataclass(frozen=True)
class Coming:
    """A batch that has not begun: who is in it now, and how it came to that."""

    batch: Batch
    begins_at: datetime
    capacity: int
    people: Mapping[State, int]
    pace: Pace
    earlier: Sequence[Earlier]  # the latest first

    @property
    def enrolled(self) -> int:
        return self.people.get(State.CONFIRMED, 0)

    @property
    def held(self) -> int:
        """Seats kept for people who have still to say yes: holds and offers."""
        return self.people.get(State.PENDING, 0) + self.people.get(State.OFFERED, 0)

    @property
    def waiting(self) -> int:
        return self.people.get(State.WAITLISTED, 0)

    @property
    def applied(self) -> int:
        return self.people.get(State.APPLIED, 0)

    @property
    def missing(self) -> int:
        """How many more it takes to reach the minimum."""
        return max(0, (self.batch.minimum or 0) - self.enrolled)

    @property
    def is_undecided(self) -> bool:
        return self.batch.state is BatchState.TENTATIVE

    def remaining(self, now: datetime) -> timedelta:
        return self.begins_at - now

    def at_this_point(self, now: datetime) -> list[int]:
        """How many were enrolled in each of the earlier batches so long before they began."""
        return [one.pace.at(self.remaining(now)) for one in self.earlier]


def coming(now: datetime) -> list[Coming]:
    """Every batch that has not begun, drafts and called-off ones too, by start."""
    batches = db.session.execute(
        sa.select(Batch, begins_at().label("begins_at"))
        .where(begins_at() > now)
        .order_by(begins_at(), Batch.code)
    ).all()
    ids = [batch.id for batch, _begins in batches]
    seats, people = _seats(ids), _people(ids)
    earlier = _earlier({batch.course_id for batch, _begins in batches}, now)
    moves = _moves([*ids, *(one.id for found in earlier.values() for one in found)])
    return [
        Coming(
            batch=batch,
            begins_at=begins,
            capacity=seats.get(batch.id, 0),
            people=people.get(batch.id, {}),
            pace=pace(begins, moves[batch.id]),
            earlier=[
                replace(one, pace=pace(one.begins_at, moves[one.id]))
                for one in earlier.get(batch.course_id, [])
            ],
        )
        for batch, begins in batches
    ]


def _seats(batch_ids: Collection[int]) -> dict[int, int]:
    rows = db.session.execute(
        sa.select(Seat.batch_id, sa.func.count())
        .where(Seat.batch_id.in_(batch_ids))
        .group_by(Seat.batch_id)
    )
    return {row[0]: row[1] for row in rows}


def _people(batch_ids: Collection[int]) -> dict[int, dict[State, int]]:
    rows = db.session.execute(
        sa.select(Registration.batch_id, Registration.state, sa.func.count())
        .where(Registration.batch_id.in_(batch_ids))
        .group_by(Registration.batch_id, Registration.state)
    )
    found: dict[int, dict[State, int]] = defaultdict(dict)
    for batch_id, state, number in rows:
        found[batch_id][state] = number
    return found


def _earlier(course_ids: Collection[int], now: datetime) -> dict[int, list[Earlier]]:
    """The latest batches of each course that have begun and were not called off, latest first."""
    begun = (
        sa.select(
            Batch.id, Batch.code, Batch.starts_on, begins_at().label("begins_at"), Batch.course_id
        )
        .where(Batch.course_id.in_(course_ids), is_on(), begins_at() <= now)
        .subquery()
    )
    order = (begun.c.begins_at.desc(), begun.c.id.desc())
    rank = sa.func.row_number().over(partition_by=begun.c.course_id, order_by=order)
    ranked = sa.select(begun, rank.label("rank")).subquery()
    rows = db.session.execute(
        sa.select(ranked).where(ranked.c.rank <= COMPARED).order_by(ranked.c.rank)
    )
    found: dict[int, list[Earlier]] = defaultdict(list)
    for row in rows:
        found[row.course_id].append(Earlier(row.id, row.code, row.starts_on, row.begins_at))
    return found


def _moves(batch_ids: Collection[int]) -> dict[int, list[tuple[datetime, bool]]]:
    """When people were enrolled in these batches (true) or left (false): their history, no person."""
    source, target = RegistrationEvent.from_state, RegistrationEvent.to_state
    came = target == State.CONFIRMED
    rows = db.session.execute(
        sa.select(Registration.batch_id, RegistrationEvent.at, came)
        .join(Registration, Registration.id == RegistrationEvent.registration_id)
        .where(
            Registration.batch_id.in_(batch_ids),
            came != sa.func.coalesce(source == State.CONFIRMED, sa.false()),
        )
    )
    found: dict[int, list[tuple[datetime, bool]]] = defaultdict(list)
    for batch_id, at, is_new in rows:
        found[batch_id].append((at, bool(is_new)))
    return found
