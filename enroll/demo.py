"""What a newcomer finds in a fresh database: the shipped catalog, coming batches, people, a sign-in."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import yaml
from flask import current_app

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.accounts.models import Staff
from enroll.accounts.staffing import add_staff
from enroll.batches.models import Batch
from enroll.batches.planning import Plan, plan_batch, publish
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.catalog.models import Course
from enroll.db import atomically, db
from enroll.demo_talk import load_talk
from enroll.mail.outbox import suppress
from enroll.registrations import answering, arriving
from enroll.registrations.consent import consent_version
from enroll.registrations.models import Registration

DEMO_DOMAIN = "@demo.example"
DEMO_STAFF = f"staff{DEMO_DOMAIN}"


@dataclass(frozen=True)
class Sketch:
    """One demo batch, in weeks from today."""

    code: str
    course: str
    title: str
    in_weeks: int
    capacity: int
    people: int  # how many have registered; beyond the capacity they wait
    evenings: list[int]  # weekdays, Monday is 0
    zone: str = "Asia/Kolkata"
    place: str = ""
    minimum: int | None = None
    teacher: str = ""
    opens_in_days: int = -30
    criteria: str = ""  # by what staff decide; none: whoever comes is in
    fee: int = 0  # in whole units of the currency
    currency: str = "INR"
    payment: str = ""
    refund: str = ""
    missed: str = ""


CONTENT = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
SKETCHES = tuple(Sketch(**sketch) for sketch in CONTENT["batches"])
PEOPLE: list[str] = CONTENT["people"]


class NotForThePublic(RuntimeError):
    """Demo content and a public address do not go together."""


def refuse_in_public() -> None:
    """Refuse to start a public server on a database that holds demo people or the demo sign-in.

    A database that cannot be read yet, or has no tables, holds none. Raises `NotForThePublic`.
    """
    if not current_app.config["IS_PUBLIC"]:
        return
    people = sa.select(Registration.email).union_all(sa.select(Staff.email)).subquery()
    try:
        found = db.session.scalar(
            sa.select(people.c.email).where(people.c.email.endswith(DEMO_DOMAIN)).limit(1)
        )
    except sa.exc.SQLAlchemyError:
        return
    finally:
        db.session.remove()
    if found:
        raise NotForThePublic(
            "Enroll does not start: ENROLL_PUBLIC_URL is set, and this database holds demo content."
            " Give the public server a database of its own."
        )


def load_demo(*, only_if_empty: bool = False) -> bool:
    """Fill the database with demo content; answers whether anything was loaded. Twice is harmless."""
    if current_app.config["IS_PUBLIC"]:
        raise NotForThePublic("Demo content is only for a server without ENROLL_PUBLIC_URL.")
    if only_if_empty and db.session.scalar(sa.select(Batch.id).limit(1)):
        return False
    atomically(load_catalog, folder=SHIPPED, now=clock.now())
    today = clock.now().date()
    for sketch in SKETCHES:
        if not db.session.scalar(sa.select(Batch.id).where(Batch.code == sketch.code)):
            _fill(atomically(_plan, sketch=sketch, today=today), sketch)
    # These people do not exist; their letters would only hide the visitor's own in the mailbox.
    _make_sign_in()
    load_talk(now=clock.now())
    atomically(suppress, address_like=f"%{DEMO_DOMAIN}")
    return True


def _plan(*, sketch: Sketch, today: date) -> int:
    course = db.session.scalars(sa.select(Course).where(Course.slug == sketch.course)).one()
    zone = ZoneInfo(sketch.zone)
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=sketch.in_weeks)
    meetings = tuple(_meetings(monday, course, sketch, zone))
    first, last = meetings[0][0].astimezone(zone).date(), meetings[-1][0].astimezone(zone).date()
    opens = datetime.combine(today + timedelta(days=sketch.opens_in_days), time(9), zone)
    closes = datetime.combine(first - timedelta(days=2), time(18), zone)
    batch = plan_batch(
        plan=Plan(
            code=sketch.code,
            course_id=course.id,
            title=sketch.title,
            capacity=sketch.capacity,
            starts_on=first,
            ends_on=last,
            zone=sketch.zone,
            opens_at=opens.astimezone(UTC),
            closes_at=closes.astimezone(UTC),
            minimum=sketch.minimum,
            decide_on=first - timedelta(days=7) if sketch.minimum else None,
            rhythm=_rhythm(sketch, course),
            place=sketch.place,
            is_online=not sketch.place,
            teacher=sketch.teacher,
            needs_approval=bool(sketch.criteria),
            criteria=sketch.criteria,
            answer_on=first - timedelta(days=14) if sketch.criteria else None,
            fee_minor=sketch.fee * 100,
            fee_currency=sketch.currency,
            payment=sketch.payment,
            refund=sketch.refund,
            missed=sketch.missed,
            sessions=meetings,
        )
    )
    publish(batch_id=batch.id)
    return batch.id


_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def _hours(sketch: Sketch, course: Course) -> tuple[time, time]:
    """The course's hours in class, spread over the days."""
    begins = time(10) if min(sketch.evenings) >= 5 else time(18, 30)
    in_class = course.hours_per_week - (course.hours_beside or 0)
    return begins, begins.replace(hour=begins.hour + max(1, in_class // len(sketch.evenings)))


def _rhythm(sketch: Sketch, course: Course) -> str:
    begins, ends = _hours(sketch, course)
    days = ", ".join(_DAYS[day] for day in sketch.evenings)
    return f"{days}, {begins:%H:%M} to {ends:%H:%M}"


def _meetings(
    monday: date, course: Course, sketch: Sketch, zone: ZoneInfo
) -> list[tuple[datetime, datetime, str]]:
    """Weekly meetings over the course's weeks, each with the module it belongs to."""
    begins, ends = _hours(sketch, course)
    days = [
        monday + timedelta(weeks=week, days=day)
        for week in range(course.weeks)
        for day in sketch.evenings
    ]
    modules = course.modules
    return [
        (
            datetime.combine(on, begins, zone).astimezone(UTC),
            datetime.combine(on, ends, zone).astimezone(UTC),
            modules[number * len(modules) // len(days)].title,
        )
        for number, on in enumerate(days)
    ]


def _fill(batch_id: int, sketch: Sketch) -> None:
    """Let people register as they would, and all but the last confirm."""
    for number in range(sketch.people):
        name = PEOPLE[number % len(PEOPLE)]
        applicant = arriving.Applicant(
            email=f"{name.lower().replace(' ', '.')}.{sketch.code}{DEMO_DOMAIN}",
            name=name,
            background=("Nurse", "Sales", "Accountant", "Teacher", "Looking for work")[number % 5],
            consent_version=consent_version(current_app.config["MINIMUM_AGE"]),
        )
        registration_id = atomically(
            arriving.register, batch_id=batch_id, applicant=applicant, now=clock.now()
        )
        is_last = number == sketch.people - 1
        if registration_id and not (is_last and sketch.people <= sketch.capacity):
            seen = db.session.get_one(Registration, registration_id).state
            atomically(
                answering.confirm,
                batch_id=batch_id,
                registration_id=registration_id,
                seen=seen,
                now=clock.now(),
            )


# ---------------------------------------------------------------- the demo sign-in


def sign_in_file() -> Path:
    """Where the demo sign-in's random password is kept, so that a second start can print it too."""
    return Path(current_app.instance_path) / "demo-sign-in.json"


def _make_sign_in() -> None:
    if db.session.scalar(sa.select(Staff.id).where(Staff.email == DEMO_STAFF)):
        return
    password = secrets.token_urlsafe(12)
    atomically(
        add_staff,
        email=DEMO_STAFF,
        name="Demo Staff",
        password=password,
        duties=list(Duty),
        now=clock.now(),
    )
    path = sign_in_file()
    path.touch(mode=0o600)
    path.write_text(json.dumps({"email": DEMO_STAFF, "password": password}))
