"""Asking by address alone: send me my links again, tell me when registration opens.

Every answer here is the same for a known and an unknown address, because nobody looks: a row is
written, and the worker does the rest.
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from wtforms import EmailField
from wtforms.validators import InputRequired

from enroll import clock
from enroll.batches.queries import door
from enroll.db import atomically
from enroll.forms import Doubtful, MailAddress, normal_address
from enroll.registrations import asking
from enroll.registrations.queries import prospect
from enroll.web import csrf, limiter, personal

pages = Blueprint("asking", __name__)


class AddressForm(Doubtful):
    """One e-mail address."""

    email = EmailField(
        _("E-mail address"), [InputRequired(_("Enter your e-mail address.")), MailAddress()]
    )


@pages.get("/registrations")
def links() -> str:
    """Where a person comes who has lost the letter with the link."""
    personal()
    return render_template("site/asking/links.html", form=AddressForm())


@pages.post("/registrations")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@limiter.limit("60 per hour")
def ask_for_links() -> ResponseReturnValue:
    personal()
    form = AddressForm()
    if not form.validate_on_submit():
        return render_template("site/asking/links.html", form=form), 422
    if doubt := form.doubt():
        return render_template("site/asking/links.html", form=form, doubt=doubt), 422
    atomically(
        asking.ask_for_links,
        email=normal_address(form.email.data),
        language=str(get_locale()),
        now=clock.now(),
    )
    return redirect(url_for("asking.sent"), 303)


@pages.get("/registrations/sent")
def sent() -> str:
    personal()
    return render_template("site/asking/sent.html")


@pages.post("/batches/<code>/remind")
@csrf.exempt
@limiter.limit("60 per hour")
def remind(code: str) -> ResponseReturnValue:
    """One letter when registration opens."""
    batch = door(code) or abort(404)
    form = AddressForm()
    if not form.validate_on_submit():
        found = prospect(code, clock.now()) or abort(404)
        page = render_template("site/batches/show.html", p=found, batch=found.batch, form=form)
        return page, 422
    atomically(
        asking.ask_for_opening,
        batch_id=batch.id,
        email=normal_address(form.email.data),
        language=str(get_locale()),
        now=clock.now(),
    )
    return redirect(url_for("asking.noted", code=code), 303)


@pages.get("/batches/<code>/noted")
def noted(code: str) -> str:
    personal()
    found = prospect(code, clock.now()) or abort(404)
    return render_template("site/asking/noted.html", batch=found.batch)
