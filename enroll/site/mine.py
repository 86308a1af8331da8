"""My registration: where it stands, and the buttons that change it. Reached by a mailed link only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import StringField, TelField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from enroll import clock
from enroll.batches.queries import door
from enroll.db import atomically
from enroll.forms import Form, PersonName, PhoneNumber
from enroll.phones import spaced_phone
from enroll.refusal import Busy, Refused
from enroll.registrations import answering, moving
from enroll.registrations import personal as own
from enroll.registrations.models import Registration
from enroll.registrations.outcomes import Outcome
from enroll.registrations.queries import joinable
from enroll.registrations.states import State
from enroll.site import progress
from enroll.web import csrf, personal

pages = Blueprint("mine", __name__, url_prefix="/registrations")


class DetailsForm(Form):
    """What a person may correct without asking anybody."""

    name = StringField(
        lazy_gettext("Your name"),
        [InputRequired(lazy_gettext("Enter your name.")), Length(max=120), PersonName()],
    )
    phone = TelField(lazy_gettext("Telephone"), [PhoneNumber()])


class QuestionForm(Form):
    """The one question about a rejection."""

    words = TextAreaField(
        lazy_gettext("What should we look at again?"),
        [
            DataRequired(lazy_gettext("Write what we should look at again.")),
            Length(max=answering.LONGEST_QUESTION),
        ],
    )


@pages.get("/<token>")
def registration(token: str) -> ResponseReturnValue:
    """Where my registration stands; changes nothing, however often a mail scanner opens it."""
    return show(own_or_404(token))


# csrf.exempt: `press` checks the token, so that a refusal stays on the person's page.


@pages.post("/<token>/confirm")
@csrf.exempt
def confirm(token: str) -> ResponseReturnValue:
    mine = own_or_404(token)
    return press(
        mine,
        lambda **common: answering.confirm(seen=mine.state, **common),
        done=_("Thank you. Your e-mail address is confirmed."),
        again=_("You had confirmed already. Everything is as it was."),
    )


@pages.post("/<token>/accept")
@csrf.exempt
def accept(token: str) -> ResponseReturnValue:
    return press(
        own_or_404(token),
        answering.accept,
        done=_("The seat is yours."),
        again=_("You have this seat already. Everything is as it was."),
    )


@pages.post("/<token>/pass")
@csrf.exempt
def pass_offer(token: str) -> ResponseReturnValue:
    return press(
        own_or_404(token),
        answering.pass_offer,
        done=_("Somebody else gets this seat. You keep your place on the waitlist."),
        again=_("You had let this seat go already. You keep your place on the waitlist."),
    )


@pages.post("/<token>/withdraw")
@csrf.exempt
def withdraw(token: str) -> ResponseReturnValue:
    return press(
        own_or_404(token),
        answering.withdraw,
        done=_("You are off the list. Somebody else can have the seat now."),
        again=_("You were off the list already. Everything is as it was."),
    )


@pages.post("/<token>/transfer")
@csrf.exempt
def transfer(token: str) -> ResponseReturnValue:
    """Move to the batch `to`; what is shown afterwards is the registration there."""
    mine = own_or_404(token)
    to = request.form.getlist("to")
    return press(
        mine,
        lambda **common: moving.transfer(to_batch_id=_batch_ids(to)[0], **common),
        done=_("Done. This page now shows your registration in the other batch."),
        again=_("You had moved already. This page shows your registration there."),
    )


@pages.post("/<token>/wish")
@csrf.exempt
def wish(token: str) -> ResponseReturnValue:
    """Wait in the batches `also` as well."""
    mine = own_or_404(token)
    also = request.form.getlist("also")
    return press(
        mine,
        lambda **common: moving.wish_for(other_ids=_batch_ids(also), **common),
        done=_("You now wait in these batches too. The first free seat is offered to you."),
        again=_("You wait in these batches already. Everything is as it was."),
    )


@pages.post("/<token>/question")
@csrf.exempt
def question(token: str) -> ResponseReturnValue:
    mine = own_or_404(token)
    form = QuestionForm()
    if not form.validate_on_submit():
        return show(mine, asked=form), 422
    return press(
        mine,
        lambda **common: answering.question(words=form.words.data, **common),
        done=_("Thank you. Somebody looks at it again and writes to you."),
        again=_("You have asked already. Somebody looks at it and writes to you."),
    )


def _batch_ids(codes: list[str]) -> list[int]:
    """The public batches behind these codes. Refuses with `NoWayThere` where there is none."""
    found = [one.id for code in codes if (one := door(code)) is not None]
    if not found:
        raise moving.NoWayThere
    return found


def press(
    mine: Registration, verb: Callable[..., Outcome], *, done: str, again: str
) -> ResponseReturnValue:
    """One button: check it came from our page, run the verb, back to the page by a redirect."""
    personal()
    form = Form()
    if not form.validate_on_submit():
        return show(mine, form=form), 400
    token, batch_id = mine.token, mine.batch_id
    try:
        outcome = atomically(verb, batch_id=batch_id, registration_id=mine.id, now=clock.now())
    except Busy as busy:
        return show(own_or_404(token), refusal=busy), 409, {"Retry-After": "2"}
    except Refused as refusal:
        return show(own_or_404(token), refusal=refusal), 409
    flash(done if outcome.changed else again, "done" if outcome.changed else "note")
    return redirect(url_for("mine.registration", token=outcome.registration.token), 303)


def own_or_404(token: str) -> Registration:
    """The registration behind a secret link; from here on the answer is personal."""
    personal()
    return own.by_token(token) or abort(404)


def show(
    mine: Registration,
    *,
    form: Form | None = None,
    refusal: Refused | None = None,
    details: DetailsForm | None = None,
    asked: QuestionForm | None = None,
) -> str:
    """The person's page. A form that was refused is shown with what was typed."""
    now = clock.now()
    history = own.history(mine)
    context: dict[str, Any] = {
        "mine": mine,
        "batch": mine.batch,
        "place": own.place(mine),
        "history": history,
        "journey": progress.steps(mine, history, now),
        "is_over": mine.deadline_at is not None and mine.deadline_at <= now,
        "others": _ways_on(mine),
        "wished": own.wished(mine),
        "keeps": own.keeps(mine),
        "form": form or details or asked or Form(formdata=None),
        "details": details
        or DetailsForm(formdata=None, name=mine.name, phone=spaced_phone(mine.phone)),
        "asked": asked or QuestionForm(formdata=None),
        "refusal": type(refusal).__name__ if refusal else None,
        "facts": refusal.facts if refusal else {},
    }
    return render_template("site/mine/registration.html", **context)


def _ways_on(mine: Registration) -> list[Any]:
    """The other open batches of the course, for whoever may move there."""
    may_move = mine.state.is_live or moving.may_start_again(mine)
    if not may_move or mine.state is State.REJECTED:
        return []
    coming = joinable(clock.now(), [mine.batch.course_id])
    return [met for met in coming if met.batch.id != mine.batch_id and met.window.takes_people]
