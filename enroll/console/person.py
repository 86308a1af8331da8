"""One registration: all that happened, its letters, and what staff can do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_security import current_user
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.console import queries, words
from enroll.console.guard import needs
from enroll.db import atomically
from enroll.forms import Form
from enroll.refusal import Refused
from enroll.registrations import deciding
from enroll.registrations.models import Registration
from enroll.registrations.outcomes import Outcome
from enroll.registrations.personal import history, place
from enroll.registrations.queries import roster
from enroll.registrations.states import State
from enroll.web import csrf

pages = Blueprint("person", __name__, url_prefix="/staff/registrations")


class CancelForm(Form):
    """Why somebody's registration is cancelled."""

    reason = TextAreaField(
        _("Reason"),
        [DataRequired(_("Give a reason: it stands in the letter.")), Length(max=1000)],
    )


@pages.get("/<int:number>")
@needs(Duty.PLAN)
def show(number: int) -> str:
    """All moves and letters of one registration."""
    return _page(_found(number))


@pages.get("/<int:number>/cancel")
@needs(Duty.PLAN)
def cancel(number: int) -> str:
    """Asks once more before somebody loses a seat or place."""
    return _cancel_page(_found(number), CancelForm(formdata=None))


@pages.post("/<int:number>/cancel")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps the reason
@needs(Duty.PLAN)
def cancel_now(number: int) -> ResponseReturnValue:
    """Take the seat or place back."""
    one = _found(number)
    form = CancelForm()
    if not form.validate_on_submit():
        return _cancel_page(one, form), 422
    try:
        outcome = _run(deciding.cancel, one, reason=form.reason.data)
    except Refused as refusal:
        return _cancel_page(_found(number), form, words.why_not(refusal)), 409
    return _done(
        outcome,
        gettext("%(name)s is cancelled and is written to.", name=one.name),
        gettext("%(name)s had been cancelled already. Nothing was changed.", name=one.name),
    )


@pages.post("/<int:number>/seat")
@needs(Duty.PLAN)
def seat(number: int) -> ResponseReturnValue:
    """Somebody who waits has said yes on the telephone."""
    name = _found(number).name
    return _press(
        number,
        deciding.seat_by_telephone,
        gettext("%(name)s is enrolled and is written to.", name=name),
        gettext("%(name)s was enrolled already. Nothing was changed.", name=name),
    )


@pages.post("/<int:number>/admit")
@needs(Duty.PLAN)
def admit(number: int) -> ResponseReturnValue:
    """Admit somebody after all who was rejected."""
    name = _found(number).name
    return _press(
        number,
        deciding.admit_after_all,
        gettext("%(name)s is admitted after all and is written to.", name=name),
        gettext("%(name)s is registered in this batch already. Nothing was changed.", name=name),
    )


def _press(number: int, verb: Callable[..., Outcome], done: str, again: str) -> ResponseReturnValue:
    """One button without words of its own; a refusal is shown on the person's page."""
    try:
        outcome = _run(verb, _found(number))
    except Refused as refusal:
        return _page(_found(number), words.why_not(refusal)), 409
    return _done(outcome, done, again)


def _run(verb: Callable[..., Outcome], one: Registration, **more: Any) -> Outcome:
    return atomically(
        verb,
        batch_id=one.batch_id,
        registration_id=one.id,
        by=f"staff {current_user.id}",
        now=clock.now(),
        **more,
    )


def _done(outcome: Outcome, done: str, again: str) -> ResponseReturnValue:
    flash(done if outcome.changed else again, "done" if outcome.changed else "note")
    code = _found(outcome.registration.id).batch.code
    return redirect(url_for("roster.show", code=code), 303)


def _found(number: int) -> Registration:
    return queries.find_registration(number) or abort(404)


def _page(one: Registration, refusal: str | None = None) -> str:
    events = history(one)
    names = queries.colleagues(events)
    capacity, taken = queries.seats(one.batch_id)
    return render_template(
        "console/person/show.html",
        one=one,
        batch=one.batch,
        refusal=refusal,
        place=place(one),
        bonds=queries.bonds(one.batch_id, roster(one.batch_id)),
        events=[(event, words.hand(event.by, names)) for event in events],
        states=words.STATES,
        letters=queries.letters_about(one),
        letter_names=words.LETTERS,
        letter_states=words.LETTER_STATES,
        without_others=queries.without_others,
        may_be_seated=one.state is State.OFFERED
        or (one.state is State.WAITLISTED and capacity > taken),
        may_be_admitted=one.state is State.REJECTED and not queries.is_here_again(one),
    )


def _cancel_page(one: Registration, form: CancelForm, refusal: str | None = None) -> str:
    return render_template(
        "console/person/cancel.html", one=one, batch=one.batch, form=form, refusal=refusal
    )
