"""Opens and ends sign-ins. They live in the database: ending one ends every copy of its cookie."""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa

from enroll.accounts.models import StaffSession
from enroll.db import db


def open_session(*, staff_id: int, key: str, now: datetime) -> StaffSession:
    """Write down a sign-in. `key` is the cookie's secret, long and random; its hash is kept."""
    opened = StaffSession(staff_id=staff_id, key_hash=_hash(key), began_at=now)
    db.session.add(opened)
    db.session.flush()
    return opened


def end_session(*, key: str, now: datetime) -> None:
    """End the session of this key. One that has ended already, or never was, is left as it is."""
    _end(StaffSession.key_hash == _hash(key), now)


def end_all_sessions(*, staff_id: int, now: datetime) -> None:
    """Sign a colleague out everywhere."""
    _end(StaffSession.staff_id == staff_id, now)


def end_other_sessions(*, staff_id: int, key: str, now: datetime) -> int:
    """Sign a colleague out everywhere but here; answers how many sessions ended."""
    ended = db.session.scalars(
        sa.update(StaffSession)
        .where(
            StaffSession.staff_id == staff_id,
            StaffSession.key_hash != _hash(key),
            StaffSession.ended_at.is_(None),
        )
        .values(ended_at=now)
        .returning(StaffSession.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


def end_own_session(*, staff_id: int, session_id: int, now: datetime) -> bool | None:
    """End one session of this colleague; answers whether it went on until now, `None` if it is not theirs."""
    theirs = db.session.get(StaffSession, session_id, populate_existing=True, with_for_update=True)
    if theirs is None or theirs.staff_id != staff_id:
        return None
    if theirs.ended_at is not None:
        return False
    theirs.ended_at = now
    db.session.flush()
    return True


def live_sessions(staff_id: int, key: str) -> list[tuple[StaffSession, bool]]:
    """Where this colleague is signed in, the latest first; is it the session of this key?"""
    rows = db.session.scalars(
        sa.select(StaffSession)
        .where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
        .order_by(StaffSession.id.desc())
    )
    return [(one, one.key_hash == _hash(key)) for one in rows]


def session_number(key: str) -> int | None:
    """The number of the session of this key: the log says by it which sign-in acted."""
    return db.session.scalar(sa.select(StaffSession.id).where(StaffSession.key_hash == _hash(key)))


def is_session_live(staff_id: int, key: str) -> bool:
    """Was this key given to this colleague, and has nobody ended its session since?"""
    live = sa.select(StaffSession.id).where(
        StaffSession.key_hash == _hash(key),
        StaffSession.staff_id == staff_id,
        StaffSession.ended_at.is_(None),
    )
    return db.session.scalar(live) is not None


def _end(which: sa.ColumnElement[bool], now: datetime) -> None:
    db.session.execute(
        sa.update(StaffSession).where(which, StaffSession.ended_at.is_(None)).values(ended_at=now)
    )


def _hash(key: str) -> str:
    # Quick is fine here: nobody can guess 256 random bits, unlike a password.
    return hashlib.sha256(key.encode()).hexdigest()
