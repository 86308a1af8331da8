"""Re-derives everything about seats from the rows and histories; says what does not add up.

Reads only, in one snapshot, a constant number of statements however many registrations there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.batches.models import Batch, Seat, begins_at
from enroll.db import db
from enroll.mail.models import Letter
from enroll.mail.telephone import letters_to_nobody
from enroll.registrations.eligibility import is_eligible, is_on
from enroll.registrations.letters import SILENT, promised
from enroll.registrations.models import Registration, RegistrationEvent, RegistrationGroup
from enroll.registrations.replay import Step, open_offers, replay
from enroll.registrations.states import LIVE, MOVES, SEATED, State

# A claim rolled back by a crash may leave a seat free beside a newcomer; the worker sweeps every
# two seconds. Only what is older is an error.
GRACE = timedelta(seconds=10)
OFFERS_FIT = timedelta(hours=25)  # with more time before the start, twelve hours by day fit in
ROWS_AT_ONCE = 5_000
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
        .join(Letter, Letter.about == _about(Registration.id))
        .group_by(Batch.code)
    )
    for code, count in letters:
        figures[code]["letters"] = count
    return figures


def _about(registration_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[str]:
    return sa.literal("registration:") + sa.cast(registration_id, sa.String)


# ---------------------------------------------------------------- the checks


def _each(sentence: str, query: sa.Executable) -> Iterator[str]:
    """The sentence, filled in from each row: a query finds only what is wrong."""
    return (sentence.format(*row) for row in db.session.execute(query))


def _seats_and_holders(_now: datetime) -> Iterator[str]:
    one = Registration
    held = sa.and_(one.batch_id == Seat.batch_id, one.seat_number == Seat.number)
    yield from _each(
        "batch {}: seat {} is taken by nobody",
        sa.select(Seat.batch_id, Seat.number).where(Seat.taken, ~sa.exists().where(held)),
    )
    sits = one.seat_number.is_not(None)
    on_no_seat = sa.and_(sits, ~sa.exists().where(held, Seat.taken))
    yield from _each(
        "registration {}: {} and its seat do not agree",
        sa.select(one.id, _text(one.state)).where(
            sa.or_(one.state.in_(SEATED) != sits, on_no_seat)
        ),
    )


def _one_person_one_seat(_now: datetime) -> Iterator[str]:
    one, count = Registration, sa.func.count()
    yield from _each(
        "batch {}: one address is registered {} times",
        sa.select(one.batch_id, count)
        .where(one.state.in_(LIVE))
        .group_by(one.batch_id, one.email)
        .having(count > 1),
    )
    yield from _each(
        "batch {}: seat {} is held twice",
        sa.select(one.batch_id, one.seat_number)
        .where(one.seat_number.is_not(None))
        .group_by(one.batch_id, one.seat_number)
        .having(count > 1),
    )


def _no_idle_seat(now: datetime) -> Iterator[str]:
    yield from _each(
        "batch {}: a seat is free while a confirmed person waits",
        sa.select(Batch.code).where(
            is_on(),
            begins_at() > now + OFFERS_FIT,
            sa.exists().where(Seat.batch_id == Batch.id, ~Seat.taken),
            sa.exists().where(
                Registration.batch_id == Batch.id,
                is_eligible(),
                Registration.address_confirmed_at < now - GRACE,
            ),
        ),
    )


def _places_run_from_one(_now: datetime) -> Iterator[str]:
    """A place is one more than how many wait with a lower number: no two may be equal."""
    one, count = Registration, sa.func.count()
    yield from _each(
        "registration {}: queue number {} is no place in a queue",
        sa.select(one.id, one.queue_number).where(one.queue_number < 1),
    )
    yield from _each(
        "batch {}: queue number {} is drawn {} times",
        sa.select(one.batch_id, one.queue_number, count)
        .group_by(one.batch_id, one.queue_number)
        .having(count > 1),
    )
    # `rank` is one more than the count of those before: what `personal.place` tells a person.
    over: dict[str, Any] = {"partition_by": one.batch_id, "order_by": one.queue_number}
    told, due = sa.func.rank().over(**over), sa.func.row_number().over(**over)
    places = (
        sa.select(one.batch_id, told.label("told"), due.label("due"))
        .where(one.state == State.WAITLISTED)
        .subquery()
    ).c
    yield from _each(
        "batch {}: nobody has place {} on the waitlist",
        sa.select(places.batch_id, places.due).where(places.told != places.due),
    )


def _groups_stay_together(_now: datetime) -> Iterator[str]:
    one, group = Registration, RegistrationGroup
    yield from _each(
        "registration {}: its group {} is in another batch",
        sa.select(one.id, group.id)
        .join(group, group.id == one.group_id)
        .where(one.state.in_(LIVE), one.batch_id != group.batch_id),
    )


def _one_wish_one_seat(_now: datetime) -> Iterator[str]:
    """One open offer at the most, and nobody waits on for a wish that has come true."""
    one, other, count = Registration, aliased(Registration), sa.func.count()
    yield from _each(
        "wish {}: {} seats are offered at once",
        sa.select(one.wish_id, count)
        .where(one.wish_id.is_not(None), one.state == State.OFFERED)
        .group_by(one.wish_id)
        .having(count > 1),
    )
    came_true = sa.exists().where(other.wish_id == one.wish_id, other.state == State.CONFIRMED)
    yield from _each(
        "registration {}: waits, though its wish {} came true",
        sa.select(one.id, one.wish_id).where(one.state == State.WAITLISTED, came_true),
    )


def _moves_end_where_they_began(_now: datetime) -> Iterator[str]:
    """A place that replaces another is the same person's, who in the end has only one of the two."""
    one, old = Registration, aliased(Registration)
    pairs = sa.select(one.id, old.id).join(old, old.id == one.replaces_id)
    yield from _each(
        "registration {}: registration {}, which it replaces, is somebody else's",
        # An erased one has no address left to compare.
        pairs.where(one.email != old.email, one.erased_at.is_(None), old.erased_at.is_(None)),
    )
    yield from _each(
        "registration {}: registration {}, which it replaces, has not ended",
        pairs.where(one.state == State.CONFIRMED, old.state.in_(LIVE)),
    )


def _histories_replay(_now: datetime) -> Iterator[str]:
    """Each history is possible and ends in the present; every offer went to the first in line."""
    has_steps = sa.exists().where(RegistrationEvent.registration_id == Registration.id)
    yield from _each(
        "registration {}: has no history", sa.select(Registration.id).where(~has_steps)
    )
    yield from replay(_steps(), open_offers(_steps_of_wishes()))


_PEOPLE, _EVENTS = Registration.__table__, RegistrationEvent.__table__
_ITS_OWN = _EVENTS.c.registration_id == _PEOPLE.c.id


def _steps() -> Iterator[Step]:
    """All histories, batch by batch, as plain values: millions of them pass through here."""
    one, event = _PEOPLE.c, _EVENTS.c
    columns: dict[str, sa.ColumnElement[Any]] = {
        "batch_id": one.batch_id,
        "id": event.id,
        "registration_id": one.id,
        "source": _text(event.from_state),
        "target": _text(event.to_state),
        "by": event.by_whom,
        "why": event.why,
        "is_known": sa.type_coerce(one.address_confirmed_at <= event.at, sa.Integer),
        "queue_number": one.queue_number,
        "group_id": one.group_id,
        "wish_id": one.wish_id,
        "state": _text(one.state),
    }
    named = [columns[name].label(name) for name in Step._fields]
    # Ordered by a sum, which no index has: else SQLite walks along one, and looks each event up.
    order = (one.batch_id + 0, event.id)
    return _stream(sa.select(*named).join_from(_EVENTS, _PEOPLE, _ITS_OWN).order_by(*order))


def _steps_of_wishes() -> Iterator[Any]:
    one, event = _PEOPLE.c, _EVENTS.c
    is_about_offers = sa.or_(event.from_state == State.OFFERED, event.to_state == State.OFFERED)
    return _stream(
        sa.select(one.wish_id, one.id, event.id, _text(event.from_state), _text(event.to_state))
        .join_from(_PEOPLE, _EVENTS, _ITS_OWN)
        .where(one.wish_id.is_not(None), is_about_offers)
        .order_by(event.id)
    )


def _text(state: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[str]:
    return sa.type_coerce(state, sa.String)


def _stream(query: sa.Select[Any]) -> Iterator[Any]:
    """The rows of a long answer, a few thousand in memory at a time."""
    options = {"yield_per": ROWS_AT_ONCE}
    return iter(db.session.connection().execute(query, execution_options=options))


def _every_promise_one_letter(_now: datetime) -> Iterator[str]:
    """Each move that promises a letter has one, and no letter speaks of a move that was not made."""
    event, kind = RegistrationEvent, _promised_kind()
    about, once = _about(event.registration_id).label("about"), sa.literal(1).label("n")
    owed = sa.select(about, kind.label("kind"), once).where(kind.is_not(None))
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
    whens: list[tuple[sa.ColumnElement[bool], Any]] = [(event.by.in_(sorted(SILENT)), sa.null())]
    for source, target, _by in MOVES:
        kind = promised(source, target, "")
        if kind is not None:
            came_from = event.from_state.is_(None) if source is None else event.from_state == source
            whens.append((sa.and_(came_from, event.to_state == target), sa.literal(kind)))
    return sa.case(*whens, else_=sa.null())


CHECKS: tuple[Check, ...] = (
    _seats_and_holders,
    _one_person_one_seat,
    _no_idle_seat,
    _places_run_from_one,
    _groups_stay_together,
    _one_wish_one_seat,
    _moves_end_where_they_began,
    _histories_replay,
    _every_promise_one_letter,
    lambda _now: letters_to_nobody(),
)
