"""Staff write to people of a batch: drafted, sent at one press to whoever belongs to it then, stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from enroll.comments.markup import to_text
from enroll.db import db, dialect_name, insert_once
from enroll.mail.outbox import recall
from enroll.refusal import Refused
from enroll.registrations.audiences import belongs, why_left_out
from enroll.registrations.message_states import (
    MESSAGE_MOVES,
    Audience,
    LeftOut,
    MessageState,
    RecipientState,
)
from enroll.registrations.messages import Message, MessageRecipient, is_left_to_write
from enroll.registrations.models import Registration
from enroll.registrations.placeholders import unknown

LONGEST_KEY = 64


class UnknownPlaceholder(Refused):
    """The words in braces `names` stand for nothing."""


class AlreadySent(Refused):
    """The message has been sent, so its words stay; `state` is where it stands."""


class Rewritten(Refused):
    """A colleague has changed the message since it was looked at."""


class NobodyToWriteTo(Refused):
    """No letter can reach anybody this message is meant for."""


class Content(NamedTuple):
    """What a message says, and to whom."""

    subject: str
    text: str
    audience: Audience
    chosen: tuple[int, ...] = ()
    includes_ended: bool = False


class Stopped(NamedTuple):
    """Letters not written, and letters written and not sent, when the button was pressed."""

    unwritten: int
    taken_back: int


# ---------------------------------------------------------------- before the press


def draft(*, batch_id: int, key: str, content: Content, by_id: int, now: datetime) -> Message:
    """Keep a message that nobody gets yet. The same `key` once more is the same message.

    Refuses with `UnknownPlaceholder`; with `AlreadySent` if it was sent under this key with other
    words.
    """
    fields = _checked(content)
    insert = insert_once(dialect_name(), Message.__table__, Message.batch_id, Message.key)
    row = {"batch_id": batch_id, "key": key, "by_id": by_id, "written_at": now}
    db.session.execute(insert, row | fields | {"state": MessageState.DRAFT})
    message = db.session.scalars(
        sa.select(Message)
        .where(Message.batch_id == batch_id, Message.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    return _change(message, fields)


def revise(*, message_id: int, version: int, content: Content) -> Message:
    """Change a draft that was looked at in this `version`.

    Refuses with `UnknownPlaceholder`, `AlreadySent` or `Rewritten`.
    """
    fields = _checked(content)
    message = _message(message_id)
    _refuse_if_changed(message, version)
    return _change(message, fields)


def discard(*, message_id: int) -> None:
    """Throw a draft away. Refuses with `AlreadySent`."""
    message = _message(message_id)
    if message.state is not MessageState.DRAFT:
        raise AlreadySent(state=message.state)
    db.session.delete(message)
    db.session.flush()


def _checked(content: Content) -> dict[str, Any]:
    """The columns of these words; nothing unseen in them, the subject in one line."""
    if names := unknown(content.subject, content.text):
        raise UnknownPlaceholder(names=names)
    picked = content.chosen if content.audience is Audience.CHOSEN else ()
    return {
        "subject": " ".join(to_text(content.subject).split()),
        # Browsers end lines with CRLF; letters have line ends of their own.
        "text": "\n".join(to_text(content.text).strip().splitlines()),
        "audience": content.audience,
        "chosen": sorted(set(picked)),
        "includes_ended": content.includes_ended and bool(picked),
    }


def _change(message: Message, fields: dict[str, Any]) -> Message:
    if all(getattr(message, name) == value for name, value in fields.items()):
        return message
    if message.state is not MessageState.DRAFT:
        raise AlreadySent(state=message.state)
    for name, value in fields.items():
        setattr(message, name, value)
    message.version += 1
    db.session.flush()
    return message


# ---------------------------------------------------------------- the press


def send(*, message_id: int, version: int, by_id: int, now: datetime) -> bool:
    """Fix who gets this message; the worker writes the letters. Was it this very press?

    Locks the message: of two presses the second changes nothing. Refuses with `Rewritten` if it is
    not the `version` that was looked at, and with `NobodyToWriteTo`.
    """
    message = _message(message_id)
    if message.state is not MessageState.DRAFT:
        return False
    _refuse_if_changed(message, version)
    why = why_left_out(message)
    state = sa.case((why == "", RecipientState.TO_WRITE.value), else_=RecipientState.LEFT_OUT.value)
    people = sa.select(sa.literal(message.id), Registration.id, state, why).where(belongs(message))
    columns = ["message_id", "registration_id", "state", "why"]
    db.session.execute(sa.insert(MessageRecipient).from_select(columns, people))
    if not is_left_to_write(message.id):
        raise NobodyToWriteTo
    _move(message, MessageState.SENDING)
    message.pressed_at, message.pressed_by_id = now, by_id
    db.session.flush()
    return True


def write_to(
    *,
    batch_id: int,
    registration_ids: Sequence[int],
    subject: str,
    text: str,
    key: str,
    by_id: int,
    now: datetime,
) -> Message:
    """Write ready words to these people, whether or not their registrations have ended.

    Once for each `key`, however often it is asked for. Refuses like `draft` and `send`.
    """
    content = Content(subject, text, Audience.CHOSEN, tuple(registration_ids), includes_ended=True)
    # A key is as long as its maker likes; only what is equal must stay equal.
    short = key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()
    message = draft(batch_id=batch_id, key=short, content=content, by_id=by_id, now=now)
    send(message_id=message.id, version=message.version, by_id=by_id, now=now)
    return message


def stop(*, message_id: int, now: datetime) -> Stopped | None:
    """Write no more letters of this message, and take back those that have not gone out.

    `None` if there was nothing to stop.
    """
    message = _message(message_id)
    if message.state is MessageState.DRAFT:
        return None
    left = sa.update(MessageRecipient).where(
        MessageRecipient.message_id == message.id,
        MessageRecipient.state == RecipientState.TO_WRITE,
    )
    unwritten = db.session.scalars(
        left.values(state=RecipientState.LEFT_OUT, why=LeftOut.STOPPED)
        .returning(MessageRecipient.registration_id)
        .execution_options(synchronize_session=False)
    ).all()
    mine = sa.select(MessageRecipient.letter_id).where(MessageRecipient.message_id == message.id)
    taken_back = recall(letter_ids=mine, why="stopped by staff")
    if not unwritten and not taken_back:
        return None
    # Once more: a letter that was on its way at the first press, and had to be tried again.
    if message.state is not MessageState.STOPPED:
        _move(message, MessageState.STOPPED)
    message.ended_at = now
    db.session.flush()
    return Stopped(len(unwritten), taken_back)


# ---------------------------------------------------------------- the means


def _message(message_id: int) -> Message:
    return db.session.get_one(Message, message_id, populate_existing=True, with_for_update=True)


def _refuse_if_changed(message: Message, version: int) -> None:
    if message.state is not MessageState.DRAFT:
        raise AlreadySent(state=message.state)
    if message.version != version:
        raise Rewritten


def _move(message: Message, state: MessageState) -> None:
    MESSAGE_MOVES.check(message.state, state)
    message.state = state
