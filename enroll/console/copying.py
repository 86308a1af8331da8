"""The next run: a batch copied so many weeks later, every date looked at before it is made."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import DateField, Field, IntegerField, ValidationError
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import HiddenInput

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.clashing import Need, foreseen
from enroll.batches.copying import copied, copy_batch, next_code
from enroll.batches.models import Batch
from enroll.batches.planning import Changed, CodeTaken
from enroll.batches.queries import find_batch, with_sessions
from enroll.console.batch_form import code_field
from enroll.console.guard import needs
from enroll.db import atomically
from enroll.forms import Form
from enroll.moments import day
from enroll.web import csrf

pages = Blueprint("copying", __name__, url_prefix="/staff/batches")

FARTHEST = 260


class CopyForm(Form):
    """How many weeks later or from which day on, and under which code."""

    weeks = IntegerField(
        _("How many weeks later?"),
        [
            Optional(),
            NumberRange(1, FARTHEST, _("Enter a number from 1 to 260.")),
        ],
    )
    first_on = DateField(_("Or on which new first day?"), [Optional()])
    code = code_field()
    begins = DateField(widget=HiddenInput())  # the new first day that was shown

    former: date  # the first day of the batch that is copied

    def validate(self, extra_validators: dict[str, list[Any]] | None = None) -> bool:
        """One of the two ways to say when is needed."""
        is_fine = super().validate(extra_validators)
        unsaid = self.weeks.data is None and self.first_on.data is None
        if unsaid and not self.weeks.errors and not self.first_on.errors:
            self.weeks.errors = [gettext("Enter a number of weeks, or the new first day.")]
        return is_fine and not unsaid

    def validate_first_on(self, field: Field) -> None:
        """Whole weeks later; a day that is given counts before the number."""
        if field.data is None:
            return
        days = (field.data - self.former).days
        if not 7 <= days <= FARTHEST * 7:
            raise ValidationError(
                gettext(
                    "Choose a day from one week to 260 weeks after %(day)s.", day=day(self.former)
                )
            )
        if days % 7:
            before, after = (field.data - timedelta(days=days % 7 - by) for by in (0, 7))
            raise ValidationError(
                gettext(
                    "It keeps its days of the week: choose %(before)s or %(after)s.",
                    before=day(before, "full"),
                    after=day(after, "full"),
                )
            )

    def later(self) -> int:
        """The number of weeks, and what the next page shows of it."""
        first_on = self.first_on.data
        weeks: int = (first_on - self.former).days // 7 if first_on else self.weeks.data
        self.weeks.data, self.weeks.raw_data = weeks, [str(weeks)]
        self.first_on.data, self.first_on.raw_data = None, [""]
        begins = self.former + timedelta(weeks=weeks)
        self.begins.data, self.begins.raw_data = begins, [begins.isoformat()]
        return weeks


@pages.get("/<code>/copy")
@needs(Duty.PLAN)
def show(code: str) -> ResponseReturnValue:
    """The new dates beside the old ones; nothing is made yet."""
    batch = _found(code)
    if not request.args.keys() & {"weeks", "first_on"}:
        form = _form(batch, None, weeks=_next_start(batch), code=next_code(code))
        return _page(batch, form, form.later())
    form = _form(batch, request.args, meta={"csrf": False})
    if not form.validate():
        return _page(batch, form), 422
    return _page(batch, form, form.later())


@pages.post("/<code>/copy")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def copy(code: str) -> ResponseReturnValue:
    """Make the draft, on the dates that were shown."""
    batch = _found(code)
    form = _form(batch, request.form)
    if not form.validate_on_submit():
        return _page(batch, form), 422
    seen, weeks = form.begins.data, form.later()
    try:
        made = atomically(
            copy_batch, batch_id=batch.id, code=form.code.data, weeks=weeks, begins=seen
        )
    except CodeTaken:
        form.code.errors = [gettext("Another batch has this code.")]
        return _page(_found(code), form, weeks), 409
    except Changed:
        refusal = gettext(
            "A colleague has moved this batch meanwhile. Nothing was made: look at the new dates again."
        )
        return _page(_found(code), form, weeks, refusal), 409
    flash(gettext("The draft is made. Nobody sees it before it goes live."), "done")
    return redirect(url_for("planning.show", code=made.code), 303)


def _form(batch: Batch, given: MultiDict[str, str] | None, **more: Any) -> CopyForm:
    form = CopyForm(formdata=given, **more)
    form.former = batch.starts_on
    return form


def _page(
    batch: Batch, form: CopyForm, weeks: int | None = None, refusal: str | None = None
) -> str:
    (batch,) = with_sessions([batch.id])
    new = copied(batch, code=form.code.data or "", weeks=weeks) if weeks else None
    context: dict[str, Any] = {"batch": batch, "form": form, "new": new, "refusal": refusal}
    if new:
        old = [(one.starts_at, one.ends_at) for one in batch.sessions]
        context["sessions"] = list(zip(old, new.sessions, strict=True))
        need = Need(new.teacher, new.place, new.is_online)
        context["clashes"] = foreseen([(begin, end) for begin, end, _topic in new.sessions], need)
    return render_template("console/copying/show.html", **context)


def _next_start(batch: Batch) -> int:
    """Weeks until the Monday-to-Sunday after its end, or later so that there is time to fill it."""
    least = max(batch.ends_on, clock.now().date() + timedelta(weeks=4))
    return max(1, -(-(least - batch.starts_on).days // 7))


def _found(code: str) -> Batch:
    return find_batch(code) or abort(404)
