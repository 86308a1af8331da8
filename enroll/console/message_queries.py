"""What the pages about messages read: how far a message is, and what became of each letter of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.accounts.models import Staff
from enroll.db import db
from enroll.mail.models import Letter
from enroll.mail.states import LetterState
from enroll.registrations.message_states import LeftOut, RecipientState
from enroll.registrations.messages import Message, MessageRecipient
from enroll.registrations.models import Registration

ROWS = 100  # people on one page
MESSAGES = 50  # messages on one page


class Fate(StrEnum):
    """What became of one person's letter, in the order in which staff want to know."""

    FAILED = "failed"
    LEFT_OUT = "left_out"
    TAKEN_BACK = "taken_back"
    TO_WRITE = "to_write"
    WAITS = "waits"
    SENT = "sent"


class Told(NamedTuple):
    """One person a message was sent to, and what became of the letter."""

    person: Registration
    fate: Fate
    why: LeftOut | None
    letter: LetterState | None
    sent_at: Any
    error: str


_FATE = sa.case(
    (MessageRecipient.state == RecipientState.TO_WRITE, Fate.TO_WRITE.value),
    (MessageRecipient.state == RecipientState.LEFT_OUT, Fate.LEFT_OUT.value),
    (Letter.state == LetterState.SENT, Fate.SENT.value),
    (Letter.state.in_((LetterState.FAILED, LetterState.UNKNOWN)), Fate.FAILED.value),
    (Letter.state == LetterState.SUPPRESSED, Fate.TAKEN_BACK.value),
    else_=Fate.WAITS.value,
)


def find_message(batch_id: int, number: int) -> Message | None:
    """One message of this batch, as it is now."""
    return db.session.scalar(
        sa.select(Message)
        .where(Message.batch_id == batch_id, Message.id == number)
        .execution_options(populate_existing=True)
    )


def writers(message: Message) -> tuple[str, str]:
    """The names of who wrote it and of who pressed the button."""
    ids = [message.by_id, message.pressed_by_id]
    rows = db.session.execute(sa.select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    names = {row.id: row.name for row in rows}
    return names[message.by_id], names.get(message.pressed_by_id or 0, "")


def fates(message_ids: Sequence[int]) -> dict[int, dict[Fate, int]]:
    """How many letters of these messages fared how: one query."""
    rows = db.session.execute(
        sa.select(MessageRecipient.message_id, _FATE, sa.func.count())
        .outerjoin(Letter, Letter.id == MessageRecipient.letter_id)
        .where(MessageRecipient.message_id.in_(message_ids))
        .group_by(MessageRecipient.message_id, sa.literal_column("2"))
    )
    found: dict[int, dict[Fate, int]] = {number: {} for number in message_ids}
    for number, fate, count in rows:
        found[number][Fate(fate)] = count
    return {
        number: {fate: counts[fate] for fate in Fate if fate in counts}
        for number, counts in found.items()
    }


def told(message: Message, *, only: Fate | None, after: int) -> tuple[list[Told], int | None]:
    """One page of the people it was sent to, and where the next page begins."""
    rows = db.session.execute(
        sa.select(
            Registration,
            _FATE,
            MessageRecipient.why,
            Letter.state,
            Letter.sent_at,
            Letter.last_error,
        )
        .join(MessageRecipient, MessageRecipient.registration_id == Registration.id)
        .outerjoin(Letter, Letter.id == MessageRecipient.letter_id)
        .where(
            MessageRecipient.message_id == message.id,
            MessageRecipient.registration_id > after,
            *((only.value == _FATE,) if only else ()),
        )
        .order_by(MessageRecipient.registration_id)
        .limit(ROWS + 1)
    ).all()
    people = [
        Told(one, Fate(fate), LeftOut(why) if why else None, state, sent_at, error or "")
        for one, fate, why, state, sent_at, error in rows
    ]
    more = people[ROWS - 1].person.id if len(people) > ROWS else None
    return people[:ROWS], more


class Listed(NamedTuple):
    """A message in the list of a batch."""

    message: Message
    by: str


def listed(batch_id: int, *, before: int | None) -> tuple[list[Listed], int | None]:
    """One page of the messages of a batch, newest first, and where the next page begins."""
    writer = aliased(Staff)
    query = (
        sa.select(Message, writer.name)
        .join(writer, writer.id == Message.by_id)
        .where(Message.batch_id == batch_id)
        .order_by(Message.id.desc())
        .limit(MESSAGES + 1)
    )
    if before is not None:
        query = query.where(Message.id < before)
    rows = [Listed(row[0], row[1]) for row in db.session.execute(query)]
    more = rows[MESSAGES - 1].message.id if len(rows) > MESSAGES else None
    return rows[:MESSAGES], more
