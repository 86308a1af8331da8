"""Steering: how large a batch is, and whether it takes place. (When: dates.py.)"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_security import current_user
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.batches.queries import find_batch
from enroll.console import queries
from enroll.console.dates import ShiftForm
from enroll.console.guard import needs
from enroll.console.words import why_not
from enroll.db import atomically
from enroll.forms import Form
from enroll.refusal import Refused
from enroll.registrations import steering
from enroll.registrations.foreseeing import foresee_call_off
from enroll.registrations.locking import lock_seating
from enroll.registrations.queries import Standing, standing
from enroll.web import csrf

pages = Blueprint("steering", __name__, url_prefix="/staff/batches")

LARGEST = 1000


class SizeForm(Form):
    """How many seats a batch is to have."""

    capacity = IntegerField(
        _("Number of seats"),
        [
            InputRequired(_("Enter how many seats the batch has.")),
            NumberRange(0, LARGEST, _("Enter a number from 0 to 1000.")),
        ],
    )


@pages.get("/<code>/steer")
@needs(Duty.PLAN)
def show(code: str) -> str:
    """What can be decided about the batch as a whole."""
    return _page(_found(code))


@pages.post("/<code>/resize")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps the number
@needs(Duty.PLAN)
def resize(code: str) -> ResponseReturnValue:
    """Give the batch more or fewer seats."""
    batch = _found(code)
    form = SizeForm()
    if not form.validate_on_submit():
        return _page(batch, form), 422
    capacity = form.capacity.data
    try:
        had, offers = atomically(_resize, batch_id=batch.id, capacity=capacity, now=clock.now())
    except Refused as refusal:
        return _page(_found(code), form, why_not(refusal)), 409
    if had == capacity:
        return _back(code, gettext("The batch had %(num)s seats already.", num=had), "note")
    said = gettext("The batch has %(num)s seats now; it had %(had)s.", num=capacity, had=had)
    if offers:
        said += " " + ngettext(
            "%(num)s person who waited is offered one.",
            "%(num)s people who waited are offered one.",
            offers,
        )
    return _back(code, said)


def _resize(*, batch_id: int, capacity: int, now: datetime) -> tuple[int, int]:
    """Resize, and say what the size was under the same lock."""
    lock_seating(batch_id)
    had, _taken = queries.seats(batch_id)
    return had, steering.resize(batch_id=batch_id, capacity=capacity, now=now)


@pages.get("/<code>/run")
@needs(Duty.PLAN)
def confirm(code: str) -> str:
    """What confirming to run would do, before it is done."""
    return _run_page(_found(code))


@pages.post("/<code>/run")
@needs(Duty.PLAN)
def run(code: str) -> ResponseReturnValue:
    """Confirm that the batch takes place."""
    batch = _found(code)
    try:
        changed = atomically(steering.confirm_to_run, batch_id=batch.id, now=clock.now())
    except Refused as refusal:
        if _comes_from_board():
            return _run_page(_found(code), why_not(refusal)), 409
        return _page(_found(code), refusal=why_not(refusal)), 409
    if changed:
        return _back(code, gettext("The batch is confirmed to run. Everybody in it is written to."))
    return _back(code, gettext("The batch had been confirmed to run already."), "note")


def _run_page(batch: Batch, refusal: str | None = None) -> str:
    return render_template(
        "console/steering/run.html",
        batch=batch,
        refusal=refusal,
        stand=standing([batch.id]).get(batch.id, Standing()),
        people=queries.count_live(batch.id),
        back=_comes_from_board(),
    )


# ---------------------------------------------------------------- calling off


@pages.get("/<code>/call-off")
@needs(Duty.PLAN)
def call_off(code: str) -> str:
    """What calling off would do, before it is done."""
    return _call_off_page(_found(code))


@pages.post("/<code>/call-off")
@needs(Duty.PLAN)
def call_off_now(code: str) -> ResponseReturnValue:
    """The batch does not take place."""
    batch = _found(code)
    try:
        told = atomically(
            steering.call_off, batch_id=batch.id, by=f"staff {current_user.id}", now=clock.now()
        )
    except Refused as refusal:
        return _call_off_page(_found(code), why_not(refusal)), 409
    if told is None:
        return _back(
            code, gettext("It was called off already. Nobody is written to again."), "note"
        )
    if not told:
        return _back(code, gettext("The batch is called off. Nobody was left to write to."), "note")
    return _back(
        code,
        ngettext(
            "The batch is called off. %(num)s person is written to.",
            "The batch is called off. %(num)s people are written to.",
            told,
        ),
    )


def _call_off_page(batch: Batch, refusal: str | None = None) -> str:
    return render_template(
        "console/steering/call_off.html",
        batch=batch,
        refusal=refusal,
        foreseen=foresee_call_off(batch.id, clock.now()),
        back=_comes_from_board(),
    )


# ---------------------------------------------------------------- the means


def _found(code: str) -> Batch:
    return find_batch(code) or abort(404)


def _comes_from_board() -> str | None:
    """Whoever came from the board goes back there."""
    return "board" if request.args.get("back") == "board" else None


def _back(code: str, said: str, kind: str = "done") -> ResponseReturnValue:
    if _comes_from_board():
        flash(f"{code}: {said}", kind)
        return redirect(url_for("board.index"), 303)
    flash(said, kind)
    return redirect(url_for("steering.show", code=code), 303)


def _page(batch: Batch, form: SizeForm | None = None, refusal: str | None = None) -> str:
    capacity, taken = queries.seats(batch.id)
    context: dict[str, Any] = {
        "batch": batch,
        "refusal": refusal,
        "capacity": capacity,
        "taken": taken,
        "stand": standing([batch.id]).get(batch.id, Standing()),
        "form": form or SizeForm(formdata=None, capacity=capacity),
        "shift": ShiftForm(formdata=None),
    }
    return render_template("console/steering/show.html", **context)
