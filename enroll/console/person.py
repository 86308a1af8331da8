"""One registration: all that happened in one timeline, why it stands there, what staff can do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_security import current_user
from wtforms import HiddenField, IntegerField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.console import kin, queries, timeline, words
from enroll.console.calls import calls_to
from enroll.console.guard import needs
from enroll.console.why import sentence
from enroll.db import atomically
from enroll.forms import Form
from enroll.mail import telephone
from enroll.refusal import Refused
from enroll.registrations import deciding
from enroll.registrations.letters import about
from enroll.registrations.models import Registration
from enroll.registrations.noting import LONGEST_NOTE, write_note
from enroll.registrations.outcomes import Outcome
from enroll.registrations.personal import place
from enroll.registrations.states import State
from enroll.web import csrf

pages = Blueprint("person", __name__, url_prefix="/staff/registrations")


class CancelForm(Form):
    """Why somebody's registration is cancelled: for them, and for us."""

    reason = TextAreaField(
        _("Reason"),
        [DataRequired(_("Give a reason: it stands in the letter.")), Length(max=1000)],
    )
    note = TextAreaField(_("Internal note"), [Length(max=LONGEST_NOTE)])


class NoteForm(Form):
    """A note for colleagues."""

    text = TextAreaField(
        _("Internal note"), [DataRequired(_("Write the note.")), Length(max=LONGEST_NOTE)]
    )


class ToldForm(Form):
    """Which thing a person has been told, and where to go on."""

    task = IntegerField(_("Task"), [InputRequired()])
    back = HiddenField(validators=[AnyOf(["", "today", "by-hand"])])


@pages.get("/<int:number>")
@needs(Duty.PLAN)
def show(number: int) -> str:
    """All moves, letters, calls and notes of one registration."""
    return _page(_found(number))


@pages.post("/<int:number>/notes")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps the words
@needs(Duty.PLAN)
def note(number: int) -> ResponseReturnValue:
    """Write something down for colleagues; the person never reads it."""
    one, form = _found(number), NoteForm()
    if not form.validate_on_submit():
        return _page(one, form=form), 422
    given: dict[str, Any] = {"by": f"staff {current_user.id}", "now": clock.now()}
    try:
        atomically(write_note, registration_id=one.id, text=form.text.data, **given)
    except Refused as refusal:
        return _page(_found(number), words.why_not(refusal), form=form), 409
    flash(gettext("The note is kept. Only colleagues read it."), "done")
    return redirect(url_for("person.show", number=number) + "#history", 303)


@pages.post("/<int:number>/told")
@needs(Duty.PLAN)
def told(number: int) -> ResponseReturnValue:
    """The person has been told on the telephone what they could not be written."""
    one, form = _found(number), ToldForm()
    if not form.validate_on_submit():
        abort(422)
    ticked = atomically(
        telephone.tick,
        task_id=min(form.task.data, queries.LARGEST),
        about=about(one.id),
        by=f"staff {current_user.id}",
        now=clock.now(),
    )
    if ticked is None:
        abort(404)
    name = one.name or gettext("Somebody")
    said = gettext("Ticked: %(name)s has been told.", name=name)
    again = gettext("%(name)s had been told already. Nothing was changed.", name=name)
    flash(said if ticked else again, "done" if ticked else "note")
    back = {
        "today": url_for("today.index"),
        "by-hand": url_for("by_hand.show", code=one.batch.code),
    }
    return redirect(back.get(form.back.data, url_for("person.show", number=number)), 303)


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
        outcome = _run(_cancel, one, reason=form.reason.data, note=form.note.data)
    except Refused as refusal:
        return _cancel_page(_found(number), form, words.why_not(refusal)), 409
    return _done(
        outcome,
        gettext("%(name)s is cancelled and is written to.", name=one.name),
        gettext("%(name)s had been cancelled already. Nothing was changed.", name=one.name),
    )


def _cancel(*, registration_id: int, note: str, by: str, now: datetime, **given: Any) -> Outcome:
    """Cancel, and keep the note in the same transaction."""
    outcome = deciding.cancel(registration_id=registration_id, by=by, now=now, **given)
    if note and outcome.changed:
        write_note(registration_id=registration_id, text=note, by=by, now=now)
    return outcome


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
    one = _found(outcome.registration.id)
    if outcome.changed and not one.address:
        flash(gettext("There is no e-mail address: please tell them on the telephone."), "note")
        return redirect(url_for("person.show", number=one.id), 303)
    return redirect(url_for("roster.show", code=one.batch.code), 303)


def _found(number: int) -> Registration:
    return queries.find_registration(number) or abort(404)


def _page(one: Registration, refusal: str | None = None, *, form: NoteForm | None = None) -> str:
    capacity, taken = queries.seats(one.batch_id)
    why = sentence(one, now=clock.now())
    return render_template(
        "console/person/show.html",
        one=one,
        batch=one.batch,
        refusal=refusal,
        form=form or NoteForm(formdata=None),
        place=place(one),
        bonds=queries.bonds(one.batch_id, [one]),
        why=why,
        message=_message_about(one, why),
        entries=timeline.timeline(one),
        calls=calls_to(one),
        same_address=kin.same_address(one),
        lookalikes=kin.lookalikes(one) if one.state.is_live else [],
        read_by=queries.names_of_hands([f"staff {one.consent_read_by}"]).values(),
        states=words.STATES,
        letter_names=words.LETTERS,
        letter_states=words.LETTER_STATES,
        without_others=queries.without_others,
        may_be_seated=deciding.may_say_yes(one)
        or (one.state is State.WAITLISTED and capacity > taken),
        may_be_admitted=one.state is State.REJECTED and not queries.is_here_again(one),
    )


def _message_about(one: Registration, why: str) -> str | None:
    """Where this sentence can be sent to this person alone; nowhere without a mailbox."""
    if one.erased_at is not None or not one.address:
        return None
    subject = gettext("Your registration: %(batch)s", batch=one.batch.title)
    return url_for(
        "message_draft.new", code=one.batch.code, person=one.id, subject=subject, text=why
    )


def _cancel_page(one: Registration, form: CancelForm, refusal: str | None = None) -> str:
    return render_template(
        "console/person/cancel.html", one=one, batch=one.batch, form=form, refusal=refusal
    )
