"""Dates: moving a whole batch by so many days, looked at before it is saved."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import DateField, IntegerField
from wtforms.validators import InputRequired, NoneOf, NumberRange
from wtforms.widgets import HiddenInput

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.facts import batch_facts
from enroll.batches.models import Batch
from enroll.batches.queries import find_batch, with_sessions
from enroll.console import queries
from enroll.console.guard import needs
from enroll.console.words import why_not
from enroll.db import atomically
from enroll.forms import Form
from enroll.moments import day
from enroll.refusal import Refused
from enroll.registrations import steering
from enroll.registrations.locking import lock_seating
from enroll.web import csrf

pages = Blueprint("dates", __name__, url_prefix="/staff/batches")

FARTHEST = 366


class ShiftForm(Form):
    """By how many days a batch moves; `seen` is the first day that the colleague was shown."""

    days = IntegerField(
        _("Move by how many days?"),
        [
            InputRequired(_("Enter a number of days.")),
            NumberRange(-FARTHEST, FARTHEST, _("Enter a number from -366 to 366.")),
            NoneOf([0], _("Enter a number other than 0.")),
        ],
    )
    seen = DateField(widget=HiddenInput())


class DatesMoved(Refused):
    """A colleague has moved the batch meanwhile: it starts on `starts_on`."""


class CannotLieThere(Refused):
    """The new dates lie in the past, or before registration opens."""


class Dates(NamedTuple):
    """When a batch takes place, now or after a shift."""

    starts_on: date
    ends_on: date
    closes_at: datetime
    sessions: list[tuple[datetime, datetime]]


@pages.get("/<code>/shift")
@needs(Duty.PLAN)
def shift(code: str) -> ResponseReturnValue:
    """The new dates, to be looked at before anything is saved."""
    batch = _found(code)
    if "days" not in request.args:
        return _shift_page(batch, ShiftForm(formdata=None))
    form = ShiftForm(request.args, seen=batch.starts_on, meta={"csrf": False})
    if not form.days.validate(form):
        return _shift_page(batch, form), 422
    return _preview(batch, form.days.data)


@pages.post("/<code>/shift")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps the number
@needs(Duty.PLAN)
def shift_now(code: str) -> ResponseReturnValue:
    """Move the batch to the dates that were shown."""
    batch = _found(code)
    form = ShiftForm()
    if not form.validate_on_submit():
        return _shift_page(batch, form, 0 if form.days.errors else form.days.data), 422
    days, seen = form.days.data, form.seen.data
    try:
        changed = atomically(_shift_once, batch_id=batch.id, days=days, seen=seen, now=clock.now())
    except Refused as refusal:
        return _preview(_found(code), days, refusal), 409
    starts_on = day(seen + timedelta(days=days))
    if changed:
        said = gettext("The batch starts on %(day)s now.", day=starts_on)
    else:
        said = gettext(
            "A colleague was quicker: the batch starts on %(day)s already.", day=starts_on
        )
    flash(said, "done" if changed else "note")
    return redirect(url_for("steering.show", code=code), 303)


def _shift_once(*, batch_id: int, days: int, seen: date, now: datetime) -> bool:
    """Shift the batch from the dates that were seen; answers whether this very call did it."""
    lock_seating(batch_id)
    batch = batch_facts(batch_id)
    by = timedelta(days=days)
    if batch.starts_on - by == seen:
        return False
    if batch.starts_on != seen:
        raise DatesMoved(starts_on=batch.starts_on)
    if batch.closes_at + by <= batch.opens_at or batch.begins_at + by <= now < batch.begins_at:
        raise CannotLieThere
    steering.reschedule(batch_id=batch_id, days=days, now=now)
    return True


def _preview(batch: Batch, days: int, refusal: Refused | None = None) -> ResponseReturnValue:
    form = ShiftForm(formdata=None, days=days, seen=batch.starts_on)
    return _shift_page(batch, form, days, _why_not_there(refusal) if refusal else None)


def _shift_page(batch: Batch, form: ShiftForm, days: int = 0, refusal: str | None = None) -> str:
    (batch,) = with_sessions([batch.id])
    old, new = _dates(batch, 0), _dates(batch, days)
    return render_template(
        "console/dates/shift.html",
        batch=batch,
        form=form,
        refusal=refusal,
        old=old,
        new=new if days else None,
        sessions=list(zip(old.sessions, new.sessions, strict=True)),
        people=queries.count_live(batch.id) if batch.state.is_public else 0,
    )


def _dates(batch: Batch, days: int) -> Dates:
    by = timedelta(days=days)

    def moved(at: datetime) -> datetime:
        """The same local time so many days later, whatever the clocks do in between."""
        return at.astimezone(batch.tz) + by

    return Dates(
        batch.starts_on + by,
        batch.ends_on + by,
        moved(batch.closes_at),
        [(moved(one.starts_at), moved(one.ends_at)) for one in batch.sessions],
    )


def _why_not_there(refusal: Refused) -> str:
    if isinstance(refusal, DatesMoved):
        return gettext(
            "A colleague has moved the batch meanwhile: it starts on %(day)s now. Nothing was changed.",
            day=day(refusal.facts["starts_on"]),
        )
    if isinstance(refusal, CannotLieThere):
        return gettext(
            "On these dates the batch would have begun already, or registration would close before"
            " it opens. Nothing was changed."
        )
    return why_not(refusal)


def _found(code: str) -> Batch:
    return find_batch(code) or abort(404)
