"""Writes letters: one row in the transaction of what the letter tells."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import current_app

from enroll.db import db, insert_once
from enroll.mail.models import Letter, UnaskedSlot
from enroll.mail.states import BY_TELEPHONE, LETTER_MOVES, LetterState, is_unreachable
from enroll.mail.telephone import make_task

ERASED = "erased@erased.invalid"  # RFC 2606: an address that can never be written to
_UNSENT = (LetterState.QUEUED, LetterState.CLAIMED)


def post(
    *,
    kind: str,
    about: str,
    recipient: str,
    language: str,
    context: dict[str, Any],
    dedupe_key: str,
    now: datetime,
    is_unasked: bool = False,
    subscription: str = "",
    due_at: datetime | None = None,
) -> None:
    """Queue one letter of `kind`, to be sent once whatever happens; not before `due_at`.

    To somebody without a mailbox it becomes a task for the telephone instead.

    `is_unasked`: nobody has confirmed this address; of such letters it gets three a day at most.
    `subscription`: the token under which its reader can end such letters.
    `context` is the snapshot its templates are filled with; moments in it are ISO 8601 texts in
    UTC. A second letter with the same `dedupe_key` is not written. Message-ID (RFC 5322, 3.6.4) is
    decided here, so that every try of the worker sends the same one.
    """
    row: dict[str, Any] = {
        "kind": kind,
        "about": about,
        "recipient": recipient,
        "language": language,
        "context": context,
        "dedupe_key": dedupe_key,
        "message_id": _new_message_id(),
        "written_at": now,
        "due_at": due_at or now,
        "state": LetterState.QUEUED,
        "is_unasked": is_unasked,
        "subscription": subscription,
    }
    _queue(row)


def _queue(row: dict[str, Any]) -> None:
    """Write the row; whoever has no mailbox is told by telephone: it is a task, and never queued."""
    connection = db.session.connection()
    if not is_unreachable(row["recipient"]):
        LETTER_MOVES.check(None, LetterState.QUEUED)
        connection.execute(_insertion(connection.dialect.name), row)
        return
    LETTER_MOVES.check(None, LetterState.SUPPRESSED)
    row |= {"state": LetterState.SUPPRESSED, "last_error": BY_TELEPHONE}
    letter_id = connection.scalar(_insertion(connection.dialect.name).returning(Letter.id), row)
    if letter_id is not None:
        make_task(letter_id)


def _new_message_id() -> str:
    domain = str(current_app.config["MAIL_SENDER"]).rpartition("@")[2]
    return f"<{secrets.token_hex(16)}@{domain}>"


# Built once for each kind of database: letters are written where people crowd.
@cache
def _insertion(dialect: str) -> Any:
    return insert_once(dialect, Letter.__table__, Letter.dedupe_key)


def suppress(*, address_like: str) -> None:
    """Keep what is queued for such addresses (SQL LIKE) from being sent; the rows stay."""
    LETTER_MOVES.check(LetterState.QUEUED, LetterState.SUPPRESSED)
    db.session.execute(
        sa.update(Letter)
        .where(Letter.state == LetterState.QUEUED, Letter.recipient.like(address_like))
        .values(state=LetterState.SUPPRESSED)
    )


def drop(*, about: str, kinds: Collection[str], why: str, key_like: str = "%") -> None:
    """Queued letters of these kinds about this thing are not sent any more, nor told; the rows stay.

    With `key_like` only those whose `dedupe_key` is like it (SQL LIKE).
    """
    LETTER_MOVES.check(LetterState.QUEUED, LetterState.SUPPRESSED)
    waits = sa.or_(Letter.state == LetterState.QUEUED, Letter.last_error == BY_TELEPHONE)
    db.session.execute(
        sa.update(Letter)
        .where(
            Letter.about == about,
            Letter.kind.in_(kinds),
            waits,
            Letter.dedupe_key.like(key_like),
        )
        .values(state=LetterState.SUPPRESSED, last_error=why)
        .execution_options(synchronize_session=False)
    )


def waiting(*, about_in: Collection[str], kind: str) -> Sequence[dict[str, Any]]:
    """What the letters of a kind about these things say that have not left yet."""
    return db.session.scalars(
        sa.select(Letter.context).where(
            Letter.about.in_(about_in), Letter.kind == kind, Letter.state == LetterState.QUEUED
        )
    ).all()


def recall(*, letter_ids: sa.Select[Any], why: str) -> int:
    """Of these letters, those that wait to be sent are not sent any more; answers how many."""
    LETTER_MOVES.check(LetterState.QUEUED, LetterState.SUPPRESSED)
    recalled = db.session.scalars(
        sa.update(Letter)
        .where(Letter.id.in_(letter_ids), Letter.state == LetterState.QUEUED)
        .values(state=LetterState.SUPPRESSED, last_error=why)
        .returning(Letter.id)
        .execution_options(synchronize_session=False)
    )
    return len(recalled.all())


def reword(*, letter_ids: sa.Select[Any], part: str, words: dict[str, str]) -> None:
    """These letters say something else in this part of their context, also where they are kept only.

    For what must not be kept in letters to others. What has gone out cannot be called back.
    """
    for letter in db.session.scalars(sa.select(Letter).where(Letter.id.in_(letter_ids))):
        if letter.recipient != ERASED:
            letter.context = letter.context | {part: words}
        letter.rendered = None
    db.session.flush()


def drop_to(*, about_in: Collection[str], recipient: str, why: str) -> None:
    """What is about these things and has not left for this address is not sent there any more.

    A worker that has claimed such a letter loses its lease, and asks for it before the text goes out.
    """
    for state in _UNSENT:
        LETTER_MOVES.check(state, LetterState.SUPPRESSED)
    waits = sa.or_(Letter.state.in_(_UNSENT), Letter.last_error == BY_TELEPHONE)
    db.session.execute(
        sa.update(Letter)
        .where(Letter.about.in_(about_in), Letter.recipient == recipient, waits)
        .values(state=LetterState.SUPPRESSED, claimed_by="", last_error=why)
        .execution_options(synchronize_session=False)
    )


def drop_for(*, recipient: str, subscription: str) -> None:
    """Queued letters of a subscription that has ended are not sent any more."""
    LETTER_MOVES.check(LetterState.QUEUED, LetterState.SUPPRESSED)
    db.session.execute(
        sa.update(Letter)
        .where(
            Letter.recipient == recipient,
            Letter.subscription == subscription,
            Letter.state == LetterState.QUEUED,
        )
        .values(state=LetterState.SUPPRESSED, last_error="unsubscribed")
        .execution_options(synchronize_session=False)
    )


def postpone(*, written_before: datetime, until: datetime) -> int:
    """Queued letters written before a moment are due at `until`, be it later or earlier than it was.

    A letter that was tried before only comes later by it. Answers how many there were.
    """
    moved = db.session.scalars(
        sa.update(Letter)
        .where(
            Letter.state == LetterState.QUEUED,
            Letter.written_at < written_before,
            # Whoever is on the ladder of tries is never brought forward.
            sa.or_(Letter.attempts == 0, Letter.due_at < until),
        )
        .values(due_at=until)
        .returning(Letter.id)
        .execution_options(synchronize_session=False)
    )
    return len(moved.all())


def was_asked(*, about: str) -> None:
    """The address has confirmed this: its letters do not count as unasked for any more."""
    letters = sa.select(Letter.id).where(Letter.about == about)
    db.session.execute(
        sa.delete(UnaskedSlot)
        .where(UnaskedSlot.letter_id.in_(letters))
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        sa.update(Letter)
        .where(Letter.about == about, Letter.is_unasked)
        .values(is_unasked=False)
        .execution_options(synchronize_session=False)
    )


def letters_about(
    *,
    about_in: Collection[str],
    recipients: Collection[str] = (),
    besides: Collection[str] = (),
) -> list[int]:
    """The numbers of all letters about these things, or to these addresses but not `besides` these."""
    wanted = sa.select(Letter.id).where(_concerns(about_in, recipients, besides))
    return list(db.session.scalars(wanted.order_by(Letter.id)))


def forget(
    *,
    about_in: Collection[str],
    recipients: Collection[str] = (),
    besides: Collection[str] = (),
) -> int:
    """Empty all letters about these things, or to these addresses, of whom they went to and what
    they said; answers how many. The rows stay, so that counts and histories still add up.
    `besides` are things of others who share an address: their letters stay.

    What is queued is suppressed. So is what a worker has claimed: its lease is taken away, and as
    nothing goes out before the worker has asked for it once more, nothing will. What is being sent
    cannot be called back: it stays `sending`, and all that is written down of it is how it ended.
    The files in the local mailbox are deleted by `mailbox.remove`, after the commit.
    """
    for state in _UNSENT:
        LETTER_MOVES.check(state, LetterState.SUPPRESSED)
    unsent = Letter.state.in_(_UNSENT)
    suppressed = sa.literal(LetterState.SUPPRESSED, Letter.state.type)
    # The rows are emptied first: a worker that takes a slot holds its letter's row.
    emptied = db.session.scalars(
        sa.update(Letter)
        .where(_concerns(about_in, recipients, besides))
        .values(
            recipient=ERASED,
            context={},
            rendered=None,
            last_error="",
            claimed_by=sa.case((unsent, ""), else_=Letter.claimed_by),
            state=sa.case((unsent, suppressed), else_=Letter.state),
        )
        .returning(Letter.id)
        .execution_options(synchronize_session=False)
    ).all()
    db.session.execute(
        sa.delete(UnaskedSlot)
        .where(UnaskedSlot.letter_id.in_(emptied))
        .execution_options(synchronize_session=False)
    )
    return len(emptied)


def _concerns(
    about_in: Collection[str], recipients: Collection[str], besides: Collection[str]
) -> sa.ColumnElement[bool]:
    about = Letter.about.in_(about_in)
    theirs = sa.and_(Letter.recipient.in_(recipients), Letter.about.not_in(besides))
    return sa.or_(about, theirs) if recipients else about
