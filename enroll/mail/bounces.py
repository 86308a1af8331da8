"""Reads what came back: a letter that a mail server reports as undeliverable has failed after all.

Only reports count (RFC 3464, `multipart/report`), only of failures, and only those that came to an
address we have signed for that letter. Delays, replies, holiday notices and forgeries say nothing.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from typing import NamedTuple

from enroll.db import db
from enroll.mail.envelope import letter_named
from enroll.mail.models import Letter
from enroll.mail.outbox import ERASED
from enroll.mail.states import LETTER_MOVES, LetterState

# Servers write where they took a mail for in one of these.
_COMES_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "Cc")
_ADDRESS = re.compile(r"[^\s<>@,;:\"'()]+@[^\s<>@,;:\"'()]+")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")


class Bounce(NamedTuple):
    """One letter that could not be delivered, and what the other server said."""

    letter_id: int
    said: str


class TooEarly(Exception):
    """Our own server has not told us yet that it has this letter: to be read again later."""


def read_bounce(raw: bytes, *, bounces: str, secret: str) -> Bounce | None:
    """What a mail in the mailbox of bounces says; nothing unless it is a true report of a failure."""
    message = message_from_bytes(raw)
    headers = [str(value) for name in _COMES_TO for value in message.get_all(name, [])]
    letter_id = letter_named(headers, bounces=bounces, secret=secret)
    if letter_id is None or not _is_report(message):
        return None
    for block in _blocks(message):
        if str(block.get("Action", "")).strip().lower() == "failed":
            return Bounce(letter_id, _said(block))
    return None


def settle_bounce(bounce: Bounce) -> bool:
    """The letter has failed, for the reason the other server gave; answers whether that was news.

    Of a letter whose data was deleted in the meantime only that it failed. Raises `TooEarly` while
    the letter is still being handed over.
    """
    letter = db.session.get(Letter, bounce.letter_id, populate_existing=True, with_for_update=True)
    if letter is None:
        return False
    if letter.state is LetterState.SENDING:
        raise TooEarly
    if letter.state not in (LetterState.SENT, LetterState.UNKNOWN):
        return False
    LETTER_MOVES.check(letter.state, LetterState.FAILED)
    letter.state = LetterState.FAILED
    letter.last_error = "" if letter.recipient == ERASED else _only(letter.recipient, bounce.said)
    db.session.flush()
    return True


def _is_report(message: Message) -> bool:
    kind = str(message.get_param("report-type", "")).lower()
    return message.get_content_type() == "multipart/report" and kind == "delivery-status"


def _blocks(message: Message) -> list[Message]:
    """What the report says of each recipient: groups of headers, the first about the whole mail."""
    for part in message.walk():
        content = part.get_payload()
        if part.get_content_type() == "message/delivery-status" and isinstance(content, list):
            return [block for block in content if isinstance(block, Message)]
    return []


def _said(block: Message) -> str:
    status, words = str(block.get("Status", "")), str(block.get("Diagnostic-Code", ""))
    words = words.partition(";")[2] if words.lower().startswith("smtp;") else words
    words = f"came back: {words.strip() or status.strip()}".encode(errors="replace").decode()
    return _UNSEEN.sub(" ", words).strip()


def _only(recipient: str, words: str) -> str:
    """These words without any address but the letter's own: people have their mail passed on."""
    return _ADDRESS.sub(
        lambda found: found[0] if found[0].lower() == recipient else "(address)", words
    )[:500]
