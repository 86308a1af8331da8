"""What happens after nobody looked after things: be quiet first, give people their time back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from enroll.batches.deadlines import kept_until, last_moment
from enroll.batches.facts import BatchFacts, batch_facts
from enroll.db import db, dialect_name, insert_once
from enroll.mail.beats import last_seen
from enroll.mail.models import Letter
from enroll.mail.outbox import drop, postpone
from enroll.registrations import letters
from enroll.registrations.locking import lock_seating
from enroll.registrations.models import Outage, Registration
from enroll.registrations.reminding import remind
from enroll.registrations.states import LIVE, State

AWAY = timedelta(minutes=30)  # a worker says that it is there every two seconds
QUIET = timedelta(minutes=10)  # for people to look at what is about to happen


class Backlog(NamedTuple):
    """What would happen if everything went on now."""

    outage: Outage
    letters: dict[str, int]  # by kind, waiting to be sent
    deadlines: int  # already over, not tidied yet


def notice(*, now: datetime) -> Outage | None:
    """Notice that no worker was there for half an hour or more, once.

    Every deadline that ran meanwhile is extended by the time we were away (by day, never beyond
    what its batch allows, never to an earlier moment), and its people are told. Letters that were
    queued before wait until `quiet_until`; so does everything the clock would end.
    """
    _forget_the_future(now)
    seen = last_seen(now)
    if seen is None or now - seen < AWAY:
        return None
    ids = _running(seen)
    lock_seating(*(batch_id for _, batch_id in ids))
    if not _is_first(seen, now):
        return None
    extended = [_extend(registration_id, now - seen, now) for registration_id, _ in ids]
    waiting = postpone(written_before=now - AWAY, until=now + QUIET)
    outage = db.session.scalars(sa.select(Outage).where(Outage.began_at == seen)).one()
    outage.deadlines, outage.letters = sum(extended), waiting
    db.session.flush()
    return outage


def is_quiet(now: datetime) -> bool:
    """Is the time after an outage still running, in which nothing ends and nothing old is sent?"""
    running = sa.exists().where(Outage.noticed_at <= now, Outage.quiet_until > now)
    return bool(db.session.scalar(sa.select(running)))


def _forget_the_future(now: datetime) -> None:
    """A clock that ran ahead looked like an outage; once it is put right, nothing waits for it."""
    ahead = sa.update(Outage).where(Outage.noticed_at > now, Outage.quiet_until > Outage.noticed_at)
    if db.session.scalars(ahead.values(quiet_until=Outage.noticed_at).returning(Outage.id)).all():
        postpone(written_before=now, until=now)


def go_on(*, now: datetime) -> None:
    """End the quiet now: what waited is sent, what is over ends."""
    db.session.execute(sa.update(Outage).where(Outage.quiet_until > now).values(quiet_until=now))
    postpone(written_before=now, until=now)


def backlog(now: datetime) -> Backlog | None:
    """What the latest outage left behind, for people to look at; nothing once its quiet is over."""
    outage = db.session.scalar(
        sa.select(Outage)
        .where(Outage.noticed_at <= now, Outage.quiet_until > now)
        .order_by(Outage.id.desc())
        .limit(1)
    )
    if outage is None:
        return None
    waiting = sa.select(Letter.kind, sa.func.count()).where(Letter.state == "queued")
    kinds = {row[0]: row[1] for row in db.session.execute(waiting.group_by(Letter.kind))}
    over = sa.select(sa.func.count()).where(
        Registration.state.in_(LIVE), Registration.deadline_at <= now
    )
    return Backlog(outage, kinds, db.session.scalar(over) or 0)


def _running(since: datetime) -> list[tuple[int, int]]:
    """Registrations whose deadline was still ahead when we were last there, with their batches."""
    return [
        (row.id, row.batch_id)
        for row in db.session.execute(
            sa.select(Registration.id, Registration.batch_id)
            .where(Registration.state.in_(LIVE), Registration.deadline_at > since)
            .order_by(Registration.id)
        )
    ]


def _is_first(seen: datetime, now: datetime) -> bool:
    insert = insert_once(dialect_name(), Outage.__table__, Outage.began_at)
    times = {"began_at": seen, "noticed_at": now, "quiet_until": now + QUIET}
    row = {**times, "deadlines": 0, "letters": 0}
    return db.session.execute(insert.returning(Outage.id), row).scalar() is not None


def _extend(registration_id: int, away: timedelta, now: datetime) -> bool:
    one = db.session.get_one(Registration, registration_id, populate_existing=True)
    if not one.state.is_live or one.deadline_at is None:
        return False
    batch = batch_facts(one.batch_id)
    later = _later(one.deadline_at + away, batch, one.state, now)
    if later <= max(one.deadline_at, now):
        return False
    one.deadline_at, one.remind_at = later, None
    db.session.flush()
    drop(about=letters.about(one.id), kinds=[letters.REMINDER], why="another deadline")
    remind(one, now=now, is_extended=True)
    return True


def _later(moment: datetime, batch: BatchFacts, state: State, now: datetime) -> datetime:
    """This moment, by day, not beyond the start (for an offer) or the end of registration."""
    latest = batch.begins_at if state is State.OFFERED else batch.holds_end(now)
    end = kept_until(moment, hours=0, zone=batch.tz, latest=latest)
    return end if end < latest else last_moment(now, zone=batch.tz, latest=latest)
