"""The next run: a batch copied so many weeks later, every date looked at before it is made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.copying import copied, copy_batch, next_code
from enroll.batches.models import Batch
from enroll.batches.planning import CodeTaken
from enroll.batches.queries import find_batch, with_sessions
from enroll.console.batch_form import code_field
from enroll.console.guard import needs
from enroll.db import atomically
from enroll.forms import Form
from enroll.web import csrf

pages = Blueprint("copying", __name__, url_prefix="/staff/batches")

FARTHEST = 260


class CopyForm(Form):
    """How many weeks later, and under which code."""

    weeks = IntegerField(
        _("How many weeks later?"),
        [
            InputRequired(_("Enter a number of weeks.")),
            NumberRange(1, FARTHEST, _("Enter a number from 1 to 260.")),
        ],
    )
    code = code_field()


@pages.get("/<code>/copy")
@needs(Duty.PLAN)
def show(code: str) -> ResponseReturnValue:
    """The new dates beside the old ones; nothing is made yet."""
    batch = _found(code)
    if "weeks" not in request.args:
        form = CopyForm(formdata=None, weeks=_next_start(batch), code=next_code(code))
        return _page(batch, form, form.weeks.data)
    form = CopyForm(request.args, meta={"csrf": False})
    if not form.validate():
        return _page(batch, form, None), 422
    return _page(batch, form, form.weeks.data)


@pages.post("/<code>/copy")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def copy(code: str) -> ResponseReturnValue:
    """Make the draft."""
    batch, form = _found(code), CopyForm()
    if not form.validate_on_submit():
        return _page(batch, form, None), 422
    weeks = form.weeks.data
    try:
        made = atomically(copy_batch, batch_id=batch.id, code=form.code.data, weeks=weeks)
    except CodeTaken:
        form.code.errors = [gettext("Another batch has this code.")]
        return _page(_found(code), form, weeks), 409
    flash(gettext("The draft is made. Nobody sees it before it goes live."), "done")
    return redirect(url_for("planning.show", code=made.code), 303)


def _page(batch: Batch, form: CopyForm, weeks: int | None) -> str:
    (batch,) = with_sessions([batch.id])
    new = copied(batch, code=form.code.data or "", weeks=weeks) if weeks else None
    context: dict[str, Any] = {"batch": batch, "form": form, "new": new}
    if new:
        old = [(one.starts_at, one.ends_at) for one in batch.sessions]
        context["sessions"] = list(zip(old, new.sessions, strict=True))
    return render_template("console/copying/show.html", **context)


def _next_start(batch: Batch) -> int:
    """Weeks until the Monday-to-Sunday after its end, or later so that there is time to fill it."""
    least = max(batch.ends_on, clock.now().date() + timedelta(weeks=4))
    return max(1, -(-(least - batch.starts_on).days // 7))


def _found(code: str) -> Batch:
    return find_batch(code) or abort(404)
