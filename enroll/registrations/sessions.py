"""One session of a public batch is moved, cancelled or given to somebody else; everybody enrolled hears."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app

from enroll.batches.facts import BatchFacts, batch_facts
from enroll.batches.indexing import index
from enroll.batches.models import Batch, BatchSession
from enroll.batches.planning import Changed
from enroll.db import db
from enroll.mail.models import Letter
from enroll.mail.outbox import drop
from enroll.refusal import Refused
from enroll.registrations import letters
from enroll.registrations.histories import addressee
from enroll.registrations.letters import SESSION_CHANGED
from enroll.registrations.locking import lock_seating
from enroll.registrations.models import Registration
from enroll.registrations.notices import Change, SessionCall, SessionNotice
from enroll.registrations.states import State
from enroll.registrations.steering import BatchMoved, bring_forward


class SessionOver(Refused):
    """The session has begun, or does not take place."""


class NoSuchTime(Refused):
    """A session cannot begin in the past, or end before it begins."""


class Wanted(NamedTuple):
    """What a session is to be; for a cancelled one only the kind counts."""

    kind: Change
    starts_at: datetime
    ends_at: datetime
    teacher: str = ""
    place: str = ""


def change_session(
    *, batch_id: int, session_id: int, seen: int, wanted: Wanted, by: str, now: datetime
) -> SessionNotice | None:
    """Change one session, and write to everybody enrolled: how it is now, with the calendar corrected.

    `seen` is the session's SEQUENCE that was looked at. The batch's first and last day follow, and
    no hold or offer outlives its new beginning. Answers the notice, or nothing where nothing differs.
    Locks the batch exclusively. Refuses with `BatchMoved` (a draft, or called off), `Changed` (a
    colleague was quicker), `SessionOver`, `NoSuchTime`.
    """
    lock_seating(batch_id)
    batch = db.session.get_one(
        Batch, batch_id, populate_existing=True, with_for_update={"of": Batch}
    )
    session = _changeable(batch, session_id, seen, now)
    was = {"starts_at": session.starts_at.isoformat(), "topic": session.topic}
    if not _apply(session, wanted, now):
        return None
    session.sequence += 1
    batch.version += 1
    db.session.flush()
    _span(batch)
    index(batch)
    bring_forward(batch_id, now)
    notice = SessionNotice(
        batch_id=batch_id,
        session_id=session_id,
        kind=wanted.kind.value,
        was_at=datetime.fromisoformat(was["starts_at"]),
        at=now,
        by=by,
    )
    db.session.add(notice)
    db.session.flush()
    _tell(notice, session, was, now)
    return notice


def _changeable(batch: Batch, session_id: int, seen: int, now: datetime) -> BatchSession:
    if not batch_facts(batch.id).is_on:
        raise BatchMoved(state=batch.state)
    session = db.session.get_one(BatchSession, session_id, populate_existing=True)
    if session.sequence != seen:
        raise Changed
    if session.cancelled_at is not None or session.starts_at <= now:
        raise SessionOver
    return session


def _apply(session: BatchSession, wanted: Wanted, now: datetime) -> bool:
    if wanted.kind is Change.CANCELLED:
        session.cancelled_at = now
        return True
    if wanted.kind is Change.STAFFED:
        same = (session.teacher, session.place) == (wanted.teacher, wanted.place)
        session.teacher, session.place = wanted.teacher, wanted.place
        return not same
    if wanted.starts_at <= now or wanted.ends_at <= wanted.starts_at:
        raise NoSuchTime
    same = (session.starts_at, session.ends_at) == (wanted.starts_at, wanted.ends_at)
    session.starts_at, session.ends_at = wanted.starts_at, wanted.ends_at
    return not same


def _span(batch: Batch) -> None:
    """The first and the last day on which something takes place."""
    ends = sa.select(sa.func.min(BatchSession.starts_at), sa.func.max(BatchSession.starts_at))
    held = ends.where(BatchSession.batch_id == batch.id, BatchSession.cancelled_at.is_(None))
    first, last = db.session.execute(held).one()
    if first is not None:
        batch.starts_on = first.astimezone(batch.tz).date()
        batch.ends_on = last.astimezone(batch.tz).date()
    db.session.flush()


# ---------------------------------------------------------------- who hears of it


def enrolled(batch_id: int) -> Sequence[Registration]:
    """Whoever is to hear of a changed session, by name."""
    return db.session.scalars(
        sa.select(Registration)
        .where(Registration.batch_id == batch_id, Registration.state == State.CONFIRMED)
        .order_by(sa.func.lower(Registration.name), Registration.id)
    ).all()


def letter_context(
    session: BatchSession, kind: Change, was: dict[str, Any], batch: BatchFacts
) -> dict[str, Any]:
    """What the letter is told: how the session was, how it is now, never why."""
    part = letters.sessions_part(
        batch,
        address=current_app.config["BASE_URL"],
        is_over=kind is Change.CANCELLED,
        only=session.id,
    )
    return {
        "change": kind.value,
        "was": was,
        "session": {
            "starts_at": session.starts_at.isoformat(),
            "ends_at": session.ends_at.isoformat(),
            "topic": session.topic,
            "teacher": session.teacher or batch.teacher,
            "place": session.place or batch.place,
        },
        "calendar": part,
    }


def _tell(notice: SessionNotice, session: BatchSession, was: dict[str, Any], now: datetime) -> None:
    batch = batch_facts(notice.batch_id)
    more = letter_context(session, Change(notice.kind), was, batch)
    for one in enrolled(notice.batch_id):
        # An earlier word about this very session that has not left yet is not true any more.
        drop(
            about=letters.about(one.id),
            kinds=[SESSION_CHANGED],
            why="a newer change",
            key_like=f"%:{SESSION_CHANGED}:{session.id}-%",
        )
        key = f"{session.id}-{session.sequence}"
        letters.write(
            kind=SESSION_CHANGED,
            to=addressee(one),
            batch=batch,
            deadline_at=None,
            why="",
            key=key,
            now=now,
            more=more,
        )
        letter = sa.select(Letter.id).where(
            Letter.dedupe_key == f"{letters.about(one.id)}:{SESSION_CHANGED}:{key}"
        )
        db.session.add(
            SessionCall(
                notice_id=notice.id, registration_id=one.id, letter_id=db.session.scalar(letter)
            )
        )
    db.session.flush()


# ---------------------------------------------------------------- the telephone


def reach(
    *, batch_id: int, notice_id: int, registration_id: int, is_reached: bool, by: str, now: datetime
) -> bool | None:
    """Tick that somebody was spoken with, or take the tick back. Twice is fine.

    Answers whether this very press changed it, `None` where this batch has no such call.
    """
    call = db.session.scalar(
        sa.select(SessionCall)
        .join(SessionNotice, SessionNotice.id == SessionCall.notice_id)
        .where(
            SessionNotice.batch_id == batch_id,
            SessionCall.notice_id == notice_id,
            SessionCall.registration_id == registration_id,
        )
        .with_for_update(of=SessionCall)
        .execution_options(populate_existing=True)
    )
    if call is None:
        return None
    if (call.reached_at is not None) == is_reached:
        return False
    call.reached_at, call.reached_by = (now, by) if is_reached else (None, "")
    db.session.flush()
    return True


class Progress(NamedTuple):
    """One change of a session, and how many of its people are reached."""

    notice: SessionNotice
    session: BatchSession
    people: int
    reached: int


def progress(batch_id: int, *, limit: int = 20) -> list[Progress]:
    """The latest changes of a batch's sessions: one query."""
    rows = db.session.execute(
        sa.select(
            SessionNotice,
            BatchSession,
            sa.func.count(SessionCall.registration_id),
            sa.func.count(SessionCall.reached_at),
        )
        .join(BatchSession, BatchSession.id == SessionNotice.session_id)
        .outerjoin(SessionCall, SessionCall.notice_id == SessionNotice.id)
        .where(SessionNotice.batch_id == batch_id)
        .group_by(SessionNotice.id, BatchSession.id)
        .order_by(SessionNotice.id.desc())
        .limit(limit)
    )
    return [Progress(*row) for row in rows]


class Call(NamedTuple):
    """Somebody to be telephoned about a change, and the letter they have."""

    call: SessionCall
    one: Registration
    letter: Letter | None


def calls(notice_id: int) -> list[Call]:
    """Whom to telephone about a change, by name."""
    rows = db.session.execute(
        sa.select(SessionCall, Registration, Letter)
        .join(Registration, Registration.id == SessionCall.registration_id)
        .outerjoin(Letter, Letter.id == SessionCall.letter_id)
        .where(SessionCall.notice_id == notice_id)
        .order_by(sa.func.lower(Registration.name), Registration.id)
    )
    return [Call(row[0], row[1], row[2]) for row in rows]
