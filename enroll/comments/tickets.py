"""The ticket in each comment form: signed, bound to its page, good for one comment."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from itsdangerous import BadSignature, Signer

from enroll.comments.evidence import FormToken

# Nobody reads a page and writes a thought faster than this; a page left open longer is asked twice.
YOUNGEST = timedelta(seconds=3)
OLDEST = timedelta(hours=24)


class Ticket(NamedTuple):
    """What a form's ticket says: can it be believed, which one is it, how old (seconds)."""

    says: FormToken
    nonce: str | None = None
    seconds: float | None = None


def issue(*, page: str, secret: str, now: datetime) -> str:
    """A new ticket for the form under this page."""
    return _signer(page, secret).sign(f"{secrets.token_hex(16)}.{now.timestamp():.3f}").decode()


def read(text: str, *, page: str, secret: str, now: datetime) -> Ticket:
    """What the ticket says now. Whether it was used before, only the database knows."""
    if not text:
        return Ticket(FormToken.MISSING)
    try:
        nonce, issued = _signer(page, secret).unsign(text).decode().split(".", 1)
        age = now.timestamp() - float(issued)
    except (BadSignature, ValueError):
        return Ticket(FormToken.FORGED)
    if age > OLDEST.total_seconds():
        return Ticket(FormToken.OLD, nonce, age)
    early = age < YOUNGEST.total_seconds()
    return Ticket(FormToken.EARLY if early else FormToken.FRESH, nonce, age)


def _signer(page: str, secret: str) -> Signer:
    return Signer(secret, salt=f"comment form {page}")
