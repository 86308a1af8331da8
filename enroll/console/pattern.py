"""The sessions of a draft: made from a weekly pattern, looked at, added and taken off one by one."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    IntegerField,
    SelectMultipleField,
    TextAreaField,
    TimeField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from enroll.accounts.duties import Duty
from enroll.batches import planning
from enroll.batches.clashing import clashes
from enroll.batches.models import Batch
from enroll.batches.queries import find_batch, with_sessions
from enroll.batches.recurrence import MOST, Pattern, meetings
from enroll.batches.states import BatchState
from enroll.console.guard import needs
from enroll.console.planning import calendar_of
from enroll.db import atomically
from enroll.forms import Form
from enroll.refusal import Refused
from enroll.web import csrf

pages = Blueprint("pattern", __name__, url_prefix="/staff/batches")

WEEKDAYS = (
    *(_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday")),
    *(_("Friday"), _("Saturday"), _("Sunday")),
)
_DAY = re.compile(r"\s*(\d{4}-\d{2}-\d{2})\b")


class PatternForm(Form):
    """A weekly pattern, and the days on which there is nothing."""

    weekdays = SelectMultipleField(
        _("On which days"),
        [InputRequired(_("Tick at least one day."))],
        coerce=int,
        choices=[SelectChoice(number, words) for number, words in enumerate(WEEKDAYS)],
    )
    begins = TimeField(_("From"), [InputRequired(_("Enter when a session begins."))])
    ends = TimeField(_("To"), [InputRequired(_("Enter when a session ends."))])
    first_on = DateField(_("First day"), [InputRequired(_("Enter the first day."))])
    count = IntegerField(
        _("How many sessions"),
        [Optional(), NumberRange(1, MOST, _("Enter a number from 1 to 200."))],
    )
    until = DateField(_("Or until this day"), [Optional()])
    besides = TextAreaField(_("Not on these days"), [Length(max=4000)])
    replaces = BooleanField(_("In place of the sessions there are"))
    version = HiddenField()
    look = HiddenField()  # the button that only shows them

    def validate_ends(self, field: Field) -> None:
        """A session lasts some time."""
        if field.data and field.data == self.begins.data:
            raise ValidationError(gettext("It would end when it begins."))

    def validate_until(self, field: Field) -> None:
        """One of the two ends the pattern."""
        if not field.data and not self.count.data and not self.count.errors:
            raise ValidationError(gettext("Say how many sessions, or until which day."))
        if field.data and self.first_on.data and field.data < self.first_on.data:
            raise ValidationError(gettext("That lies before the first day."))

    def validate_besides(self, field: Field) -> None:
        """A day a line, with or without a name after it."""
        for line in (field.data or "").splitlines():
            if line.strip() and _day(line) is None:
                raise ValidationError(
                    gettext(
                        "Write one day a line, such as 2027-03-22 Holi; not “%(line)s”.", line=line
                    )
                )

    def pattern(self) -> Pattern:
        """What was filled in."""
        lines = (self.besides.data or "").splitlines()
        return Pattern(
            weekdays=self.weekdays.data,
            begins=self.begins.data,
            ends=self.ends.data,
            first_on=self.first_on.data,
            count=self.count.data,
            until=self.until.data,
            besides={on for line in lines if (on := _day(line)) is not None},
        )


def _day(line: str) -> date | None:
    found = _DAY.match(line)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


@pages.get("/<code>/pattern")
@needs(Duty.PLAN)
def show(code: str) -> str:
    """The sessions there are, and the form for more."""
    batch = _found(code)
    form = PatternForm(
        formdata=None, first_on=batch.starts_on, until=batch.ends_on, version=str(batch.version)
    )
    return _page(batch, form)


@pages.post("/<code>/pattern")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def make(code: str) -> ResponseReturnValue:
    """Show what the pattern makes, or keep it."""
    batch, form = _found(code), PatternForm()
    if not form.validate_on_submit():
        return _page(batch, form), 422
    found = meetings(form.pattern(), batch.tz)
    if not found:
        form.until.errors = [gettext("This pattern makes no session.")]
        return _page(batch, form), 422
    if form.look.data:
        return _page(batch, form, found=found)
    seen = int(form.version.data) if (form.version.data or "").isdecimal() else 0
    try:
        atomically(
            planning.plan_sessions,
            batch_id=batch.id,
            seen=seen,
            meetings=found,
            replaces=form.replaces.data,
        )
    except Refused as refusal:
        form.version.raw_data = [str(_found(code).version)]
        return _page(_found(code), form, refusal=_why_not(refusal)), 409
    said = ngettext("%(num)s session is made.", "%(num)s sessions are made.", len(found))
    flash(said, "done")
    return redirect(url_for("planning.show", code=code), 303)


@pages.post("/<code>/pattern/<int:number>/remove")
@needs(Duty.PLAN)
def remove(code: str, number: int) -> ResponseReturnValue:
    """Take one session off the draft."""
    batch = _found(code)
    (batch,) = with_sessions([batch.id])
    if number not in {one.id for one in batch.sessions}:
        abort(404)
    try:
        there = atomically(planning.remove_session, batch_id=batch.id, session_id=number)
    except Refused as refusal:
        form = PatternForm(formdata=None, version=str(batch.version))
        return _page(_found(code), form, refusal=_why_not(refusal)), 409
    if not there:
        abort(404)
    flash(gettext("The session is taken off."), "done")
    return redirect(url_for("pattern.show", code=code), 303)


def _why_not(refusal: Refused) -> str:
    if isinstance(refusal, planning.Changed):
        return gettext(
            "A colleague has changed this batch meanwhile. What you typed is still here: look at the"
            " sessions below and press again if you mean it."
        )
    return gettext(
        "This batch is public: its sessions are changed one by one, so that everybody is told."
        " Nothing was changed."
    )


def _page(
    batch: Batch,
    form: PatternForm,
    *,
    found: list[tuple[datetime, datetime]] | None = None,
    refusal: str | None = None,
) -> str:
    (batch,) = with_sessions([batch.id])
    clashing = clashes(batch.id)
    context: dict[str, Any] = {
        "batch": batch,
        "form": form,
        "found": found,
        "refusal": refusal,
        "clashes": clashing,
        "months": calendar_of(batch, clashing),
        "is_draft": batch.state is BatchState.DRAFT,
    }
    return render_template("console/pattern/show.html", **context)


def _found(code: str) -> Batch:
    return find_batch(code) or abort(404)
