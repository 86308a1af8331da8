"""Counts self-checks: how often a skill was asked for, and how often it was lacked. Numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa

from enroll.catalog.models import SelfCheckCount
from enroll.catalog.selfcheck import STANDINGS, TOP
from enroll.db import db, dialect_name, insert_into


def count_check(*, standing: Mapping[int, int], now: datetime) -> None:
    """One more person stood there in each of these skills, by id, in this month (UTC).

    One statement that adds in the database, so that two at once are both counted; always in the
    order of the ids, so that they never wait for each other in a circle.
    """
    month = now.date().replace(day=1)
    rows = [
        {"skill_id": skill_id, "month": month, "standing": standing[skill_id], "number": 1}
        for skill_id in sorted(standing)
        if standing[skill_id] in STANDINGS
    ]
    if not rows:
        return
    insert = insert_into(dialect_name(), SelfCheckCount.__table__).values(rows)
    db.session.execute(
        insert.on_conflict_do_update(
            index_elements=["skill_id", "month", "standing"],
            set_={"number": SelfCheckCount.__table__.c.number + 1},
        )
    )


def asked_and_lacked(since: date) -> dict[int, tuple[int, int]]:
    """How often each skill was asked for since that month, and how often somebody fell short of it."""
    number = SelfCheckCount.number
    rows = db.session.execute(
        sa.select(
            SelfCheckCount.skill_id,
            sa.func.sum(number),
            sa.func.coalesce(sa.func.sum(number).filter(SelfCheckCount.standing < TOP), 0),
        )
        .where(SelfCheckCount.month >= since)
        .group_by(SelfCheckCount.skill_id)
    )
    return {skill_id: (int(asked), int(lacked)) for skill_id, asked, lacked in rows}
