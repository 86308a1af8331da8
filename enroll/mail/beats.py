"""Says when a worker was last seen: pages and people can tell whether letters go out."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from enroll.db import db, dialect_name, insert_once
from enroll.mail.models import WorkerBeat

LATE = timedelta(seconds=30)  # a worker says so every two; after this something is wrong


def beat(*, worker: str, now: datetime) -> None:
    """Write down that this worker was seen now; forget the dead of yesterday."""
    insert = insert_once(dialect_name(), WorkerBeat.__table__, WorkerBeat.name)
    db.session.execute(insert, {"name": worker, "seen_at": now})
    db.session.execute(sa.update(WorkerBeat).where(WorkerBeat.name == worker).values(seen_at=now))
    db.session.execute(sa.delete(WorkerBeat).where(WorkerBeat.seen_at < now - timedelta(days=1)))
    # A clock that ran ahead has been put right: nobody was seen in the future.
    db.session.execute(sa.delete(WorkerBeat).where(WorkerBeat.seen_at > now + LATE))


def last_seen(now: datetime) -> datetime | None:
    """When any worker was seen last, up to now; nothing if none ever was."""
    return db.session.scalar(
        sa.select(sa.func.max(WorkerBeat.seen_at)).where(WorkerBeat.seen_at <= now + LATE)
    )
