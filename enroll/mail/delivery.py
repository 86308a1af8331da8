"""Sends what is due: claims letters with a lease, renders them once, hands them over.

A letter is `claimed` until its text goes out and `sending` from then on. A worker that dies before
that loses only its lease and the letter is tried again; one that dies after it leaves the letter
`unknown`, because sending it again might make two of it.
"""

from __future__ import annotations

import logging
import random
import re
import smtplib
from contextlib import suppress
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import undefer

from enroll import clock
from enroll.db import atomically, db
from enroll.mail import mailbox
from enroll.mail.envelope import return_address
from enroll.mail.models import Letter
from enroll.mail.outbox import ERASED
from enroll.mail.rendering import render
from enroll.mail.retries import next_try
from enroll.mail.slots import take_slot
from enroll.mail.smtp import Kept, Outgoing
from enroll.mail.states import BY_TELEPHONE, LETTER_MOVES, LetterState, is_unreachable
from enroll.mail.telephone import make_task

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than the SMTP time-outs of one letter together
AT_ONCE = 20
TOO_MANY = "three unasked letters today already"
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>]+")


class LeaseLost(Exception):
    """Somebody else has this letter now, or nobody any more; nothing of it has been sent."""


class CannotBeWritten(Exception):
    """Its template and its context do not fit together."""


def deliver_due(*, worker: str) -> int:
    """Send the letters that are due, twenty at the most; answers how many were dealt with.

    Runs its own short transactions: none is open while a mail server is spoken to.
    """
    claimed = atomically(claim_due, worker=worker, now=clock.now())
    letters = [letter for letter in claimed if _is_rendered(letter, worker)]
    if current_app.config["MAIL_SERVER"]:
        if letters:
            _send_all(letters, worker)
    else:
        for letter in letters:
            with suppress(LeaseLost):
                atomically(put_into_mailbox, letter=letter, worker=worker, now=clock.now())
    return len(claimed)


def claim_due(*, worker: str, now: datetime) -> list[Letter]:
    """Take up to twenty letters that are due, and those whose worker has died, for five minutes."""
    db.session.execute(
        sa.update(Letter)
        .where(Letter.state == LetterState.SENDING, Letter.due_at <= now)
        .values(state=LetterState.UNKNOWN, last_error="the worker died while sending")
    )
    letters = db.session.scalars(
        sa.select(Letter)
        .options(undefer(Letter.rendered))
        .where(Letter.state.in_([LetterState.QUEUED, LetterState.CLAIMED]), Letter.due_at <= now)
        .order_by(Letter.due_at, Letter.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for letter in letters:
        letter.state = LetterState.CLAIMED
        letter.claimed_by = worker
        letter.due_at = now + LEASE
        letter.attempts += 1
    db.session.flush()
    # What the caller holds is a copy: nothing it does to one may reach the database by itself.
    db.session.expunge_all()
    return list(letters)


def _is_rendered(letter: Letter, worker: str) -> bool:
    """Render a letter the first time; a template's slip fails the letter, not the worker."""
    if is_unreachable(letter.recipient):
        with suppress(LeaseLost):
            atomically(have_it_told, letter_id=letter.id, worker=worker)
        return False
    if letter.rendered is not None:
        return True
    try:
        if letter.is_unasked and not atomically(
            may_come_unasked, letter_id=letter.id, worker=worker, now=clock.now()
        ):
            return False
        letter.rendered = _written(letter)
        atomically(keep, letter_id=letter.id, worker=worker, rendered=letter.rendered)
    except CannotBeWritten as error:
        with suppress(LeaseLost):
            _settle_error(letter, worker, LetterState.FAILED, f"cannot be written: {error}")
        return False
    except LeaseLost:  # or everything about it was deleted in the meantime
        return False
    return True


def _written(letter: Letter) -> bytes:
    try:
        return render(letter)
    except Exception as error:
        log.exception("letter %d cannot be written", letter.id)
        raise CannotBeWritten(error) from error
    finally:
        db.session.rollback()


def have_it_told(*, letter_id: int, worker: str) -> None:
    """Nothing ever leaves for somebody without a mailbox, however it came into the queue."""
    letter = _mine(letter_id, worker)
    LETTER_MOVES.check(letter.state, LetterState.SUPPRESSED)
    letter.state, letter.last_error = LetterState.SUPPRESSED, BY_TELEPHONE
    make_task(letter.id)


def may_come_unasked(*, letter_id: int, worker: str, now: datetime) -> bool:
    """Take one of the day's slots of its address for this letter; without one it is never sent."""
    letter = _mine(letter_id, worker)
    if not letter.is_unasked or take_slot(letter_id=letter.id, recipient=letter.recipient, now=now):
        return True
    LETTER_MOVES.check(letter.state, LetterState.SUPPRESSED)
    letter.state, letter.last_error = LetterState.SUPPRESSED, TOO_MANY
    return False


def keep(*, letter_id: int, worker: str, rendered: bytes) -> None:
    """Keep the bytes, so that every try sends the same ones."""
    _mine(letter_id, worker).rendered = rendered


def put_into_mailbox(*, letter: Letter, worker: str, now: datetime) -> None:
    """Put a letter into the local mailbox. Its row is locked meanwhile: who erases it finds the file."""
    settle(letter_id=letter.id, worker=worker, state=LetterState.SENT, now=now)
    mailbox.put(letter.id, letter.rendered or b"")


# ---------------------------------------------------------------- over SMTP


def _send_all(letters: list[Letter], worker: str) -> None:
    """One connection for all; whoever is not reached because of the connection is tried later."""
    waiting = list(letters)
    try:
        with Outgoing() as connection:
            while waiting:
                _send(connection, waiting[0], worker)
                waiting.pop(0)
    except (smtplib.SMTPException, OSError) as error:
        log.warning("mail server: %s", error)
        for letter in waiting:
            with suppress(LeaseLost):  # another worker looks after that one
                _try_later(letter, worker, error)


def _send(connection: Outgoing, letter: Letter, worker: str) -> None:
    """Send one letter. Raises only what ends the whole connection before its text went out."""
    has_gone_out = False

    def before_text() -> None:
        nonlocal has_gone_out
        atomically(begin_sending, letter_id=letter.id, worker=worker, now=clock.now())
        has_gone_out = True

    try:
        connection.send_kept(
            Kept(letter.recipient, letter.rendered or b""),
            before_text,
            returns_to=_returns_to(letter),
        )
    except LeaseLost:
        log.warning("letter %d: the lease was lost", letter.id)
        raise smtplib.SMTPServerDisconnected("half a conversation is left behind") from None
    except smtplib.SMTPRecipientsRefused as refused:
        code, text = next(iter(refused.recipients.values()))
        _answered(letter, worker, code, text)
    except smtplib.SMTPDataError as refused:
        _answered(letter, worker, refused.smtp_code, refused.smtp_error)
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        if not has_gone_out:
            raise
        _settle_error(letter, worker, LetterState.UNKNOWN, str(error))
    else:
        atomically(
            settle, letter_id=letter.id, worker=worker, state=LetterState.SENT, now=clock.now()
        )


def _returns_to(letter: Letter) -> str | None:
    """The signed address of this letter, where there is a mailbox for what comes back."""
    bounces, secret = current_app.config["MAIL_BOUNCES"], current_app.config["SECRET_KEY"]
    return return_address(letter.id, bounces=bounces, secret=secret) if bounces else None


def begin_sending(*, letter_id: int, worker: str, now: datetime) -> None:
    """The last step that can be taken back: from here on the letter may have arrived."""
    letter = _mine(letter_id, worker)
    if letter.state is not LetterState.CLAIMED:
        raise LeaseLost
    LETTER_MOVES.check(letter.state, LetterState.SENDING)
    letter.state, letter.due_at = LetterState.SENDING, now + LEASE


def _answered(letter: Letter, worker: str, code: int, text: bytes | str) -> None:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    if code >= 500:
        _settle_error(letter, worker, LetterState.FAILED, f"{code} {words}")
    else:
        _try_later(letter, worker, f"{code} {words}")


def _try_later(letter: Letter, worker: str, error: object) -> None:
    delay = next_try(letter.attempts, random.random())  # noqa: S311 - spreads, guards nothing
    if delay is None:
        _settle_error(letter, worker, LetterState.FAILED, f"given up: {error}")
    else:
        atomically(
            requeue,
            letter_id=letter.id,
            worker=worker,
            due_at=clock.now() + delay,
            error=str(error)[:500],
        )


# ---------------------------------------------------------------- what became of it


def _settle_error(letter: Letter, worker: str, state: LetterState, error: str) -> None:
    # Mail servers put the address into their refusals; the row keeps it, the log does not.
    log.warning("letter %d %s: %s", letter.id, state, _ADDRESS.sub("(address)", error))
    atomically(
        settle, letter_id=letter.id, worker=worker, state=state, now=clock.now(), error=error[:500]
    )


def settle(
    *, letter_id: int, worker: str, state: LetterState, now: datetime, error: str = ""
) -> None:
    """Write down how it ended: sent, failed or unknown.

    Of a letter whose data was deleted in the meantime only that: servers quote the address.
    """
    letter = _mine(letter_id, worker)
    LETTER_MOVES.check(letter.state, state)
    letter.state = state
    letter.sent_at = now if state is LetterState.SENT else None
    letter.last_error = "" if letter.recipient == ERASED else error


def requeue(*, letter_id: int, worker: str, due_at: datetime, error: str) -> None:
    """Back into the queue, to be tried at `due_at`; unless its data was deleted while it was sent."""
    letter = _mine(letter_id, worker)
    if letter.recipient == ERASED:
        LETTER_MOVES.check(letter.state, LetterState.SUPPRESSED)
        letter.state = LetterState.SUPPRESSED
        return
    LETTER_MOVES.check(letter.state, LetterState.QUEUED)
    letter.state, letter.due_at, letter.last_error = LetterState.QUEUED, due_at, error


def _mine(letter_id: int, worker: str) -> Letter:
    letter = db.session.get_one(Letter, letter_id, populate_existing=True, with_for_update=True)
    if letter.claimed_by != worker:
        raise LeaseLost
    return letter
