"""Corrects an address that was written down wrong: the seat stays, the old link dies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from flask import current_app

from enroll.batches.deadlines import half_time, offered_until
from enroll.batches.facts import batch_facts
from enroll.db import Again, db
from enroll.mail.outbox import drop_to, was_asked
from enroll.mail.subscriptions import forget_subscriptions
from enroll.refusal import Refused
from enroll.registrations import letters
from enroll.registrations.allocation import kept, note
from enroll.registrations.entering import new_token
from enroll.registrations.histories import addressee
from enroll.registrations.letters import about, reminders_topic
from enroll.registrations.locking import lock_seating
from enroll.registrations.models import Registration
from enroll.registrations.moving import enrol, promote_bound
from enroll.registrations.outcomes import HasEnded, Outcome
from enroll.registrations.replay import ADDRESS_CONFIRMED, ADDRESS_CORRECTED
from enroll.registrations.states import LIVE, State


class AddressTaken(Refused):
    """Another live registration in the batch `code` has this address."""


def correct_address(
    *,
    batch_id: int,
    registration_id: int,
    email: str,
    is_confirmed: bool = False,
    by: str,
    now: datetime,
) -> Outcome:
    """Write to another address from now on. The seat or place stays.

    The link is a new one, so that whoever read the old mailbox is out; what waited to be sent there
    is not sent, and a fresh letter goes to the new one. Until its link is used the address counts as
    unconfirmed, unless the person has confirmed it on the telephone; a hold or offer whose letter
    went astray gets its full time again. What is bound to the registration (a wish, a move) is the
    same person's and changes too. Locks all their batches. Twice is fine: the same address changes
    nothing, except that it may become confirmed. Refuses with `HasEnded`, `AddressTaken`, `Clash`.
    """
    people = _lock_bound(registration_id, batch_id)
    one = db.session.get_one(Registration, registration_id)
    if not one.state.is_live:
        raise HasEnded(state=one.state)
    changed = one.address != email
    if changed:
        _refuse_taken(people, email)
        _readdress(people, email, by=by, now=now)
    confirms = is_confirmed and one.address_confirmed_at is None
    before = {mine.id: mine.state for mine in people}
    for mine in people if confirms else ():
        _confirm(mine, by=by, now=now)
    for mine in people if changed else ():
        if mine.state is before[mine.id]:  # else the move has a letter of its own
            _write_afresh(mine, now)
    promote_bound(one, now)
    return Outcome(one, changed or confirms)


def _lock_bound(registration_id: int, batch_id: int) -> Sequence[Registration]:
    """Lock and read everything of this person that is bound together, ended or not, by id."""
    batch_ids = {batch_id, *_bound(registration_id).values()}
    lock_seating(*batch_ids)
    bound = _bound(registration_id)
    if not set(bound.values()) <= batch_ids:
        raise Again
    return db.session.scalars(
        sa.select(Registration)
        .where(Registration.id.in_(bound))
        .order_by(Registration.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _bound(registration_id: int) -> dict[int, int]:
    """What is tied to it by wishes and moves, in both directions: batch ids by id."""
    found: dict[int, int] = {}
    frontier: Collection[int] = [registration_id]
    while frontier:
        rows = db.session.execute(
            sa.select(
                Registration.id,
                Registration.batch_id,
                Registration.wish_id,
                Registration.replaces_id,
            ).where(Registration.id.in_(frontier))
        ).all()
        found |= {row.id: row.batch_id for row in rows}
        wishes = [row.wish_id for row in rows if row.wish_id is not None]
        replaced = [row.replaces_id for row in rows if row.replaces_id is not None]
        near = sa.select(Registration.id).where(
            sa.or_(
                Registration.wish_id.in_(wishes),
                Registration.id.in_(replaced),
                Registration.replaces_id.in_(frontier),
            ),
            Registration.id.not_in(found),
            Registration.erased_at.is_(None),
        )
        frontier = db.session.scalars(near).all()
    return found


def _refuse_taken(people: Sequence[Registration], email: str) -> None:
    live = {mine.batch_id for mine in people if mine.state.is_live}
    other = db.session.scalar(
        sa.select(Registration.batch_id)
        .where(
            Registration.batch_id.in_(live),
            Registration.id.not_in([mine.id for mine in people]),
            Registration.state.in_(LIVE),
            Registration.address == email,
        )
        .limit(1)
    )
    if other is not None:
        raise AddressTaken(code=batch_facts(other).code)


def _readdress(people: Sequence[Registration], email: str, *, by: str, now: datetime) -> None:
    """The new address, new links, and nothing more to the old one."""
    told = [about(mine.id) for mine in people]
    for recipient in {addressee(mine).email for mine in people}:
        drop_to(about_in=told, recipient=recipient, why="the address was corrected")
    forget_subscriptions(topics=[reminders_topic(mine.id) for mine in people])
    for mine in people:
        mine.email, mine.letters_to = email, None
        mine.token = new_token()
        mine.address_confirmed_at = None
        if mine.state.is_live:
            _give_time(mine, now)
    db.session.flush()
    for mine in people:
        if mine.state.is_live:
            note(mine, by=by, why=ADDRESS_CORRECTED, now=now)


def _give_time(mine: Registration, now: datetime) -> None:
    """Whoever has to answer by a moment was not asked until now."""
    if mine.deadline_at is None:
        return
    batch = batch_facts(mine.batch_id)
    if mine.state is State.OFFERED:
        hours, zone = batch.offer_hours, batch.tz
        until = offered_until(now, hours=hours, zone=zone, latest=batch.begins_at)
    else:
        until = kept(batch, batch.hold_hours, now)
    if until is not None and until > mine.deadline_at:
        mine.deadline_at, mine.remind_at = until, half_time(now, until)


def _confirm(mine: Registration, *, by: str, now: datetime) -> None:
    """The person says on the telephone that the address is theirs: as good as the mailed link."""
    if mine.address_confirmed_at is not None:
        return
    mine.address_confirmed_at = now
    was_asked(about=about(mine.id))
    if mine.state is State.PENDING:
        enrol(mine, by=by, why=ADDRESS_CONFIRMED, now=now)
    elif mine.state.is_live:
        if not mine.state.is_seated:
            mine.deadline_at = mine.remind_at = None
        note(mine, by=by, why=ADDRESS_CONFIRMED, now=now)


def _write_afresh(mine: Registration, now: datetime) -> None:
    """What they have, with the new link; who is enrolled gets the dates for the calendar again."""
    if not mine.state.is_live:
        return
    batch = batch_facts(mine.batch_id)
    address = current_app.config["BASE_URL"]
    is_in = mine.state is State.CONFIRMED
    dates = {"calendar": letters.sessions_part(batch, address=address)} if is_in else {}
    letters.write(
        kind=letters.ADDRESS_NEWS,
        to=addressee(mine),
        batch=batch,
        deadline_at=mine.deadline_at,
        why="",
        key=now.isoformat(),
        now=now,
        more={"state": mine.state.value, **dates},
    )
