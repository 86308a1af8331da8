"""What the calendar asks us to tell people: deadlines near, joining instructions, decisions due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from enroll.accounts.duties import Duty
from enroll.accounts.models import DutyRow, Staff
from enroll.batches.deadlines import offered_until
from enroll.batches.facts import BatchFacts, batch_facts
from enroll.batches.models import Batch, BatchNotice, Seat, begins_at
from enroll.batches.states import BatchState
from enroll.db import db, dialect_name, insert_once
from enroll.mail.models import Letter
from enroll.mail.outbox import drop, post
from enroll.mail.states import LetterState
from enroll.mail.subscriptions import token_for
from enroll.registrations import letters
from enroll.registrations.eligibility import is_eligible, is_on
from enroll.registrations.histories import addressee
from enroll.registrations.locking import lock_seating
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from enroll.registrations.steering import confirm_to_run, tell_everybody

AT_ONCE = 50
JOINING = (timedelta(days=1), timedelta(days=7))
JOINING_LETTER = "batch_joining"


def remind_due(*, now: datetime) -> int:
    """Remind those whose hold, offer or unconfirmed place is at half-time; answers how many.

    Locks only their rows, skipping those that a verb is changing just now: a moved one has another
    half-time, or none.
    """
    due = db.session.scalars(
        sa.select(Registration)
        .where(Registration.remind_at <= now)
        .order_by(Registration.remind_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for one in due:
        one.remind_at = None
        if one.deadline_at is not None and one.deadline_at > now and one.state.is_live:
            remind(one, now=now)
    db.session.flush()
    return len(due)


def remind(registration: Registration, *, now: datetime, is_extended: bool = False) -> None:
    """One letter about this deadline: until when, and what to do.

    Who has ended these letters with one click (RFC 8058) gets none, unless the deadline itself changed.
    """
    deadline_at = registration.deadline_at
    topic = letters.reminders_topic(registration.id)
    token = "" if is_extended else token_for(email=registration.address, topic=topic, now=now)
    if token is None:
        return
    letters.write(
        kind=letters.REMINDER,
        to=addressee(registration),
        batch=batch_facts(registration.batch_id),
        deadline_at=deadline_at,
        why="",
        key=deadline_at.isoformat() if deadline_at else "",
        now=now,
        more={"state": registration.state.value, "extended": is_extended},
        subscription=token,
    )


def batches_with_news(now: datetime) -> list[int]:
    """Batches that people may have to be told something about today; cheap, and often none."""
    near = sa.and_(begins_at() > now, begins_at() <= now + max(JOINING))
    return list(
        db.session.scalars(
            sa.select(Batch.id).where(is_on(), sa.or_(near, Batch.state == BatchState.TENTATIVE))
        )
    )


def tell_news(*, batch_id: int, now: datetime) -> None:
    """Tell what is due in one batch, each thing once for each date it is about.

    Enough people: it goes ahead. The day of the decision has passed: that it is late. Seven days
    and one day before the start: how to join. Too late for offers: staff get the queue to telephone.
    """
    if not any(True for _ in _due(batch_facts(batch_id), now)):
        return
    lock_seating(batch_id)
    batch = batch_facts(batch_id)
    for kind, about in _due(batch, now):
        if not _first_time(batch_id, kind, about, now):
            continue
        if kind == "enough":
            confirm_to_run(batch_id=batch_id, now=now)
        elif kind == "undecided":
            tell_everybody(batch_id, "batch_undecided", key=about, now=now)
        elif kind == "telephone":
            _tell_staff(batch, now)
        else:
            _tell_how_to_join(batch, kind, about, now)


def _due(batch: BatchFacts, now: datetime) -> Iterator[tuple[str, str]]:
    """What is due, as the kind of notice and the date it is about."""
    # The dates, and which edition of them: what moves away and back is told anew.
    begins = f"{batch.begins_at.isoformat()} {batch.sequence}"
    notices = sa.select(BatchNotice.kind, BatchNotice.about).where(BatchNotice.batch_id == batch.id)
    told = {(row.kind, row.about) for row in db.session.execute(notices)}
    due: list[tuple[str, str]] = []
    if batch.state is BatchState.TENTATIVE and batch.is_on:
        if batch.minimum and _enrolled(batch.id) >= batch.minimum:
            due.append(("enough", ""))
        elif batch.decide_on and now.astimezone(batch.tz).date() > batch.decide_on:
            due.append(("undecided", batch.decide_on.isoformat()))
    if now < batch.begins_at:
        if batch.state is BatchState.CONFIRMED_TO_RUN:
            before = next((one for one in JOINING if batch.begins_at - now <= one), None)
            if before is not None:
                due.append((f"joining {before.days}", begins))
        if _waits_in_vain(batch, now):
            due.append(("telephone", begins))
    yield from (one for one in due if one not in told)


def _enrolled(batch_id: int) -> int:
    enrolled = sa.select(sa.func.count()).where(
        Registration.batch_id == batch_id, Registration.state == State.CONFIRMED
    )
    return db.session.scalar(enrolled) or 0


def _waits_in_vain(batch: BatchFacts, now: datetime) -> bool:
    """Is a seat free, somebody eligible for it, and no time left for an offer?"""
    if offered_until(now, hours=batch.offer_hours, zone=batch.tz, latest=batch.begins_at):
        return False
    return bool(
        db.session.scalar(
            sa.select(
                sa.and_(
                    sa.exists().where(Seat.batch_id == batch.id, ~Seat.taken),
                    sa.exists().where(Registration.batch_id == batch.id, is_eligible()),
                )
            )
        )
    )


def _first_time(batch_id: int, kind: str, about: str, now: datetime) -> bool:
    insert = insert_once(
        dialect_name(),
        BatchNotice.__table__,
        BatchNotice.batch_id,
        BatchNotice.kind,
        BatchNotice.about,
    )
    row = {"batch_id": batch_id, "kind": kind, "about": about, "at": now}
    return bool(db.session.execute(insert.returning(BatchNotice.kind), row).scalar())


def _tell_how_to_join(batch: BatchFacts, kind: str, about: str, now: datetime) -> None:
    """Only the nearest of the two is written; a batch that was moved is told anew."""
    tell_everybody(
        batch.id,
        JOINING_LETTER,
        key=f"{kind.split()[-1]}:{about}",
        now=now,
        only=State.CONFIRMED,
        dated=True,
        more={"first_session": batch.begins_at.isoformat()},
    )
    if kind == f"joining {min(JOINING).days}":
        _first_time(batch.id, f"joining {max(JOINING).days}", about, now)


def forget_late_joining(*, now: datetime) -> int:
    """How to join is not sent once the batch has begun, however long the mail server was away."""
    first_session = Letter.context["first_session"].as_string()
    queued = sa.select(Letter.about, first_session).where(
        Letter.state == LetterState.QUEUED, Letter.kind == JOINING_LETTER
    )
    rows = db.session.execute(queued).all()
    late = [about for about, at in rows if at and datetime.fromisoformat(at) <= now]
    for about in late:
        drop(about=about, kinds=[JOINING_LETTER], why="the batch has begun")
    return len(late)


def _tell_staff(batch: BatchFacts, now: datetime) -> None:
    """The queue with telephone numbers, to everybody who plans batches."""
    waiting = db.session.execute(
        sa.select(Registration.name, Registration.phone, Registration.address.label("address"))
        .where(Registration.batch_id == batch.id, is_eligible())
        .order_by(Registration.queue_number)
    )
    people = [
        {"name": row.name, "phone": row.phone, "email": row.address, "place": place}
        for place, row in enumerate(waiting, 1)
    ]
    planners = sa.select(Staff).where(Staff.active, Staff.roles.any(DutyRow.name == Duty.PLAN))
    for colleague in db.session.scalars(planners):
        post(
            kind="staff_queue",
            about=letters.about_queue(batch.id),
            recipient=colleague.email,
            language="en",
            context={"name": colleague.name, "batch": letters.snapshot(batch), "people": people},
            dedupe_key=f"batch:{batch.id}:queue:{batch.begins_at.isoformat()}"
            f":{batch.sequence}:{colleague.id}",
            now=now,
        )
