"""What a newcomer meets: batches, their free seats, who waits, and what registering leads to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from enroll.batches import queries as batches
from enroll.batches.models import Batch
from enroll.batches.states import BatchState, Window, window
from enroll.db import db
from enroll.registrations.eligibility import is_eligible
from enroll.registrations.models import Registration
from enroll.registrations.states import SEATED, State


@dataclass(frozen=True)
class Standing:
    """How many people sit in a batch, wait for it, and wait with a claim to the next free seat."""

    seated: int = 0
    waiting: int = 0
    eligible: int = 0
    enrolled: int = 0


def standing(batch_ids: Collection[int]) -> dict[int, Standing]:
    """The standing of these batches, in one query; batches without registrations are absent."""
    if not batch_ids:
        return {}
    counts = (
        sa.select(
            Registration.batch_id,
            sa.func.count().filter(Registration.state.in_(SEATED)),
            sa.func.count().filter(Registration.state == State.WAITLISTED),
            sa.func.count().filter(is_eligible()),
            sa.func.count().filter(Registration.state == State.CONFIRMED),
        )
        .where(Registration.batch_id.in_(batch_ids))
        .group_by(Registration.batch_id)
    )
    return {row[0]: Standing(*row[1:]) for row in db.session.execute(counts)}


@dataclass(frozen=True)
class Prospect:
    """A batch as a newcomer meets it at one moment."""

    batch: Batch
    capacity: int
    seats_free: int
    seated: int
    waiting: int
    window: Window
    seats_left: int  # for a newcomer: none while somebody with a claim waits
    enrolled: int

    @property
    def next_place(self) -> int:
        """Where on the waitlist a newcomer would stand."""
        return self.waiting + 1

    @property
    def waitlist_is_full(self) -> bool:
        """No seat is free, and as many wait as the batch allows."""
        limit = None if self.batch.needs_approval else self.batch.waitlist_limit
        return self.seats_left == 0 and limit is not None and self.waiting >= limit


def coming(now: datetime, course_ids: Collection[int] | None = None) -> list[Prospect]:
    """The coming batches as a newcomer meets them, soonest first: three queries."""
    return _met(batches.coming(now, course_ids), now)


def joinable(now: datetime, course_ids: Collection[int] | None = None) -> list[Prospect]:
    """Those of the coming batches whose registration is open or will open, soonest first."""
    return [met for met in coming(now, course_ids) if met.window is not Window.CLOSED]


def prospect(code: str, now: datetime) -> Prospect | None:
    """One public batch as a newcomer meets it; `None` for drafts and unknown codes."""
    found = batches.listing(code)
    return _met([found], now)[0] if found else None


def planned(batch: Batch, capacity: int, now: datetime) -> Prospect:
    """A draft as a newcomer would meet it, were it public now."""
    return Prospect(
        batch=batch,
        capacity=capacity,
        seats_free=capacity,
        seated=0,
        waiting=0,
        seats_left=capacity,
        enrolled=0,
        window=window(
            BatchState.TENTATIVE,
            opens_at=batch.opens_at,
            closes_at=batch.closes_at,
            has_seat=capacity > 0,
            now=now,
        ),
    )


def _met(listings: Sequence[batches.Listing], now: datetime) -> list[Prospect]:
    standings = standing([listing.batch.id for listing in listings])
    return [
        _meet(listing, standings.get(listing.batch.id, Standing()), now) for listing in listings
    ]


def _meet(listing: batches.Listing, stand: Standing, now: datetime) -> Prospect:
    batch = listing.batch
    seats_left = 0 if stand.eligible else listing.seats_free
    limit = batch.waitlist_limit
    return Prospect(
        batch=batch,
        capacity=listing.capacity,
        seats_free=listing.seats_free,
        seated=stand.seated,
        waiting=stand.waiting,
        seats_left=seats_left,
        enrolled=stand.enrolled,
        window=window(
            batch.state,
            opens_at=batch.opens_at,
            closes_at=batch.closes_at,
            has_seat=seats_left > 0,
            # Applications wait for a decision, not for a seat: no limit counts them.
            may_wait=limit is None or batch.needs_approval or stand.waiting < limit,
            now=now,
        ),
    )


def roster(batch_id: int) -> Sequence[Registration]:
    """Everybody in a batch: the seated by seat, the waiting in their order, then who has left."""
    waiting = sa.case((Registration.state.in_((State.WAITLISTED, State.APPLIED)), 0), else_=1)
    return db.session.scalars(
        sa.select(Registration)
        .where(Registration.batch_id == batch_id)
        .order_by(Registration.seat_number.nulls_last(), waiting, Registration.queue_number)
    ).all()
