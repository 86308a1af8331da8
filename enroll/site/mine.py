"""My registration: where it stands, and the buttons that change it. Reached by a mailed link only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from enroll import clock
from enroll.db import atomically
from enroll.forms import Form
from enroll.refusal import Refused
from enroll.registrations import answering
from enroll.registrations import personal as own
from enroll.registrations.models import Registration
from enroll.web import csrf, personal

pages = Blueprint("mine", __name__, url_prefix="/registrations")


@pages.get("/<token>")
def registration(token: str) -> ResponseReturnValue:
    """Where my registration stands; changes nothing, however often a mail scanner opens it."""
    return _show(_own_or_404(token), Form())


@pages.post("/<token>/confirm")
@csrf.exempt  # _press checks the token, so that a refusal stays on the person's page
def confirm(token: str) -> ResponseReturnValue:
    mine = _own_or_404(token)
    return _press(
        mine,
        lambda **common: answering.confirm(seen=mine.state, **common),
        done=_("Thank you. Your e-mail address is confirmed."),
        again=_("You had confirmed already. Everything is as it was."),
    )


@pages.post("/<token>/accept")
@csrf.exempt
def accept(token: str) -> ResponseReturnValue:
    return _press(
        _own_or_404(token),
        answering.accept,
        done=_("The seat is yours."),
        again=_("You have this seat already. Everything is as it was."),
    )


@pages.post("/<token>/pass")
@csrf.exempt
def pass_offer(token: str) -> ResponseReturnValue:
    return _press(
        _own_or_404(token),
        answering.pass_offer,
        done=_("Somebody else gets this seat. You keep your place on the waitlist."),
        again=_("You had let this seat go already. You keep your place on the waitlist."),
    )


@pages.post("/<token>/withdraw")
@csrf.exempt
def withdraw(token: str) -> ResponseReturnValue:
    return _press(
        _own_or_404(token),
        answering.withdraw,
        done=_("You are off the list. Somebody else can have the seat now."),
        again=_("You were off the list already. Everything is as it was."),
    )


def _press(
    mine: Registration, verb: Callable[..., answering.Outcome], *, done: str, again: str
) -> ResponseReturnValue:
    """One button: check it came from our page, run the verb, back to the page by a redirect."""
    personal()
    form = Form()
    if not form.validate_on_submit():
        return _show(mine, form), 400
    token = mine.token
    try:
        outcome = atomically(verb, batch_id=mine.batch_id, registration_id=mine.id, now=clock.now())
    except Refused as refusal:
        return _show(_own_or_404(token), Form(formdata=None), refusal), 409
    flash(done if outcome.changed else again, "done" if outcome.changed else "note")
    return redirect(url_for("mine.registration", token=token), 303)


def _own_or_404(token: str) -> Registration:
    personal()
    return own.by_token(token) or abort(404)


def _show(mine: Registration, form: Form, refusal: Refused | None = None) -> str:
    context: dict[str, Any] = {
        "mine": mine,
        "batch": mine.batch,
        "place": own.place(mine),
        "history": own.history(mine),
        "is_over": mine.deadline_at is not None and mine.deadline_at <= clock.now(),
        "form": form,
        "refusal": type(refusal).__name__ if refusal else None,
        "facts": refusal.facts if refusal else {},
    }
    return render_template("site/mine/registration.html", **context)
