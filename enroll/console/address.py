"""Correcting somebody's e-mail address: the seat stays, the old link dies, a fresh letter goes out."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_security import current_user
from wtforms import BooleanField, EmailField
from wtforms.validators import InputRequired

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.console import queries
from enroll.console.guard import needs
from enroll.console.words import why_not
from enroll.db import atomically
from enroll.forms import Form, MailAddress, normal_address
from enroll.refusal import Refused
from enroll.registrations.correcting import correct_address
from enroll.registrations.models import Registration
from enroll.web import csrf

pages = Blueprint("address", __name__, url_prefix="/staff/registrations")


class AddressForm(Form):
    """The right address, and whether anybody has said so."""

    email = EmailField(
        _("E-mail address"), [InputRequired(_("Enter the right e-mail address.")), MailAddress()]
    )
    confirmed = BooleanField(_("They confirmed it on the telephone"))


@pages.get("/<int:number>/address")
@needs(Duty.PLAN)
def show(number: int) -> str:
    """The address as it is, to be corrected."""
    one = _found(number)
    return _page(one, AddressForm(formdata=None, email=one.address))


@pages.post("/<int:number>/address")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps the address
@needs(Duty.PLAN)
def correct(number: int) -> ResponseReturnValue:
    """Write to another address from now on."""
    one, form = _found(number), AddressForm()
    if not form.validate_on_submit():
        return _page(one, form), 422
    try:
        outcome = atomically(
            correct_address,
            batch_id=one.batch_id,
            registration_id=one.id,
            email=normal_address(form.email.data),
            is_confirmed=form.confirmed.data,
            by=f"staff {current_user.id}",
            now=clock.now(),
        )
    except Refused as refusal:
        return _page(_found(number), form, why_not(refusal)), 409
    now = outcome.registration
    if not outcome.changed:
        flash(
            gettext("%(name)s had this address already. Nothing was changed.", name=now.name),
            "note",
        )
    elif now.address_confirmed_at:
        flash(gettext("%(email)s is confirmed, and written to.", email=now.address), "done")
    else:
        words = (
            "We wrote to %(email)s. Until the link is pressed there, the address is unconfirmed."
        )
        flash(gettext(words, email=now.address), "done")
    return redirect(url_for("person.show", number=number), 303)


def _found(number: int) -> Registration:
    return queries.find_registration(number) or abort(404)


def _page(one: Registration, form: AddressForm, refusal: str | None = None) -> str:
    return render_template(
        "console/address/show.html", one=one, batch=one.batch, form=form, refusal=refusal
    )
