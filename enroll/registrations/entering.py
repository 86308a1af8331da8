"""Writes the row of somebody new in a batch: once per person, whoever clicks how often."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from enroll.batches.deadlines import half_time
from enroll.db import db, insert_once
from enroll.registrations.models import Registration, live, queue_numbers
from enroll.registrations.states import LIVE, State

TOKEN_BYTES = 24  # 192 bits

# What a person takes along into another batch.
PERSONAL = (
    "email",
    "letters_to",
    "name",
    "phone",
    "background",
    "message",
    "language",
    "consent_version",
    "consent_language",
    "consented_at",
    "consent_read_by",
    "news_consented_at",
    "prerequisites_met_at",
)
_EMPTY = dict.fromkeys(
    ("address_confirmed_at", "group_id", "wish_id", "replaces_id", "network", "deadline_at")
)


def new_token() -> str:
    """The secret of one registration's link: 192 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def enter(
    batch_id: int,
    person: Mapping[str, Any],
    *,
    state: State,
    token: str,
    now: datetime,
    **more: Any,
) -> int | None:
    """Insert somebody as waiting or applied; `None` if this address is live in the batch already.

    Nobody else's row is looked at: the unique index decides, also between two who click at once.
    """
    connection = db.session.connection()
    row = _EMPTY | dict(person) | more
    row |= {"batch_id": batch_id, "state": state, "token": token, "created_at": now}
    deadline_at = row["deadline_at"]
    row["remind_at"] = half_time(now, deadline_at) if deadline_at else None
    if connection.dialect.name == "sqlite":
        row["queue_of"] = batch_id
    inserted: int | None = connection.scalar(_insertion(connection.dialect.name), row)
    return inserted


def enter_also(
    person: Registration, batch_id: int, *, state: State, now: datetime, **more: Any
) -> Registration | None:
    """Insert the same person into another batch, with the address confirmed already."""
    inserted = enter(
        batch_id,
        {name: getattr(person, name) for name in PERSONAL},
        state=state,
        token=new_token(),
        now=now,
        address_confirmed_at=person.address_confirmed_at,
        **more,
    )
    return db.session.get_one(Registration, inserted) if inserted is not None else None


def is_live_in(one: Registration, batch_id: int) -> bool:
    """Is this person registered in that batch already?"""
    there = sa.exists().where(
        Registration.batch_id == batch_id,
        Registration.email == one.email,
        Registration.state.in_(LIVE),
    )
    return bool(db.session.scalar(sa.select(there)))


# Built once for each kind of database: building it takes longer than running it.
@cache
def _insertion(dialect: str) -> sa.Executable:
    """The INSERT of a newcomer, who is nobody yet if the same address is live in this batch."""
    insert = insert_once(
        dialect, Registration.__table__, Registration.batch_id, Registration.email, where=live
    )
    numbered: sa.Insert = insert.values(queue_number=_next_queue_number(dialect))
    return numbered.returning(Registration.id)


def _next_queue_number(dialect: str) -> sa.ColumnElement[int]:
    """The next place in arrival order. SQLite has no sequences; its write lock makes max + 1 safe."""
    if dialect == "postgresql":
        return queue_numbers.next_value()
    highest = sa.select(sa.func.coalesce(sa.func.max(Registration.queue_number), 0) + 1)
    return highest.where(Registration.batch_id == sa.bindparam("queue_of")).scalar_subquery()
