"""How tests write to a batch, and look at what came of it."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from enroll import clock
from enroll.batches.models import Batch
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.registrations import drafting, writing
from enroll.registrations.drafting import Content
from enroll.registrations.message_states import Audience
from enroll.registrations.messages import Message, MessageRecipient
from enroll.registrations.models import Registration
from enroll.registrations.states import State


def crowd(number: int, *, code: str | None = None, capacity: int = 1, **batch: Any) -> Batch:
    """A batch with so many people on its waitlist, their addresses confirmed; nobody has a seat.

    Their rows alone: who tests what happens to many needs no history of each.
    """
    from tests import make

    made, now = make.batch(capacity, code=code, **batch), clock.now()
    rows = [
        {
            "batch_id": made.id,
            "email": f"crowd{place}.{made.id}@example.org",
            "name": f"Person {place:05}",
            "phone": "+919812345678",
            "language": "en",
            "state": State.WAITLISTED,
            "queue_number": made.id * 100_000 + place,
            "token": secrets.token_urlsafe(24),
            "address_confirmed_at": now,
            "consent_version": "test/18",
            "consent_language": "en",
            "consented_at": now,
            "created_at": now,
        }
        for place in range(1, number + 1)
    ]
    atomically(lambda: db.session.execute(sa.insert(Registration.__table__), rows) and None)
    return made


def draft(
    batch: Batch,
    by_id: int,
    audience: Audience = Audience.LIVE,
    *chosen: int,
    subject: str = "News of the room",
    text: str = "We meet in room 5.",
    key: str | None = None,
    includes_ended: bool = False,
) -> Message:
    """Keep a message as a draft."""
    return atomically(
        drafting.draft,
        batch_id=batch.id,
        key=key or secrets.token_hex(8),
        content=Content(subject, text, audience, chosen, includes_ended),
        by_id=by_id,
        now=clock.now(),
    )


def send(message: Message, by_id: int, *, version: int | None = None) -> bool:
    """Press the button."""
    return atomically(
        drafting.send,
        message_id=message.id,
        version=message.version if version is None else version,
        by_id=by_id,
        now=clock.now(),
    )


def sent(batch: Batch, by_id: int, *args: Any, **more: Any) -> Message:
    """Draft and send at once."""
    message = draft(batch, by_id, *args, **more)
    assert send(message, by_id)
    return message


def write_all(now: datetime | None = None) -> int:
    """What the worker does until nothing is left to write; how many people it dealt with."""
    done = 0
    while count := atomically(writing.write_some, now=now or clock.now()):
        done += count
    return done


def undo_is_over() -> None:
    """The letters of messages are due now."""
    past = clock.now() - timedelta(seconds=1)
    due = sa.update(Letter).where(Letter.kind == "staff_message", Letter.state == "queued")
    atomically(lambda: db.session.execute(due.values(due_at=past)) and None)


def again(message: Message) -> Message:
    """The message as it is now."""
    db.session.rollback()
    return db.session.get_one(Message, message.id, populate_existing=True)


def recipients(message: Message) -> dict[int, tuple[str, str]]:
    """State and reason of everybody it went to, by registration."""
    db.session.rollback()
    rows = db.session.execute(
        sa.select(
            MessageRecipient.registration_id, MessageRecipient.state, MessageRecipient.why
        ).where(MessageRecipient.message_id == message.id)
    )
    return {row[0]: (row[1].value, row[2]) for row in rows}


def letters(message: Message) -> list[Letter]:
    """The letters of a message, in the order they were written."""
    db.session.rollback()
    mine = Letter.dedupe_key.startswith(f"message:{message.id}:")
    return list(db.session.scalars(sa.select(Letter).where(mine).order_by(Letter.id)))


def addresses(message: Message) -> list[str]:
    """Who was written to."""
    return [one.recipient for one in letters(message)]
