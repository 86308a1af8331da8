"""Counts tries in the database, so that a limit holds over all processes and machines."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from flask import current_app

from enroll.accounts.models import SignInTry
from enroll.db import db, dialect_name, insert_into
from enroll.refusal import Refused


class TooManyTries(Refused):
    """The limit is reached; `until` is when the next try is taken."""


class Limit(NamedTuple):
    """At most so many tries of one kind by one key within a stretch of time."""

    kind: str
    key: str
    most: int
    within: timedelta


def take_try(*, limits: list[Limit], now: datetime) -> None:
    """Count one try against each of these limits; call it before anything is compared.

    A stretch begins with its first try and ends by itself: nobody can lengthen it by trying on.
    Refuses with `TooManyTries` if one of them is reached; the others are then not counted. Rows are
    taken in the order of their names, so that two tries never wait for each other.
    """
    for bucket, limit in sorted((_bucket(limit), limit) for limit in limits):
        began_at, number = _count(bucket, limit, now)
        if number > limit.most:
            raise TooManyTries(until=began_at + limit.within)


def forget_tries(now: datetime) -> None:
    """Drop what ended long ago."""
    db.session.execute(sa.delete(SignInTry).where(SignInTry.began_at < now - timedelta(days=1)))


def _count(bucket: str, limit: Limit, now: datetime) -> tuple[datetime, int]:
    """One statement: add one to the running stretch, or begin another. The row's lock is the limit."""
    table = SignInTry.__table__
    is_over = table.c.began_at <= now - limit.within
    insert = insert_into(dialect_name(), table).on_conflict_do_update(
        index_elements=[table.c.bucket],
        set_={
            "number": sa.case((is_over, 1), else_=table.c.number + 1),
            "began_at": sa.case((is_over, now), else_=table.c.began_at),
        },
    )
    row = db.session.execute(
        insert.returning(table.c.began_at, table.c.number),
        {"bucket": bucket, "began_at": now, "number": 1},
    ).one()
    return row.began_at, row.number


def _bucket(limit: Limit) -> str:
    key = str(current_app.config["SECRET_KEY"]).encode()
    words = f"try {limit.kind} {limit.key}".encode()
    return hmac.new(key, words, hashlib.sha256).hexdigest()
