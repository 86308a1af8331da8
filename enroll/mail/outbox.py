"""Writes letters: one row in the transaction of what the letter tells."""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import current_app

from enroll.db import db, insert_once
from enroll.mail.models import Letter
from enroll.mail.states import LETTER_MOVES, LetterState


def post(
    *,
    kind: str,
    about: str,
    recipient: str,
    language: str,
    context: dict[str, Any],
    dedupe_key: str,
    now: datetime,
) -> None:
    """Queue one letter of `kind`, to be sent once whatever happens.

    `context` is the snapshot its templates are filled with; moments in it are ISO 8601 texts in
    UTC. A second letter with the same `dedupe_key` is not written. Message-ID (RFC 5322, 3.6.4) is
    decided here, so that every try of the worker sends the same one.
    """
    LETTER_MOVES.check(None, LetterState.QUEUED)
    domain = str(current_app.config["MAIL_SENDER"]).rpartition("@")[2]
    connection = db.session.connection()
    connection.execute(
        _insertion(connection.dialect.name),
        {
            "kind": kind,
            "about": about,
            "recipient": recipient,
            "language": language,
            "context": context,
            "dedupe_key": dedupe_key,
            "message_id": f"<{secrets.token_hex(16)}@{domain}>",
            "written_at": now,
            "due_at": now,
            "state": LetterState.QUEUED,
        },
    )


# Built once for each kind of database: letters are written where people crowd.
@cache
def _insertion(dialect: str) -> sa.Executable:
    insert: sa.Executable = insert_once(dialect, Letter.__table__, Letter.dedupe_key)
    return insert


def suppress(*, address_like: str) -> None:
    """Keep what is queued for such addresses (SQL LIKE) from being sent; the rows stay."""
    LETTER_MOVES.check(LetterState.QUEUED, LetterState.SUPPRESSED)
    db.session.execute(
        sa.update(Letter)
        .where(Letter.state == LetterState.QUEUED, Letter.recipient.like(address_like))
        .values(state=LetterState.SUPPRESSED)
    )
