"""The design on one page: every value and every component in every state. Not there in public."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Blueprint, abort, current_app, render_template
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    EmailField,
    FileField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice

from enroll.batches.models import Batch
from enroll.batches.states import BatchState, Window
from enroll.catalog.models import Course
from enroll.forms import Form
from enroll.registrations.queries import Prospect
from enroll.site.progress import Stage, Standing, Step

pages = Blueprint("design", __name__)

CHOICES = [SelectChoice("1", _("Mornings")), SelectChoice("2", _("Evenings"))]
WINDOWS = [
    (Window.OPEN, 12, 20),
    (Window.OPEN, 1, 20),
    (Window.WAITLIST, 0, 6),
    (Window.OPEN, 55, 120),
    (Window.NOT_YET, 10, 10),
    (Window.CLOSED, 0, 8),
]
SPACES = range(1, 8)
STEPS = ("small", "0", "1", "2", "3", "4")
COLOURS = (
    "ground",
    "surface",
    "sunken",
    "ink",
    "ink-soft",
    "line",
    "line-strong",
    "accent",
    "accent-hover",
    "on-accent",
    "accent-soft",
    "pine",
    "pine-wall",
    "on-pine",
    "on-pine-soft",
    "lamp",
    "warn",
    "warn-soft",
    "bad",
    "bad-soft",
    "focus",
)


class SpecimenForm(Form):
    """One field of each kind."""

    name = StringField(_("Your name"))
    email = EmailField(_("E-mail address"))
    words = TextAreaField(_("Anything we should know?"))
    time = SelectField(_("Time of day"), choices=CHOICES)
    one = RadioField(_("Time of day"), choices=CHOICES)
    some = SelectMultipleField(_("Times of day"), choices=CHOICES)
    sheet = FileField(_("A file"))
    consent = BooleanField(_("I agree"))


@pages.get("/design")
def index() -> str:
    """Every component, drawn from made-up things; the database is not asked."""
    if current_app.config["IS_PUBLIC"]:
        abort(404)
    today = date(2027, 3, 12)
    return render_template(
        "site/design/index.html",
        prospects=[_prospect(today, *window) for window in WINDOWS],
        fine=SpecimenForm(formdata=None, prefix="fine-"),
        wrong=_wrong(),
        journeys=_journeys(today),
        spaces=SPACES,
        steps=STEPS,
        colours=COLOURS,
    )


def _wrong() -> SpecimenForm:
    form = SpecimenForm(formdata=None, prefix="wrong-")
    for field in form:
        if field.short_name != "csrf_token":
            field.errors = [_("Say what to do, not what went wrong.")]
    return form


def _prospect(today: date, window: Window, left: int, capacity: int) -> Prospect:
    """A batch that is in no table, as a newcomer would meet it."""
    course = Course(slug="course", title=str(_("A course")), weeks=8, hours_per_week=6)
    opens = datetime(2027, 2, 1, 9, tzinfo=UTC)
    batch = Batch(
        code="design-01",
        course=course,
        state=BatchState.CONFIRMED_TO_RUN,
        title=str(_("A batch on weekday evenings")),
        starts_on=today,
        ends_on=today + timedelta(weeks=8),
        zone="Asia/Kolkata",
        opens_at=opens,
        closes_at=opens + timedelta(days=30),
        is_online=True,
        rhythm="",
        needs_approval=False,
        waitlist_limit=None,
    )
    waiting = 0 if left else 3
    return Prospect(
        batch=batch,
        capacity=capacity,
        seats_free=left,
        seated=capacity - left,
        waiting=waiting,
        window=window,
        seats_left=left,
        enrolled=capacity - left,
    )


def _journeys(today: date) -> list[list[Step]]:
    """The line of my registration with each standing a stage may have."""
    at = datetime(2027, 2, 3, 12, tzinfo=UTC)
    begins = Step(Stage.BEGINS, Standing.AHEAD, on=today)
    seat = Step(Stage.SEAT, Standing.DONE, at=at)
    registered = Step(Stage.REGISTERED, Standing.DONE, at=at)
    address = Step(Stage.ADDRESS, Standing.DONE, at=at)
    return [
        [
            registered,
            Step(Stage.ADDRESS, Standing.HERE),
            Step(Stage.SEAT, Standing.AHEAD),
            begins,
        ],
        [registered, address, seat, begins],
        [registered, address, Step(Stage.SEAT, Standing.ENDED, at=at)],
    ]
