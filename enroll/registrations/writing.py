"""The worker's part in what staff write to a batch: one letter for each person, and who left meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from enroll.batches.facts import BatchFacts, batch_facts
from enroll.db import db
from enroll.mail.models import Letter
from enroll.mail.outbox import post, reword
from enroll.mail.states import LetterState
from enroll.registrations import letters
from enroll.registrations.audiences import why_left_out
from enroll.registrations.histories import addressee
from enroll.registrations.letters import STAFF_MESSAGE, Addressee
from enroll.registrations.message_states import MESSAGE_MOVES, MessageState, RecipientState
from enroll.registrations.messages import Message, MessageRecipient, is_left_to_write
from enroll.registrations.models import Registration
from enroll.registrations.placeholders import blank

UNDO = timedelta(minutes=2)  # so long after the press the letters wait before they go out
AT_ONCE = 50  # letters written in one transaction


def has_work() -> bool:
    """Is a message being sent? Cheap, and most of the time it is not."""
    sending = sa.exists().where(Message.state == MessageState.SENDING)
    return bool(db.session.scalar(sa.select(sending)))


def write_some(*, now: datetime) -> int:
    """Write the next letters of the oldest message that is being sent; answers how many people.

    Who has left meanwhile gets none. Locks the message, skipping those that another worker writes,
    then the people, skipping those that a verb is changing just now: they come next time. So it
    waits for nobody, and nobody is erased between the reading of a name and the letter with it.
    """
    message = db.session.scalars(
        sa.select(Message)
        .where(Message.state == MessageState.SENDING)
        .order_by(Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    if message is None:
        return 0
    rows = _next_people(message)
    batch = batch_facts(message.batch_id)
    for one, why in rows:
        if not why:
            _write(message, addressee(one), batch, now)
    _note(message, rows)
    if not is_left_to_write(message.id):
        MESSAGE_MOVES.check(message.state, MessageState.SENT)
        message.state, message.ended_at = MessageState.SENT, now
    db.session.flush()
    return len(rows)


def _next_people(message: Message) -> list[tuple[Registration, str]]:
    rows = db.session.execute(
        sa.select(Registration, why_left_out(message))
        .join(MessageRecipient, MessageRecipient.registration_id == Registration.id)
        .where(
            MessageRecipient.message_id == message.id,
            MessageRecipient.state == RecipientState.TO_WRITE,
        )
        .order_by(Registration.id)
        .limit(AT_ONCE)
        .with_for_update(read=True, skip_locked=True, of=Registration)
        .execution_options(populate_existing=True)
    )
    return [(row[0], row[1]) for row in rows]


def _write(message: Message, to: Addressee, batch: BatchFacts, now: datetime) -> None:
    post(
        kind=STAFF_MESSAGE,
        about=letters.about(to.registration_id),
        recipient=to.email,
        language=to.language,
        context=_context(message, to, batch),
        dedupe_key=_dedupe_key(message, to.registration_id),
        now=now,
        due_at=max(now, (message.pressed_at or now) + UNDO),
    )


def _dedupe_key(message: Message, registration_id: int) -> str:
    return f"message:{message.id}:{registration_id}"


def _context(message: Message, to: Addressee, batch: BatchFacts) -> dict[str, Any]:
    return {
        "name": to.name,
        "token": to.token,
        "batch": letters.snapshot(batch),
        "message": {"subject": message.subject, "text": message.text},
    }


def _note(message: Message, rows: Sequence[tuple[Registration, str]]) -> None:
    """Write down who has a letter now and who was left out, in one statement for each fate."""
    fates: dict[str, list[int]] = {}
    for one, why in rows:
        fates.setdefault(why, []).append(one.id)
    key = sa.literal(f"message:{message.id}:") + sa.cast(
        MessageRecipient.registration_id, sa.String
    )
    letter = sa.select(Letter.id).where(Letter.dedupe_key == key).scalar_subquery()
    for why, numbers in fates.items():
        left = {"state": RecipientState.LEFT_OUT, "why": why}
        written = {"state": RecipientState.WRITTEN, "letter_id": letter}
        db.session.execute(
            sa.update(MessageRecipient)
            .where(
                MessageRecipient.message_id == message.id,
                MessageRecipient.registration_id.in_(numbers),
            )
            .values(**(left if why else written))
            .execution_options(synchronize_session=False)
        )


def letter_to(one: Registration, message: Message, *, token: str, now: datetime) -> Letter:
    """The letter this person would get, in no database; their secret link is `token` instead."""
    return Letter(
        id=0,
        kind=STAFF_MESSAGE,
        about=letters.about(one.id),
        recipient=one.address,
        language=one.language,
        context=_context(
            message, addressee(one)._replace(token=token), batch_facts(message.batch_id)
        ),
        subscription="",
        dedupe_key=_dedupe_key(message, one.id),
        message_id="<preview@localhost>",
        written_at=now,
        state=LetterState.QUEUED,
    )


# ---------------------------------------------------------------- erasing


def forget(people: Collection[Registration]) -> None:
    """Take these people out of what staff wrote, while their names are still known.

    A message to one of them alone is emptied; in one to several, their name, address and telephone
    number are. Who it went to are numbers of rows that name nobody.
    """
    numbers = [one.id for one in people]
    to_them = sa.select(MessageRecipient.message_id).where(
        MessageRecipient.registration_id.in_(numbers)
    )
    drafts = sa.and_(
        Message.batch_id.in_({one.batch_id for one in people}), Message.state == MessageState.DRAFT
    )
    found = db.session.scalars(
        sa.select(Message)
        .where(sa.or_(Message.id.in_(to_them), drafts))
        .order_by(Message.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    secrets = [
        secret
        for one in people
        for secret in (one.name, one.email, one.letters_to or "", one.phone)
        if secret
    ]
    alone = _alone([one.id for one in found], numbers)
    for message in found:
        if message.id in alone or (message.chosen and set(message.chosen) <= set(numbers)):
            message.subject = message.text = ""
        else:
            _take_out(message, secrets)
    db.session.flush()


def _take_out(message: Message, secrets: Collection[str]) -> None:
    """Take these words out of a message to several people, and out of the letters to the others."""
    words = {name: blank(getattr(message, name), secrets) for name in ("subject", "text")}
    if words == {"subject": message.subject, "text": message.text}:
        return
    message.subject, message.text = words["subject"], words["text"]
    theirs = sa.select(MessageRecipient.letter_id).where(MessageRecipient.message_id == message.id)
    reword(letter_ids=theirs, part="message", words=words)


def _alone(message_ids: Collection[int], numbers: Collection[int]) -> set[int]:
    """The messages that went to nobody but these people."""
    theirs = MessageRecipient.registration_id.in_(numbers)
    return set(
        db.session.scalars(
            sa.select(MessageRecipient.message_id)
            .where(MessageRecipient.message_id.in_(message_ids))
            .group_by(MessageRecipient.message_id)
            .having(sa.func.count() == sa.func.count().filter(theirs))
        )
    )
