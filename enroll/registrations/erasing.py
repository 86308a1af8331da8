"""Empties people out of everything that is kept, at their wish or when the time has come.

The rows stay, so that counts, histories and letters still add up; nobody stands in them any more.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from enroll.batches.models import Batch
from enroll.db import Again, db
from enroll.mail.outbox import forget, letters_about
from enroll.mail.states import is_unreachable
from enroll.mail.subscriptions import forget_subscriptions
from enroll.registrations.allocation import move, promote
from enroll.registrations.entering import new_token
from enroll.registrations.importing import forget_rows
from enroll.registrations.letters import about, about_queue, reminders_topic
from enroll.registrations.locking import lock_seating
from enroll.registrations.models import (
    Erasure,
    LinkRequest,
    OpeningReminder,
    Registration,
    RegistrationEvent,
)
from enroll.registrations.noting import empty_notes
from enroll.registrations.replay import OUT_OF_TURN
from enroll.registrations.states import LIVE, State
from enroll.registrations.writing import forget as forget_messages

ERASED_DOMAIN = "erased.invalid"  # RFC 2606: an address that can never be written to
AT_ONCE = 100


class Erased(NamedTuple):
    """The code of the receipt, and the letters that were emptied, for whoever keeps copies of them."""

    receipt: str
    letters: list[int]


def erase(*, registration_id: int, by: str, now: datetime) -> Erased | None:
    """Delete everything about the person behind this registration; answers the receipt.

    All registrations of the address are emptied, also in other batches; the live ones end, and what
    frees is offered. Locks their batches. `None` if it was emptied before.
    """
    email = _email(registration_id)
    if email is None:
        return None
    batch_ids = _batches_of(email)
    lock_seating(*batch_ids)
    if not set(_batches_of(email)) <= set(batch_ids):
        raise Again
    people = db.session.scalars(
        sa.select(Registration)
        .where(Registration.email == email, Registration.erased_at.is_(None))
        .order_by(Registration.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for one in people:
        if one.state.is_live:
            move(one, State.WITHDRAWN, by="erasure", why="data deleted", now=now)
    forget_subscriptions(email=_own_address(people))
    for request in (LinkRequest, OpeningReminder):
        db.session.execute(sa.delete(request).where(request.email == email))
    recipients = sorted({email, _own_address(people)} - {""})
    erased = _empty(people, by=by, now=now, recipients=recipients)
    for batch_id in sorted(batch_ids):
        promote(batch_id=batch_id, now=now)
    return erased


def erase_old(*, days: int, now: datetime) -> int:
    """Empty what ended so many days ago, with its batch over as long; a hundred at the most."""
    before = now - timedelta(days=days)
    old = db.session.scalars(
        sa.select(Registration)
        .join(Batch, Batch.id == Registration.batch_id)
        .where(
            Registration.erased_at.is_(None),
            Registration.created_at < before,
            Batch.ends_on < before.date(),
            sa.or_(Registration.state.not_in(LIVE), Registration.state == State.CONFIRMED),
        )
        .order_by(Registration.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=Registration)
        .execution_options(populate_existing=True)
    ).all()
    if old:
        # Their addresses may be live elsewhere: only what is about these rows is emptied.
        _empty(old, by="clock", now=now, recipients=[])
    return len(old)


def _email(registration_id: int) -> str | None:
    row = db.session.get_one(Registration, registration_id, populate_existing=True)
    return row.email if row.erased_at is None else None


def _own_address(people: Sequence[Registration]) -> str:
    """The mailbox that is this person's alone; empty for one that is shared, or none."""
    own = {one.email for one in people if not one.letters_to and not is_unreachable(one.email)}
    return next(iter(own), "")


def _of_others(people: Sequence[Registration], recipients: Sequence[str]) -> list[str]:
    """What letters to these addresses are about other people who share them."""
    mine = [one.id for one in people]
    sharing = sa.select(Registration.id).where(
        Registration.letters_to.in_(recipients),
        Registration.id.not_in(mine),
        Registration.erased_at.is_(None),
    )
    return [about(one) for one in db.session.scalars(sharing)]


def _batches_of(email: str) -> list[int]:
    """Where the person is live, or was: those may have to be served anew."""
    return list(
        db.session.scalars(
            sa.select(Registration.batch_id).where(Registration.email == email).distinct()
        )
    )


def _empty(
    people: Sequence[Registration], *, by: str, now: datetime, recipients: Sequence[str]
) -> Erased:
    """Take the person out of these rows and their letters, and write the receipt."""
    forget_messages(people)
    forget_rows(people)
    for one in people:
        one.email, one.letters_to = f"erased-{one.id}@{ERASED_DOMAIN}", None
        one.name = one.phone = one.background = one.message = ""
        one.question = one.decision = ""
        one.token = new_token()  # the old link is dead
        one.network = one.remind_at = one.news_consented_at = None
        one.erased_at = now
    db.session.flush()
    _shorten_reasons([one.id for one in people])
    empty_notes([one.id for one in people])
    told = [about(one.id) for one in people] + [about_queue(one.batch_id) for one in people]
    forget_subscriptions(topics=[reminders_topic(one.id) for one in people])
    which = {"about_in": told, "recipients": recipients, "besides": _of_others(people, recipients)}
    letters = letters_about(**which)
    forget(**which)
    receipt = secrets.token_hex(8)
    db.session.add(
        Erasure(receipt=receipt, at=now, by=by, registrations=len(people), letters=len(letters))
    )
    db.session.flush()
    return Erased(receipt, letters)


def _shorten_reasons(ids: Sequence[int]) -> None:
    """A colleague's words about the person go; that there was a reason stays."""
    db.session.execute(
        sa.update(RegistrationEvent)
        .where(
            RegistrationEvent.registration_id.in_(ids),
            RegistrationEvent.why.startswith(OUT_OF_TURN, autoescape=True),
        )
        .values(why=f"{OUT_OF_TURN}deleted")
        .execution_options(synchronize_session=False)
    )
