"""Coming batches can be found; drafts, past ones and those that were called off cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask

from enroll import clock
from enroll.batches.planning import Plan, plan_batch, publish
from enroll.batches.queries import coming
from enroll.db import atomically, db
from enroll.registrations.steering import call_off, confirm_to_run, reschedule
from enroll.search.finding import find
from tests import make


def found(question: str, now: datetime | None = None) -> list[str]:
    db.session.rollback()
    return [hit.address for hit in find(question, now=now or clock.now()).hits]


def test_a_batch_is_found_by_its_title_place_teacher_day_and_code(app: Flask) -> None:
    batch = make.batch(
        code="mle-77",
        title="Evenings for nurses",
        place="Kochi, Marine Drive",
        teacher="Meera Pillai",
        rhythm="Mondays",
    )
    month = f"{batch.starts_on:%B %Y}"
    for question in ("nurse", "kochi", "pillai", "mondays", "mle-77", month, "nurse kochi"):
        assert found(question) == ["/batches/mle-77"], question


def test_a_draft_is_found_when_it_is_published(app: Flask, now: datetime) -> None:
    plan = Plan(
        code="draft",
        course_id=make.course(),
        title="Xylophone",
        capacity=3,
        starts_on=now.date() + timedelta(days=30),
        ends_on=now.date() + timedelta(days=40),
        zone="UTC",
        opens_at=now,
        closes_at=now + timedelta(days=20),
        minimum=2,
    )
    batch = atomically(plan_batch, plan=plan)
    assert found("xylophone") == []
    atomically(publish, batch_id=batch.id)
    assert found("xylophone") == ["/batches/draft"]
    atomically(confirm_to_run, batch_id=batch.id, now=now)
    assert found("xylophone") == ["/batches/draft"]


def test_a_batch_that_was_called_off_is_not_found(app: Flask, now: datetime) -> None:
    batch = make.batch(title="Xylophone")
    atomically(call_off, batch_id=batch.id, by="staff 1", now=now)
    assert found("xylophone") == []


def test_new_dates_are_found_and_old_ones_no_more(app: Flask, now: datetime) -> None:
    batch = make.batch(title="Xylophone")
    old, new = batch.starts_on, batch.starts_on + timedelta(days=400)
    assert found(str(old.year)) == [f"/batches/{batch.code}"]
    atomically(reschedule, batch_id=batch.id, days=400, now=now)
    assert found(f"{new.day} {new:%B %Y}") == [f"/batches/{batch.code}"]
    assert find(f"xylophone {old:%Y}", now=now).some_only
    assert found("xylophone", now + timedelta(days=420)) == [f"/batches/{batch.code}"]


def test_a_batch_is_found_as_long_as_it_is_listed(app: Flask, now: datetime) -> None:
    """Near midnight in its own zone too, and where registration closes after the first day."""
    first = now.date() + timedelta(days=10)
    begins = datetime(first.year, first.month, first.day, tzinfo=UTC)
    make.batch(
        title="Xylophone",
        code="west",
        starts_on=first,
        zone="America/Los_Angeles",
        closes_at=begins - timedelta(days=1),
    )
    make.batch(
        title="Xylophone",
        code="east",
        starts_on=first,
        zone="Pacific/Auckland",
        closes_at=begins - timedelta(days=1),
    )
    make.batch(
        title="Xylophone", code="late", starts_on=first, closes_at=begins + timedelta(days=5)
    )
    lists = set()
    for hours in range(-26, 150):
        moment = begins + timedelta(hours=hours)
        listed = {f"/batches/{one.batch.code}" for one in coming(moment)}
        assert set(found("xylophone", moment)) == listed, moment
        lists.add(frozenset(listed))
    assert len(lists) == 4  # all, without one, without two, none
