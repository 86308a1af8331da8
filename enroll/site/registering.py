"""Registering for a batch: the form, and the page that says the same to everybody."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, EmailField, StringField, TelField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from enroll import clock
from enroll.batches.queries import public_id
from enroll.db import atomically
from enroll.forms import Form, MailAddress, PersonName, PhoneNumber, normal_address, normal_phone
from enroll.refusal import Busy, Refused
from enroll.registrations import arriving
from enroll.registrations.consent import consent_version
from enroll.registrations.queries import Prospect, prospect
from enroll.web import csrf, limiter, personal

pages = Blueprint("registering", __name__)


class RegistrationForm(Form):
    """What we ask of a person who wants a seat."""

    name = StringField(
        _("Your name"), [InputRequired(_("Enter your name.")), Length(max=120), PersonName()]
    )
    email = EmailField(
        _("E-mail address"), [InputRequired(_("Enter your e-mail address.")), MailAddress()]
    )
    phone = TelField(_("Telephone"), [PhoneNumber()])
    background = StringField(_("What do you do now?"), [Length(max=200)])
    message = TextAreaField(_("Anything we should know?"), [Length(max=2000)])
    consent = BooleanField(
        _("I agree"), [DataRequired(_("Tick the box to agree, or we may not keep your data."))]
    )
    news = BooleanField(_("Also write to me about later batches"))


@pages.get("/batches/<code>/register")
def register(code: str) -> ResponseReturnValue:
    return _show(_batch_or_404(code), RegistrationForm())


@pages.post("/batches/<code>/register")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@limiter.limit("300 per hour")
def take_registration(code: str) -> ResponseReturnValue:
    # The seats are counted only to show the form again: counting is what a crowd cannot afford.
    batch_id = public_id(code) or abort(404)
    form = RegistrationForm()
    if not form.validate_on_submit():
        return _show(_batch_or_404(code), form), 422
    try:
        atomically(
            arriving.register,
            batch_id=batch_id,
            applicant=_applicant(form),
            now=clock.now(),
        )
    except arriving.RegistrationClosed as refusal:
        return _show(_batch_or_404(code), form, refusal), 409
    except Busy as busy:
        return _show(_batch_or_404(code), form, busy), 409, {"Retry-After": "2"}
    session["registered_email"] = form.email.data
    return redirect(url_for("registering.registered", code=code), 303)


@pages.get("/batches/<code>/registered")
def registered(code: str) -> ResponseReturnValue:
    personal()
    return render_template(
        "site/registering/registered.html",
        batch=_batch_or_404(code).batch,
        email=session.get("registered_email"),
    )


def _batch_or_404(code: str) -> Prospect:
    return prospect(code, clock.now()) or abort(404)


def _show(
    found: Prospect,
    form: RegistrationForm,
    refusal: Refused | None = None,
) -> str:
    return render_template(
        "site/registering/register.html",
        prospect=found,
        batch=found.batch,
        form=form,
        refusal=refusal.facts.get("reason", "busy") if refusal else None,
        minimum_age=current_app.config["MINIMUM_AGE"],
    )


def _applicant(form: RegistrationForm) -> arriving.Applicant:
    return arriving.Applicant(
        email=normal_address(form.email.data),
        name=form.name.data,
        phone=normal_phone(form.phone.data),
        background=form.background.data,
        message=form.message.data,
        language=str(get_locale()),
        wants_news=form.news.data,
        consent_version=consent_version(current_app.config["MINIMUM_AGE"]),
    )
