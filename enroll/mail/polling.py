"""Asks the mailbox of bounces what came back: a little each round, every mail once, never in a hurry.

How far it was read is written down with what came of each mail, in one transaction. A mail that
cannot be read is passed over, a mailbox that cannot be reached is noted for staff.
"""

from __future__ import annotations

import itertools
import logging
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from enroll import clock
from enroll.db import atomically, db, dialect_name, insert_once
from enroll.mail.bounces import Bounce, TooEarly, read_bounce, settle_bounce
from enroll.mail.imap import Incoming, Unreadable
from enroll.mail.models import BounceBox

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
AT_ONCE = 50


def poll_bounces() -> int:
    """Read the mails that came since the last round, fifty at the most; answers how many.

    Does nothing unless there is a mailbox, or if somebody asked it within the minute. Runs its own
    short transactions: none is open while the mail server is spoken to.
    """
    name = box_name()
    if not name or not atomically(take_turn, name=name, now=clock.now()):
        return 0
    try:
        with Incoming() as incoming:
            last = atomically(begin_reading, name=name, validity=incoming.validity)
            return _read_some(incoming, name, last)
    except Unreadable as error:
        log.warning("the mailbox of bounces cannot be read: %s", error)
        atomically(note_failure, name=name, error=str(error), now=clock.now())
        return 0


def box_name() -> str:
    """Which mailbox is read; empty if none is."""
    config = current_app.config
    if not (config["BOUNCE_IMAP_HOST"] and config["MAIL_BOUNCES"]):
        return ""
    where = f"{config['BOUNCE_IMAP_HOST']}:{config['BOUNCE_IMAP_PORT']}"
    return f"{config['BOUNCE_IMAP_USER']}@{where}/{config['BOUNCE_IMAP_FOLDER']}"[:400]


def box() -> BounceBox | None:
    """What is known of the mailbox that is set."""
    return db.session.get(BounceBox, box_name())


def is_failing() -> bool:
    """Is there a mailbox that cannot be read?"""
    row = box()
    return row is not None and row.failing_since is not None


def take_turn(*, name: str, now: datetime) -> bool:
    """Whether it is this worker that asks the mailbox now: one does, once a minute."""
    begin = {"name": name, "asked_at": now - EVERY}
    db.session.execute(insert_once(dialect_name(), BounceBox.__table__, BounceBox.name), begin)
    is_due = sa.or_(BounceBox.asked_at <= now - EVERY, BounceBox.asked_at > now + EVERY)
    taken = db.session.scalars(
        sa.update(BounceBox)
        .where(BounceBox.name == name, is_due)
        .values(asked_at=now)
        .returning(BounceBox.name)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.all())


def begin_reading(*, name: str, validity: int) -> int:
    """The number of the mail that was read last; the mailbox can be reached."""
    row = _row(name)
    if row.validity != validity:
        row.validity, row.last_number = validity, 0
    row.failing_since, row.error = None, ""
    db.session.flush()
    return row.last_number


def note_failure(*, name: str, error: str, now: datetime) -> None:
    """Since when the mailbox cannot be read, and why."""
    row = _row(name)
    row.failing_since, row.error = row.failing_since or now, error[:300]
    db.session.flush()


def _read_some(incoming: Incoming, name: str, last: int) -> int:
    read = 0
    for number in itertools.islice(incoming.after(last), AT_ONCE):
        bounce = _bounce(incoming.read(number), number)
        try:
            is_news = atomically(
                pass_over, name=name, validity=incoming.validity, number=number, bounce=bounce
            )
        except TooEarly:
            break
        read += 1
        if is_news and bounce:
            log.info("letter %d came back", bounce.letter_id)
    if read == AT_ONCE:  # there is more: no need to wait a minute
        atomically(give_back_turn, name=name)
    return read


def _bounce(raw: bytes, number: int) -> Bounce | None:
    """What a mail says; whatever is wrong with it ends with it."""
    config = current_app.config
    try:
        return read_bounce(raw, bounces=config["MAIL_BOUNCES"], secret=config["SECRET_KEY"])
    except Exception:
        log.exception("mail %d in the mailbox of bounces cannot be understood", number)
        return None


def pass_over(*, name: str, validity: int, number: int, bounce: Bounce | None) -> bool:
    """Do what this mail asks for and never look at it again; answers whether it was news."""
    row = _row(name)
    is_news = settle_bounce(bounce) if bounce else False
    if row.validity == validity and row.last_number < number:
        row.last_number = number
    db.session.flush()
    return is_news


def give_back_turn(*, name: str) -> None:
    """Whoever looks next may ask at once."""
    row = _row(name)
    row.asked_at -= EVERY


def _row(name: str) -> BounceBox:
    return db.session.get_one(BounceBox, name, populate_existing=True, with_for_update=True)
