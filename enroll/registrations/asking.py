"""Requests by address alone: send me my links again; tell me when registration opens.

A page only writes one row, the same for every address; the worker looks the address up. So the
answers for a known and an unknown address are equal by construction, in words and in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from enroll.batches.facts import batch_facts
from enroll.batches.models import Batch
from enroll.comments.letters import send_own_link
from enroll.db import db, dialect_name, insert_once
from enroll.mail.models import Letter
from enroll.mail.outbox import post
from enroll.registrations import letters
from enroll.registrations.histories import addressee
from enroll.registrations.models import LinkRequest, OpeningReminder, Registration
from enroll.registrations.states import LIVE

AT_ONCE = 50
PAUSE = timedelta(minutes=10)  # between two letters with the same person's links
LINKS = "links"


def ask_for_links(*, email: str, language: str, now: datetime) -> None:
    """Somebody has lost the link to a registration. Known or not, this writes one row."""
    db.session.add(LinkRequest(email=email, language=language, asked_at=now))
    db.session.flush()


def ask_for_opening(*, batch_id: int, email: str, language: str, now: datetime) -> None:
    """One letter, please, when registration opens. Asking twice is asking once."""
    insert = insert_once(
        dialect_name(), OpeningReminder.__table__, OpeningReminder.batch_id, OpeningReminder.email
    )
    row = {"batch_id": batch_id, "email": email, "language": language, "asked_at": now}
    db.session.execute(insert, row)


def answer_link_requests(*, now: datetime) -> int:
    """Send each address its links, once in ten minutes at most; answers how many requests there were."""
    requests = db.session.scalars(
        sa.select(LinkRequest)
        .order_by(LinkRequest.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for request in requests:
        people = _live(request.email)
        if people and not _has_just_been_sent(request.email, now):
            _send_to_each(request, people, now)
        send_own_link(email=request.email, now=now)
        db.session.delete(request)
        db.session.flush()
    return len(requests)


def _live(email: str) -> Sequence[Registration]:
    """Whose letters go there: also those of people who share the address."""
    return db.session.scalars(
        sa.select(Registration)
        .where(
            sa.or_(Registration.email == email, Registration.letters_to == email),
            Registration.address == email,
            Registration.state.in_(LIVE),
        )
        .order_by(Registration.id)
    ).all()


def _has_just_been_sent(email: str, now: datetime) -> bool:
    recent = sa.select(Letter.id).where(
        Letter.about.in_([letters.about(one.id) for one in _live(email)]),
        Letter.kind == LINKS,
        Letter.written_at > now - PAUSE,
    )
    return db.session.scalar(recent.limit(1)) is not None


def _send_to_each(request: LinkRequest, people: Sequence[Registration], now: datetime) -> None:
    """People who share an address get a letter each, with their name: whoever is erased takes it along."""
    each: dict[str, list[Registration]] = {}
    for one in people:
        each.setdefault(one.email, []).append(one)
    for theirs in each.values():
        _send_links(request, theirs, addressee(theirs[0]).name if len(each) > 1 else "", now)


def _send_links(
    request: LinkRequest, people: Sequence[Registration], name: str, now: datetime
) -> None:
    """One letter for all of one person's; it is filed under the first."""
    rows = []
    for one in people:
        batch = batch_facts(one.batch_id)
        rows.append(
            {
                "title": batch.title,
                "starts_on": batch.starts_on.isoformat(),
                "token": one.token,
                "state": one.state.value,
                "is_confirmed": one.address_confirmed_at is not None,
            }
        )
    post(
        kind=LINKS,
        about=letters.about(people[0].id),
        recipient=request.email,
        language=request.language,
        context={"name": name, "registrations": rows},
        dedupe_key=f"links:{people[0].id}:{now.isoformat()}",
        is_unasked=True,
        now=now,
    )


def announce_openings(*, now: datetime) -> int:
    """Write to those who asked, as soon as registration is open; answers how many letters."""
    due = db.session.execute(
        sa.select(OpeningReminder, Batch.closes_at)
        .join(Batch, Batch.id == OpeningReminder.batch_id)
        .where(Batch.opens_at <= now)
        .order_by(OpeningReminder.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=OpeningReminder)
    ).all()
    written = 0
    for request, closes_at in due:
        batch = batch_facts(request.batch_id)
        if batch.is_on and now < closes_at:
            post(
                kind="opening",
                about=f"batch:{batch.id}",
                recipient=request.email,
                language=request.language,
                context={"batch": letters.snapshot(batch)},
                dedupe_key=f"opening:{request.id}:{batch.opens_at.isoformat()}",
                is_unasked=True,
                now=now,
            )
            written += 1
        db.session.delete(request)
        db.session.flush()
    return written
