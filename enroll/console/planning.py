"""The plan of a batch: its checklist and calendar; going live, closing registration and reopening it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import DateTimeLocalField
from wtforms.validators import InputRequired

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches import planning
from enroll.batches.checklist import MUST, Point, check
from enroll.batches.clashing import Clash, clashes
from enroll.batches.models import Batch, BatchSession
from enroll.batches.queries import find_batch, with_sessions
from enroll.batches.states import BatchState
from enroll.console import queries
from enroll.console.batch_form import local
from enroll.console.guard import needs
from enroll.console.words import why_not
from enroll.db import atomically
from enroll.forms import Form
from enroll.refusal import Refused
from enroll.registrations import altering
from enroll.registrations.queries import planned, prospect
from enroll.web import csrf

pages = Blueprint("planning", __name__, url_prefix="/staff/batches")

# What each line of the checklist says when it is fine, and what is to be done when it is not.
POINTS = {
    Point.SEATS: (_("It has seats."), _("It has no seats yet.")),
    Point.SESSIONS: (_("It has sessions."), _("It has no sessions yet: make them from a pattern.")),
    Point.INSIDE: (
        _("All sessions lie between its first day and its last."),
        _("Some sessions lie outside its first and last day."),
    ),
    Point.AHEAD: (_("It lies ahead."), _("Its first session is missing, or over.")),
    Point.WINDOW: (
        _("Registration closes before the first session."),
        _("Registration closes in the past, or after the first session begins."),
    ),
    Point.PLACE: (
        _("It says where it takes place."),
        _("It says neither a place nor that it is online."),
    ),
    Point.MINIMUM: (
        _("Its minimum is no more than its seats."),
        _("Its minimum is more than its seats: it could never run."),
    ),
    Point.DECISION: (
        _("If it has a minimum, it says when we decide whether it runs."),
        _("It has a minimum, but no day before it begins by which we decide."),
    ),
    Point.CRITERIA: (
        _("If we decide who is admitted, it says by what, and when we answer."),
        _("We decide who is admitted: say by what, and by which day before it begins we answer."),
    ),
    Point.TEACHER: (_("It names the teacher."), _("It names no teacher yet.")),
    Point.FEE: (_("It states the fee."), _("It states no fee: people ask for it first.")),
    Point.REFUND: (
        _("If it costs something, it says what is refunded."),
        _("It has a fee and does not say what is refunded, and until when."),
    ),
    Point.NOTICE: (
        _("Two days lie between the end of registration and the first session."),
        _("Registration closes less than two days before the first session."),
    ),
    Point.RHYTHM: (
        _("It says the weekly rhythm in words."),
        _("It does not say the weekly rhythm in words."),
    ),
    Point.JOIN: (
        _("If it is online, it says how the enrolled join."),
        _("It is online and has no link to join yet."),
    ),
    Point.APART: (
        _("No two of its sessions overlap."),
        _("Some of its sessions overlap each other."),
    ),
    Point.CLASHES: (
        _("Neither its teacher nor its room is needed elsewhere."),
        _("Its teacher or its room is needed elsewhere at the same time: see the calendar."),
    ),
}
AT_PATTERN = frozenset({Point.SESSIONS, Point.AHEAD, Point.APART})  # mended where sessions are made


class UntilForm(Form):
    """Until when people can register again."""

    until = DateTimeLocalField(
        _("Open until"), [InputRequired(_("Enter until when people can register."))]
    )


class Day(NamedTuple):
    """One day of the calendar."""

    on: date
    sessions: list[BatchSession]
    clashes: list[Clash]


class Month(NamedTuple):
    """One month of the calendar: weeks of seven, `None` where the day belongs to another month."""

    first: date
    weeks: list[list[Day | None]]


@pages.get("/<code>/plan")
@needs(Duty.PLAN)
def show(code: str) -> str:
    """Where the plan stands, and what can be done about it."""
    return _page(_found(code))


@pages.get("/<code>/preview")
@needs(Duty.PLAN)
def preview(code: str) -> str:
    """A draft as people will see it; of a public batch, what they see already."""
    (batch,) = with_sessions([_found(code).id])
    now = clock.now()
    capacity, _taken = queries.seats(batch.id)
    return render_template(
        "console/planning/preview.html",
        batch=batch,
        p=prospect(code, now) or planned(batch, capacity, now),
        form=None,
        talk=None,
    )


@pages.post("/<code>/go-live")
@needs(Duty.PLAN)
def go_live(code: str) -> ResponseReturnValue:
    """Open the draft to the public."""
    batch = _found(code)
    try:
        changed = atomically(planning.go_live, batch_id=batch.id, now=clock.now())
    except planning.NotReady:
        refusal = gettext("Some lines of the checklist must be fine first. Nothing was changed.")
        return _page(_found(code), refusal=refusal), 409
    said = gettext("The batch is public now.") if changed else gettext("It was public already.")
    return _back(code, said, changed)


@pages.post("/<code>/close")
@needs(Duty.PLAN)
def close(code: str) -> ResponseReturnValue:
    """Nobody new can register from now on."""
    batch = _found(code)
    try:
        changed = atomically(altering.close, batch_id=batch.id, now=clock.now())
    except Refused as refusal:
        return _page(_found(code), refusal=_why_not(refusal)), 409
    if changed:
        return _back(code, gettext("Registration is closed. What people hold stays theirs."), True)
    return _back(code, gettext("Registration was closed already."), False)


@pages.post("/<code>/reopen")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def reopen(code: str) -> ResponseReturnValue:
    """People can register again."""
    batch = _found(code)
    form = UntilForm()
    if not form.validate_on_submit():
        return _page(batch, form), 422
    until = form.until.data.replace(tzinfo=batch.tz)
    try:
        atomically(altering.reopen, batch_id=batch.id, until=until, now=clock.now())
    except Refused as refusal:
        return _page(_found(code), form, _why_not(refusal)), 409
    return _back(code, gettext("Registration is open again."), True)


def _why_not(refusal: Refused) -> str:
    if isinstance(refusal, altering.NoTime):
        return gettext(
            "Registration has to open before it closes, and close before the batch begins."
            " Nothing was changed."
        )
    return why_not(refusal)


def _page(batch: Batch, form: UntilForm | None = None, refusal: str | None = None) -> str:
    (batch,) = with_sessions([batch.id])
    now = clock.now()
    found = clashes(batch.id)
    capacity, taken = queries.seats(batch.id)
    held = [one.starts_at for one in batch.sessions if one.cancelled_at is None]
    begins = held[0] if held else None
    until = local(begins, batch.tz) - timedelta(days=2) if begins else None
    context: dict[str, Any] = {
        "batch": batch,
        "form": form or UntilForm(formdata=None, until=until),
        "refusal": refusal,
        "lines": check(batch, now) if batch.state is BatchState.DRAFT else [],
        "words": POINTS,
        "at_pattern": AT_PATTERN,
        "must": MUST,
        "months": calendar_of(batch, found),
        "clashes": found,
        "capacity": capacity,
        "taken": taken,
        "is_open": batch.opens_at <= now < batch.closes_at,
        "may_reopen": batch.closes_at <= now and begins is not None and begins > now,
    }
    return render_template("console/planning/show.html", **context)


def calendar_of(batch: Batch, found: list[Clash]) -> list[Month]:
    """The months of a batch with its sessions, in its own zone; at most two years of them."""
    by_day: dict[date, list[BatchSession]] = {}
    for one in batch.sessions:
        by_day.setdefault(one.starts_at.astimezone(batch.tz).date(), []).append(one)
    of_session: dict[int, list[Clash]] = {}
    for clash in found:
        of_session.setdefault(clash.session_id, []).append(clash)
    if not by_day:
        return []
    months, first, last = [], min(by_day).replace(day=1), max(by_day)
    while first <= last and len(months) < 24:
        months.append(_month(first, by_day, of_session))
        first = (first + timedelta(days=32)).replace(day=1)
    return months


def _month(
    first: date, by_day: dict[date, list[BatchSession]], of_session: dict[int, list[Clash]]
) -> Month:
    day, weeks = first - timedelta(days=first.weekday()), []
    while day.replace(day=1) <= first:
        week: list[Day | None] = []
        for on in (day + timedelta(days=number) for number in range(7)):
            here = by_day.get(on, [])
            clashing = [clash for one in here for clash in of_session.get(one.id, [])]
            week.append(Day(on, here, clashing) if on.month == first.month else None)
        weeks.append(week)
        day += timedelta(weeks=1)
    return Month(first, weeks)


def _back(code: str, said: str, changed: bool) -> ResponseReturnValue:
    flash(said, "done" if changed else "note")
    return redirect(url_for("planning.show", code=code), 303)


def _found(code: str) -> Batch:
    return find_batch(code) or abort(404)
