"""Registering for a batch, alone or with others: the form, and the page that says the same to everybody."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, current_app, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, EmailField, StringField, TelField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from enroll import clock
from enroll.batches.queries import Door, door
from enroll.db import atomically
from enroll.forms import (
    Doubtful,
    MailAddress,
    PersonName,
    PhoneNumber,
    normal_address,
)
from enroll.phones import example, normal_phone
from enroll.refusal import Busy, Refused
from enroll.registrations import arriving
from enroll.registrations.consent import consent_version
from enroll.registrations.queries import Prospect, joinable, prospect
from enroll.web import csrf, limiter, network_key, personal, phone_regions, stands_for

pages = Blueprint("registering", __name__)
OTHERS = range(2, arriving.LARGEST_GROUP + 1)


def _their_name(number: int) -> StringField:
    words = _("Name of person %(number)s", number=number)
    return StringField(words, [Optional(), Length(max=120), PersonName()])


def _their_address(number: int) -> EmailField:
    return EmailField(_("E-mail of person %(number)s", number=number), [Optional(), MailAddress()])


class RegistrationForm(Doubtful):
    """What we ask of a person who wants a seat; name2, email2 to name5, email5 are those who come along.

    Fields stand in the order of the page: so do the errors in the summary.
    """

    name = StringField(
        _("Your name"), [InputRequired(_("Enter your name.")), Length(max=120), PersonName()]
    )
    email = EmailField(
        _("E-mail address"), [InputRequired(_("Enter your e-mail address.")), MailAddress()]
    )
    phone = TelField(_("Telephone"), [PhoneNumber()])
    background = StringField(_("What do you do now?"), [Length(max=200)])
    message = TextAreaField(_("Anything we should know?"), [Length(max=2000)])
    name2, email2 = _their_name(2), _their_address(2)
    name3, email3 = _their_name(3), _their_address(3)
    name4, email4 = _their_name(4), _their_address(4)
    name5, email5 = _their_name(5), _their_address(5)
    prerequisites = BooleanField(_("I meet these prerequisites"))
    consent = BooleanField(
        _("I agree"), [DataRequired(_("Tick the box to agree, or we may not keep your data."))]
    )
    news = BooleanField(_("Also write to me about later batches"))

    def check(self, *, asks_prerequisites: bool) -> bool:
        """Validate the shape: the tick where the batch asks for it, and each other person whole."""
        fine = self.validate_on_submit()
        if asks_prerequisites and not self.prerequisites.data:
            self.prerequisites.errors = [_("Tick the box if you meet the prerequisites.")]
            fine = False
        return self._check_others() and fine

    def _check_others(self) -> bool:
        """Each of the others has a name and an address, and nobody's address stands there twice."""
        fine, known = True, {_same(self.email.data)}
        for number in OTHERS:
            name, email = self[f"name{number}"], self[f"email{number}"]
            if name.data and not email.data:
                email.errors = [*email.errors, _("Enter this person’s e-mail address.")]
            elif email.data and not name.data:
                name.errors = [*name.errors, _("Enter this person’s name.")]
            elif email.data and _same(email.data) in known:
                email.errors = [*email.errors, _("Everybody needs an e-mail address of their own.")]
            known.add(_same(email.data))
            fine = fine and not (name.errors or email.errors)
        return fine

    def people(self) -> list[tuple[str, str]]:
        """Name and address of everybody in the form, first the person who fills it in."""
        others = [(self[f"name{n}"].data, self[f"email{n}"].data) for n in OTHERS]
        return [(self.name.data, self.email.data), *(one for one in others if one[1])]


def _same(address: str | None) -> str:
    """One spelling for one mailbox, also of what is no address."""
    try:
        return normal_address(address or "")
    except ValueError:
        return (address or "").casefold()


@pages.get("/batches/<code>/register")
def register(code: str) -> ResponseReturnValue:
    return _show(_batch_or_404(code), RegistrationForm())


@pages.post("/batches/<code>/register")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@limiter.limit("300 per hour")
def take_registration(code: str) -> ResponseReturnValue:
    # The seats are counted only to show the form again: counting is what a crowd cannot afford.
    batch = door(code) or abort(404)
    form = RegistrationForm()
    if not form.check(asks_prerequisites=batch.asks_prerequisites):
        return _show(_batch_or_404(code), form), 422
    if doubt := form.doubt():
        return _show(_batch_or_404(code), form, doubt=doubt), 422
    try:
        _register(batch, form, clock.now())
    except (arriving.RegistrationClosed, arriving.WaitlistFull) as refusal:
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


def _register(batch: Door, form: RegistrationForm, now: datetime) -> None:
    phone = normal_phone(form.phone.data, phone_regions(batch.zone))
    first, *others = [_applicant(form, *person, phone, now) for person in form.people()]
    if others:
        everybody = [first, *others]
        atomically(arriving.register_group, batch_id=batch.id, applicants=everybody, now=now)
    else:
        atomically(arriving.register, batch_id=batch.id, applicant=first, now=now)


def _batch_or_404(code: str) -> Prospect:
    return prospect(code, clock.now()) or abort(404)


def _show(
    found: Prospect,
    form: RegistrationForm,
    refusal: Refused | None = None,
    doubt: str = "",
) -> str:
    stands_for(f"/batches/{found.batch.code}")
    reason = None
    if isinstance(refusal, arriving.WaitlistFull):
        reason = "waitlist_full"
    elif refusal:
        reason = refusal.facts.get("reason", "busy")
    return render_template(
        "site/registering/register.html",
        prospect=found,
        batch=found.batch,
        form=form,
        doubt=doubt,
        others=OTHERS,
        phone_example=example(phone_regions(found.batch.zone)),
        refusal=reason,
        elsewhere=_elsewhere(found) if reason or not found.window.takes_people else [],
        minimum_age=current_app.config["MINIMUM_AGE"],
    )


def _elsewhere(found: Prospect) -> list[Prospect]:
    """Other batches of the course that take people, for whom this one does not."""
    coming = joinable(clock.now(), [found.batch.course_id])
    return [one for one in coming if one.batch.id != found.batch.id and one.window.takes_people]


def _applicant(
    form: RegistrationForm, name: str, email: str, phone: str, now: datetime
) -> arriving.Applicant:
    """Telephone, background and message are those of whoever fills the form in."""
    is_first = email == form.email.data
    limited = current_app.config["RATELIMIT_ENABLED"]
    return arriving.Applicant(
        email=normal_address(email),
        name=name,
        phone=phone if is_first else "",
        background=form.background.data if is_first else "",
        message=form.message.data if is_first else "",
        language=str(get_locale()),
        wants_news=is_first and form.news.data,
        meets_prerequisites=form.prerequisites.data,
        consent_version=consent_version(current_app.config["MINIMUM_AGE"]),
        network=network_key(now) if limited else None,
        holds_allowed=current_app.config["HOLDS_PER_NETWORK"] if limited else None,
    )
