"""Letters put into the outbox by a test, and what became of them."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enroll import clock
from enroll.db import atomically, db
from enroll.mail import outbox
from enroll.mail.models import Letter, UnaskedSlot
from tests.mail.samples import BATCH, DEADLINE

ADDRESS = "victim@example.org"
_numbers = itertools.count(1)


def post(
    number: int = 1,
    *,
    recipient: str = ADDRESS,
    kind: str = "registration_held",
    about: str = "registration:1",
    is_unasked: bool = True,
    now: datetime | None = None,
    **context: Any,
) -> list[int]:
    """Queue so many letters; their numbers."""

    def verb() -> None:
        for key in keys:
            outbox.post(
                kind=kind,
                about=about,
                recipient=recipient,
                language="en_GB",
                context={"name": "", "token": "TOKEN", "why": "registered", "batch": BATCH}
                | {"deadline_at": DEADLINE}
                | context,
                dedupe_key=key,
                now=now or clock.now(),
                is_unasked=is_unasked,
            )

    keys = [f"test:{next(_numbers)}" for _ in range(number)]
    atomically(verb)
    mine = sa.select(Letter.id).where(Letter.dedupe_key.in_(keys)).order_by(Letter.id)
    return list(db.session.scalars(mine))


def read(letter_id: int) -> Letter:
    """The letter as it is in the database now, its kept bytes too."""
    db.session.rollback()
    options = [sa.orm.undefer(Letter.rendered)]
    return db.session.get_one(Letter, letter_id, options=options, populate_existing=True)


def states(letter_ids: list[int]) -> list[str]:
    return [read(one).state.value for one in letter_ids]


def slots() -> list[UnaskedSlot]:
    db.session.rollback()
    order = (UnaskedSlot.recipient, UnaskedSlot.day, UnaskedSlot.number)
    return list(db.session.scalars(sa.select(UnaskedSlot).order_by(*order)))


def all_due() -> None:
    atomically(lambda: db.session.execute(sa.update(Letter).values(due_at=clock.now())))
