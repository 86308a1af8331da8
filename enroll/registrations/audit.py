"""Re-derives everything about seats from the rows and histories; says what does not add up.

Reads only, in one snapshot, a constant number of statements however many registrations there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.batches.models import Batch, Seat
from enroll.batches.states import BatchState
from enroll.db import db
from enroll.mail.models import Letter
from enroll.registrations.eligibility import is_eligible
from enroll.registrations.letters import promised
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.states import LIVE, MOVES, SEATED, State

# A claim rolled back by a crash may leave a seat free beside a newcomer; the worker sweeps every
# two seconds. Only what is older is an error.
GRACE = timedelta(seconds=10)

Check = Callable[[datetime], Iterator[str]]


def audit(now: datetime) -> dict[str, Any]:
    """The figures of every batch and the list of problems, in the shape of the contract."""
    return {"batches": _figures(), "problems": [line for check in CHECKS for line in check(now)]}


def _figures() -> dict[str, dict[str, int]]:
    figures = {
        code: {"capacity": capacity, "seated": 0, "waitlisted": 0, "letters": 0}
        for code, capacity in db.session.execute(
            sa.select(Batch.code, sa.func.count(Seat.number))
            .outerjoin(Seat, Seat.batch_id == Batch.id)
            .group_by(Batch.code)
        )
    }
    people = db.session.execute(
        sa.select(
            Batch.code,
            sa.func.count().filter(Registration.state.in_(SEATED)),
            sa.func.count().filter(Registration.state == State.WAITLISTED),
        )
        .join(Registration, Registration.batch_id == Batch.id)
        .group_by(Batch.code)
    )
    for code, seated, waitlisted in people:
        figures[code] |= {"seated": seated, "waitlisted": waitlisted}
    letters = db.session.execute(
        sa.select(Batch.code, sa.func.count())
        .join(Registration, Registration.batch_id == Batch.id)
        .join(Letter, Letter.about == _about())
        .group_by(Batch.code)
    )
    for code, count in letters:
        figures[code]["letters"] = count
    return figures


def _about() -> sa.ColumnElement[str]:
    return sa.literal("registration:") + sa.cast(Registration.id, sa.String)


# ---------------------------------------------------------------- the checks


def _seats_and_holders(_now: datetime) -> Iterator[str]:
    held = sa.and_(Registration.batch_id == Seat.batch_id, Registration.seat_number == Seat.number)
    for batch_id, number in db.session.execute(
        sa.select(Seat.batch_id, Seat.number).where(Seat.taken, ~sa.exists().where(held))
    ):
        yield f"batch {batch_id}: seat {number} is taken by nobody"
    for registration_id, state in db.session.execute(
        sa.select(Registration.id, Registration.state).where(
            sa.or_(
                Registration.state.in_(SEATED) != Registration.seat_number.is_not(None),
                sa.and_(
                    Registration.seat_number.is_not(None),
                    ~sa.exists().where(held, Seat.taken),
                ),
            )
        )
    ):
        yield f"registration {registration_id}: {state} and its seat do not agree"


def _one_person_one_seat(_now: datetime) -> Iterator[str]:
    live = Registration.state.in_(LIVE)
    for batch_id, count in db.session.execute(
        sa.select(Registration.batch_id, sa.func.count())
        .where(live)
        .group_by(Registration.batch_id, Registration.email)
        .having(sa.func.count() > 1)
    ):
        yield f"batch {batch_id}: one address is registered {count} times"
    for batch_id, number in db.session.execute(
        sa.select(Registration.batch_id, Registration.seat_number)
        .where(Registration.seat_number.is_not(None))
        .group_by(Registration.batch_id, Registration.seat_number)
        .having(sa.func.count() > 1)
    ):
        yield f"batch {batch_id}: seat {number} is held twice"


def _no_idle_seat(now: datetime) -> Iterator[str]:
    for code in db.session.scalars(
        sa.select(Batch.code).where(
            Batch.state != BatchState.CALLED_OFF,
            Batch.closes_at > now,
            sa.exists().where(Seat.batch_id == Batch.id, ~Seat.taken),
            sa.exists().where(
                Registration.batch_id == Batch.id,
                is_eligible(),
                Registration.address_confirmed_at < now - GRACE,
            ),
        )
    ):
        yield f"batch {code}: a seat is free while a confirmed person waits"


def _histories_replay(_now: datetime) -> Iterator[str]:
    """Each history begins with a first state, moves only as the table allows, ends in the present."""
    event, before = RegistrationEvent, aliased(RegistrationEvent)
    ordered = sa.select(
        event.registration_id,
        event.from_state,
        event.to_state,
        sa.func.lag(event.to_state)
        .over(partition_by=event.registration_id, order_by=event.id)
        .label("previous"),
    ).subquery()
    steps = db.session.execute(
        sa.select(
            ordered.c.from_state,
            ordered.c.to_state,
            ordered.c.previous,
            sa.func.count(),
            sa.func.min(ordered.c.registration_id),
        ).group_by(ordered.c.from_state, ordered.c.to_state, ordered.c.previous)
    )
    for source, target, previous, count, example in steps:
        if source != previous or not MOVES.allows(source, target):
            way = f"from {previous} over {source} to {target}"
            yield f"registration {example} (of {count}): the history jumps {way}"
    last = sa.select(sa.func.max(before.id)).where(before.registration_id == Registration.id)
    for registration_id, state in db.session.execute(
        sa.select(Registration.id, Registration.state)
        .outerjoin(event, event.id == last.scalar_subquery())
        .where(sa.or_(event.id.is_(None), event.to_state != Registration.state))
    ):
        yield f"registration {registration_id}: {state}, but its history ends elsewhere"


def _every_promise_one_letter(_now: datetime) -> Iterator[str]:
    """Each move that promises a letter has one, and no letter speaks of a move that was not made."""
    event, kind = RegistrationEvent, _promised_kind()
    about = sa.literal("registration:") + sa.cast(event.registration_id, sa.String)
    owed = sa.select(about.label("about"), kind.label("kind"), sa.literal(1).label("n")).where(
        kind.is_not(None)
    )
    written = sa.select(Letter.about, Letter.kind, sa.literal(-1)).where(
        Letter.kind.startswith("registration_")
    )
    both = sa.union_all(owed, written).subquery()
    balance = sa.func.sum(both.c.n)
    for whom, name, count in db.session.execute(
        sa.select(both.c.about, both.c.kind, balance)
        .group_by(both.c.about, both.c.kind)
        .having(balance != 0)
    ):
        wrong = f"{count} not written" if count > 0 else f"{-count} too many"
        yield f"{whom}: {name}: {wrong}"


def _promised_kind() -> sa.ColumnElement[str | None]:
    """The kind of letter that a history row promises, in SQL: `letters.promised` for every move."""
    event = RegistrationEvent
    whens = []
    for source, target, _by in MOVES:
        kind = promised(source, target)
        if kind is not None:
            came_from = event.from_state.is_(None) if source is None else event.from_state == source
            whens.append((sa.and_(came_from, event.to_state == target), sa.literal(kind)))
    return sa.case(*whens, else_=sa.null())


CHECKS: tuple[Check, ...] = (
    _seats_and_holders,
    _one_person_one_seat,
    _no_idle_seat,
    _histories_replay,
    _every_promise_one_letter,
)
