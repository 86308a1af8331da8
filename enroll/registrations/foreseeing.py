"""What calling a batch off would do as things stand: reads what `call_off` reads, and changes nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from enroll.batches.deadlines import offered_until
from enroll.batches.facts import BatchFacts, batch_facts
from enroll.db import db
from enroll.registrations.foresight import Foresight, Leaver, Place, Waiter
from enroll.registrations.locking import wished_elsewhere
from enroll.registrations.models import Registration
from enroll.registrations.moving import first_registered
from enroll.registrations.seats import count_free
from enroll.registrations.states import LIVE, State
from enroll.registrations.steering import next_batches


class CallOff(NamedTuple):
    """What calling a batch off would do as things stand."""

    people: int  # written to
    elsewhere: list[tuple[BatchFacts, int]]  # offered a seat there, soonest first

    @property
    def offered(self) -> int:
        return sum(count for _batch, count in self.elsewhere)


def foresee_call_off(batch_id: int, now: datetime) -> CallOff:
    """How many would be written to, and how many of them get an offer in which batches.

    The same as `call_off` and the promotions at its end would do, seat by seat. An offer that is
    open already is not one of these.
    """
    people = _leavers(batch_id)
    others = next_batches(batch_id, now)
    facts = {other: batch_facts(other) for other in {*others, *wished_elsewhere(batch_id)}}
    foresight = Foresight(others, _places(facts, now), _open_offers(), _live_in(others))
    offered = foresight.offered(people)
    soonest = sorted(offered, key=lambda other: (facts[other].starts_on, other))
    return CallOff(len(people), [(facts[other], offered[other]) for other in soonest])


def _leavers(batch_id: int) -> list[Leaver]:
    """Everybody in the batch, in the order in which they would be cancelled."""
    rows = db.session.execute(
        sa.select(
            Registration.id,
            Registration.email,
            Registration.wish_id,
            Registration.address_confirmed_at.is_not(None),
        ).where(Registration.batch_id == batch_id, Registration.state.in_(LIVE))
    )
    since = first_registered(batch_id)
    return sorted((Leaver(*row) for row in rows), key=lambda one: (since[one.id], one.id))


def _places(facts: dict[int, BatchFacts], now: datetime) -> dict[int, Place]:
    found = {}
    for batch_id, batch in facts.items():
        until = offered_until(now, hours=batch.offer_hours, zone=batch.tz, latest=batch.begins_at)
        found[batch_id] = Place(batch.is_on and until is not None, count_free(batch_id))
    waiting = db.session.execute(
        sa.select(
            Registration.batch_id,
            Registration.id,
            Registration.email,
            Registration.queue_number,
            Registration.group_id,
            Registration.wish_id,
            Registration.address_confirmed_at.is_not(None),
            Registration.is_resting,
        ).where(Registration.batch_id.in_(facts), Registration.state == State.WAITLISTED)
    )
    for row in waiting:
        found[row[0]].waiting.append(Waiter(*row[1:]))
    return found


def _open_offers() -> list[tuple[int, int]]:
    rows = db.session.execute(
        sa.select(Registration.wish_id, Registration.id).where(
            Registration.state == State.OFFERED, Registration.wish_id.is_not(None)
        )
    )
    return [(wish_id, one_id) for wish_id, one_id in rows if wish_id is not None]


def _live_in(batch_ids: Collection[int]) -> set[tuple[int, str]]:
    rows = db.session.execute(
        sa.select(Registration.batch_id, Registration.email).where(
            Registration.batch_id.in_(batch_ids), Registration.state.in_(LIVE)
        )
    )
    return {(row[0], row[1]) for row in rows}
