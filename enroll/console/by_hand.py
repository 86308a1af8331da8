"""Registering somebody by hand while they are on the telephone, one after the other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from flask import Blueprint, abort, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from flask_security import current_user
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    StringField,
    TelField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.batches.queries import find_batch
from enroll.console import kin
from enroll.console.calls import Call, calls_to, last_words
from enroll.console.guard import needs
from enroll.console.words import why_not
from enroll.db import atomically, db
from enroll.forms import Form, MailAddress, PersonName, PhoneNumber, normal_address
from enroll.phones import normal_phone
from enroll.refusal import Refused
from enroll.registrations.arriving import RegistrationClosed, WaitlistFull
from enroll.registrations.consent import consent_version
from enroll.registrations.models import Registration
from enroll.registrations.noting import LONGEST_NOTE
from enroll.registrations.personal import place
from enroll.registrations.queries import Standing, standing
from enroll.registrations.seats import count_free
from enroll.registrations.telephoning import Caller, PerhapsHere, register_by_hand
from enroll.web import csrf

pages = Blueprint("by_hand", __name__, url_prefix="/staff/batches")

LATELY = timedelta(hours=12)  # a day on the telephone
MOST = 20


class CallerForm(Form):
    """What somebody says on the telephone. `seen` are possible doubles that staff have looked at."""

    name = StringField(
        _("Name"), [InputRequired(_("Enter the caller’s name.")), Length(max=120), PersonName()]
    )
    phone = TelField(_("Telephone"), [PhoneNumber()])
    email = EmailField(_("E-mail address"), [Optional(), MailAddress()])
    background = StringField(_("What do they do now?"), [Length(max=200)])
    message = TextAreaField(_("What they want us to know"), [Length(max=2000)])
    note = TextAreaField(_("Internal note"), [Length(max=LONGEST_NOTE)])
    prerequisites = BooleanField(_("They say that they meet the prerequisites"))
    admits = BooleanField(_("Admit them at once"))
    consent = BooleanField(
        _("I have read this aloud, and they agreed"),
        [DataRequired(_("Read the consent aloud and tick the box, or we may not keep the data."))],
    )
    seen = HiddenField(validators=[Optional(), Regexp(r"[0-9]{1,9}(,[0-9]{1,9}){0,99}\Z")])
    then = HiddenField()

    def validate_phone(self, field: TelField) -> None:
        """Somebody must be reachable, one way or the other."""
        if not field.data and not self.email.data:
            raise ValidationError(
                gettext("Enter a telephone number, or at least an e-mail address.")
            )

    def seen_ids(self) -> list[int]:
        """Who was shown as a possible double and is not this person."""
        return [int(number) for number in (self.seen.data or "").split(",") if number]


class Registered(NamedTuple):
    """Somebody registered by hand today, what to say to them, and what is to be ticked."""

    one: Registration
    place: int | None
    say: str
    calls: list[Call]


@pages.get("/<code>/by-hand")
@needs(Duty.PLAN)
def show(code: str) -> str:
    """An empty form, and above it whom this colleague has registered lately."""
    return _page(_found(code), CallerForm(formdata=None))


@pages.post("/<code>/by-hand")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def register(code: str) -> ResponseReturnValue:
    """Register the caller, unless somebody very like them is here and has not been looked at."""
    batch, form = _found(code), CallerForm()
    if not form.validate_on_submit():
        return _page(batch, form), 422
    try:
        one = atomically(
            register_by_hand,
            batch_id=batch.id,
            caller=_caller(form),
            staff_id=current_user.id,
            seen=form.seen_ids(),
            admits=form.admits.data,
            now=clock.now(),
        )
    except PerhapsHere as perhaps:
        return _page(_found(code), form, doubles=kin.described(perhaps.doubles)), 409
    except Refused as refusal:
        return _page(_found(code), form, _why_not(refusal)), 409
    if form.then.data == "next":
        return redirect(url_for("by_hand.show", code=code), 303)
    flash(gettext("%(name)s is registered.", name=one.name), "done")
    return redirect(url_for("person.show", number=one.id), 303)


def _caller(form: CallerForm) -> Caller:
    return Caller(
        name=form.name.data,
        phone=normal_phone(form.phone.data),
        email=normal_address(form.email.data) if form.email.data else "",
        background=form.background.data,
        message=form.message.data,
        note=form.note.data,
        language=str(get_locale()),
        meets_prerequisites=form.prerequisites.data,
        consent_version=consent_version(current_app.config["MINIMUM_AGE"]),
    )


def _why_not(refusal: Refused) -> str:
    if isinstance(refusal, WaitlistFull):
        return gettext("No seat is free, and the waitlist is full. Nobody was registered.")
    if isinstance(refusal, RegistrationClosed):
        reasons = {
            "called_off": gettext("This batch has been called off. Nobody was registered."),
            "closed": gettext("This batch has begun, or is a draft. Nobody was registered."),
        }
        early = gettext(
            "Registration has not opened yet, and nobody comes first. Nothing was done."
        )
        return reasons.get(str(refusal.facts["reason"]), early)
    return why_not(refusal)


def _found(code: str) -> Batch:
    return find_batch(code) or abort(404)


def _page(
    batch: Batch,
    form: CallerForm,
    refusal: str | None = None,
    doubles: list[kin.Lookalike] | None = None,
) -> str:
    now = clock.now()
    stand = standing([batch.id]).get(batch.id, Standing())
    return render_template(
        "console/by_hand/show.html",
        batch=batch,
        form=form,
        refusal=refusal,
        doubles=doubles or [],
        free=0 if stand.eligible else count_free(batch.id),
        waiting=stand.waiting,
        is_closed=now >= batch.closes_at,
        registered=[_registered(one) for one in _lately(batch.id, now)],
        minimum_age=current_app.config["MINIMUM_AGE"],
    )


def _lately(batch_id: int, now: datetime) -> list[Registration]:
    """Whom this colleague has registered here in these hours, the latest first."""
    mine = sa.select(Registration).where(
        Registration.batch_id == batch_id,
        Registration.consent_read_by == current_user.id,
        Registration.created_at > now - LATELY,
        Registration.erased_at.is_(None),
    )
    return list(db.session.scalars(mine.order_by(Registration.id.desc()).limit(MOST)))


def _registered(one: Registration) -> Registered:
    return Registered(one, place(one), last_words(one), calls_to(one))
