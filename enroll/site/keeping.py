"""What we keep about me: correct it, take it with me, have it deleted. By the mailed link only."""

from __future__ import annotations

import json

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import BooleanField
from wtforms.validators import DataRequired

from enroll import clock
from enroll.db import atomically
from enroll.forms import Form
from enroll.mail import mailbox
from enroll.phones import normal_phone
from enroll.refusal import Busy
from enroll.registrations import answering, erasing
from enroll.registrations import personal as own
from enroll.registrations.outcomes import HasEnded
from enroll.site.mine import DetailsForm, own_or_404, show
from enroll.web import csrf, personal, phone_regions

pages = Blueprint("keeping", __name__)


class EraseForm(Form):
    """The second question before everything is deleted."""

    sure = BooleanField(
        lazy_gettext("I know that this cannot be taken back."),
        [DataRequired(lazy_gettext("Tick the box if you are sure."))],
    )


@pages.post("/registrations/<token>/details")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
def details(token: str) -> ResponseReturnValue:
    mine = own_or_404(token)
    form = DetailsForm()
    if not form.validate_on_submit():
        return show(mine, details=form), 422
    try:
        outcome = atomically(
            answering.correct,
            batch_id=mine.batch_id,
            registration_id=mine.id,
            name=form.name.data,
            phone=normal_phone(form.phone.data, phone_regions(mine.batch.zone)),
        )
    except (HasEnded, Busy) as refusal:
        return show(own_or_404(token), details=form, refusal=refusal), 409
    flash(_("Corrected.") if outcome.changed else _("That is how it stood already."), "done")
    return redirect(url_for("mine.registration", token=token), 303)


@pages.get("/registrations/<token>/data.json")
def data(token: str) -> Response:
    """Everything we keep about the person (GDPR, Article 20: a common machine-readable format)."""
    kept = own.export(own_or_404(token))
    text = json.dumps(kept, indent=2, ensure_ascii=False)
    answer = Response(text, mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-registration.json"'
    return answer


@pages.get("/registrations/<token>/erase")
def ask_to_erase(token: str) -> str:
    return render_template("site/keeping/erase.html", mine=own_or_404(token), form=EraseForm())


@pages.post("/registrations/<token>/erase")
@csrf.exempt
def erase(token: str) -> ResponseReturnValue:
    mine = own_or_404(token)
    form = EraseForm()
    if not form.validate_on_submit():
        return render_template("site/keeping/erase.html", mine=mine, form=form), 422
    erased = atomically(erasing.erase, registration_id=mine.id, by="student", now=clock.now())
    if erased is None:
        return redirect(url_for("home.index"), 303)
    mailbox.remove(erased.letters)  # copies that only a server without SMTP keeps
    return redirect(url_for("keeping.receipt", code=erased.receipt), 303)


@pages.get("/erased/<code>")
def receipt(code: str) -> ResponseReturnValue:
    personal()
    found = own.receipt(code)
    return render_template("site/keeping/receipt.html", receipt=found), 200 if found else 404
