"""Builds what tests need, by the program's own verbs: no surprises, no shortcuts past the rules."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from enroll import clock
from enroll.batches.models import Batch
from enroll.batches.planning import Plan, plan_batch, publish
from enroll.catalog.models import Course, RoleGuide
from enroll.db import atomically, db
from enroll.registrations import answering, arriving
from enroll.registrations.models import Registration
from enroll.registrations.states import State

_numbers = itertools.count(1)


def course(slug: str = "course") -> int:
    """The id of a course with this slug, made if need be."""

    def verb() -> int:
        row = db.session.scalar(sa.select(Course).where(Course.slug == slug))
        if row is None:
            row = Course(
                slug=slug,
                title=slug.title(),
                position=1,
                level="Beginner",
                weeks=8,
                hours_per_week=6,
                summary="A course.",
                body="",
                audience=[],
                prerequisites=[],
                requires=[],
                outcomes=[],
            )
            db.session.add(row)
            db.session.flush()
        return row.id

    return atomically(verb)


def guide(slug: str = "ml-engineer") -> int:
    """The id of a role guide with this slug and next to nothing in it."""

    def verb() -> int:
        parts = ("related", "history", "ladder", "certifications", "sections")
        row = RoleGuide(slug=slug, title=slug.title(), summary="A job.", occupation={},
                        **{part: [] for part in parts})
        db.session.add(row)
        db.session.flush()
        return row.id

    return atomically(verb)


def batch(
    capacity: int = 2, *, code: str | None = None, now: datetime | None = None, **changes: object
) -> Batch:
    """A published batch that takes people from yesterday until four weeks from now."""
    now = now or clock.now()
    starts_on = now.date() + timedelta(days=30)
    plan = {
        "code": code or f"b-{next(_numbers)}",
        "course_id": course(),
        "title": "A batch",
        "capacity": capacity,
        "starts_on": starts_on,
        "ends_on": starts_on + timedelta(weeks=8),
        "zone": "UTC",
        "opens_at": now - timedelta(days=1),
        "closes_at": datetime.combine(starts_on - timedelta(days=1), datetime.min.time(), UTC)
        + timedelta(hours=18),
    } | changes

    def verb() -> Batch:
        planned = plan_batch(plan=Plan(**plan))
        return publish(batch_id=planned.id)

    return atomically(verb)


def applicant(email: str = "asha@example.org", **changes: object) -> arriving.Applicant:
    """Who wants a seat."""
    given = {"email": email, "name": "Asha Verma", "consent_version": "test/18"} | changes
    return arriving.Applicant(**given)


def registration(
    batch: Batch, email: str | None = None, *, confirmed: bool = False, now: datetime | None = None
) -> Registration:
    """Somebody registered for this batch; with `confirmed` the address is confirmed too."""
    now = now or clock.now()
    email = email or f"person{next(_numbers)}@example.org"
    registration_id = atomically(
        arriving.register, batch_id=batch.id, applicant=applicant(email), now=now
    )
    found = read(registration_id)
    if confirmed:
        atomically(
            answering.confirm,
            batch_id=batch.id,
            registration_id=found.id,
            seen=found.state,
            now=now,
        )
        found = read(registration_id)
    return found


def read(registration_id: int | None) -> Registration:
    """The registration as it is in the database now."""
    db.session.rollback()
    return db.session.get_one(Registration, registration_id, populate_existing=True)


def states(batch: Batch) -> dict[str, State]:
    """Everybody's state in this batch, by address."""
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Registration.email, Registration.state)
        .where(Registration.batch_id == batch.id)
        .order_by(Registration.id)
    )
    return dict(list(rows))
