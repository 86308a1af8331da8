"""Roster: who is to be decided, who sits in a batch, who waits for it, and who has left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_security import current_user
from wtforms import HiddenField, SelectMultipleField, TextAreaField, ValidationError
from wtforms.validators import AnyOf, InputRequired, Length

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.batches.queries import every_batch, find_batch
from enroll.console import queries
from enroll.console.guard import needs
from enroll.console.words import state_words, why_not
from enroll.db import atomically
from enroll.forms import Form
from enroll.refusal import Refused
from enroll.registrations import deciding
from enroll.registrations.models import Registration
from enroll.registrations.queries import roster
from enroll.registrations.states import State
from enroll.web import csrf

pages = Blueprint("roster", __name__, url_prefix="/staff")

NAMED = 3  # people in one message: it travels in a cookie


def _number(text: str) -> int:
    number = int(text)
    if not 0 < number <= queries.LARGEST:
        raise ValueError
    return number


class DecisionForm(Form):
    """What is decided about the applications that are ticked."""

    people = SelectMultipleField(
        _("Applications"),
        [InputRequired(_("Tick at least one application."))],
        coerce=_number,
        validate_choice=False,
    )
    reason = TextAreaField(_("Reason for rejecting"), [Length(max=1000)])
    decision = HiddenField(validators=[AnyOf(["accept", "reject"], _("Press one of the buttons."))])

    def validate_reason(self, field: TextAreaField) -> None:
        """Nobody is turned down without a word."""
        if self.decision.data == "reject" and not field.data:
            raise ValidationError(gettext("Give a reason: it stands in the letter."))


@pages.get("/")
@needs(*Duty)
def index() -> str:
    """Every batch, the latest first. Signing in leads here, so any duty will do."""
    return render_template("console/roster/index.html", batches=every_batch())


@pages.get("/batches/<code>/roster")
@needs(Duty.PLAN)
def show(code: str) -> str:
    """The people of one batch: to be decided, seated by seat, waiting in their order, gone."""
    batch = find_batch(code) or abort(404)
    return _page(batch, DecisionForm(formdata=None), tick_all=request.args.get("tick") == "all")


@pages.post("/batches/<code>/roster")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps ticks and reason
@needs(Duty.PLAN)
def decide(code: str) -> ResponseReturnValue:
    """Accept or reject all that are ticked."""
    batch = find_batch(code) or abort(404)
    form = DecisionForm()
    if not form.validate_on_submit():
        return _page(batch, form), 422
    accepts = form.decision.data == "accept"
    verb = deciding.admit if accepts else deciding.reject
    more = {} if accepts else {"reason": form.reason.data}
    try:
        decided = atomically(
            verb,
            batch_id=batch.id,
            registration_ids=form.people.data,
            by=f"staff {current_user.id}",
            now=clock.now(),
            **more,
        )
    except Refused as refusal:
        return _page(find_batch(code) or abort(404), form, why_not(refusal)), 409
    said = _accepted(decided) if accepts else _rejected(decided)
    said += _left_alone(batch.id, set(form.people.data) - {one.id for one in decided})
    flash(" ".join(said), "done" if decided else "note")
    return redirect(url_for("roster.show", code=code), 303)


def _accepted(decided: Sequence[Registration]) -> list[str]:
    if not decided:
        return []
    seated = sum(one.state.is_seated for one in decided)
    waiting = len(decided) - seated
    said = [
        ngettext("%(num)s application accepted.", "%(num)s applications accepted.", len(decided))
    ]
    if seated:
        said.append(ngettext("%(num)s seat is kept.", "%(num)s seats are kept.", seated))
    if waiting:
        said.append(
            ngettext(
                "%(num)s person is on the waitlist now, because no seat is free.",
                "%(num)s people are on the waitlist now, because no seat is free.",
                waiting,
            )
        )
    return said


def _rejected(decided: Sequence[Registration]) -> list[str]:
    if not decided:
        return []
    return [
        ngettext(
            "%(num)s application rejected; the person is written to.",
            "%(num)s applications rejected; the people are written to.",
            len(decided),
        )
    ]


def _left_alone(batch_id: int, numbers: Collection[int]) -> list[str]:
    """What had been decided by somebody else already, and how it stands."""
    others = queries.states_of(batch_id, numbers) if numbers else []
    if not others:
        return []
    said = [
        ngettext(
            "%(num)s was no longer to be decided and was left as it is:",
            "%(num)s were no longer to be decided and were left as they are:",
            len(others),
        )
    ]
    names = [f"{one.name} ({state_words(one)})" for one in others[:NAMED]]
    rest = len(others) - NAMED
    if rest > 0:
        names.append(gettext("and %(num)s more", num=rest))
    return [*said, f"{', '.join(names)}."]


def _page(
    batch: Batch, form: DecisionForm, refusal: str | None = None, *, tick_all: bool = False
) -> str:
    people = roster(batch.id)
    places = count(1)
    applied = [one for one in people if one.state is State.APPLIED]
    capacity, taken = queries.seats(batch.id)
    here = {one.email for one in people if one.state.is_live}
    return render_template(
        "console/roster/show.html",
        batch=batch,
        form=form,
        refusal=refusal,
        people=people,
        applied=applied,
        current=[one for one in people if one.state.is_live and one.state is not State.APPLIED],
        gone=[one for one in people if not one.state.is_live],
        questions=[one for one in people if _asks(one) and one.email not in here],
        ticked={one.id for one in applied} if tick_all else set(form.people.data or ()),
        places={one.id: next(places) for one in people if one.state is State.WAITLISTED},
        seated=sum(one.state.is_seated for one in people),
        free=capacity - taken,
        bonds=queries.bonds(batch.id, people),
    )


def _asks(one: Registration) -> bool:
    return one.state is State.REJECTED and bool(one.question)
