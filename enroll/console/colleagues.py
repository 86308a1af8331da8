"""Colleagues: who works here and may do what; inviting somebody, and letting somebody go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_security import current_user
from wtforms import EmailField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from enroll import clock
from enroll.accounts import inviting
from enroll.accounts.duties import Duty
from enroll.accounts.models import Staff
from enroll.accounts.staffing import AlreadyStaff, NotAnAddress
from enroll.console.guard import needs
from enroll.console.queries import LARGEST
from enroll.db import atomically, db
from enroll.forms import Form, MailAddress, PersonName
from enroll.refusal import Refused
from enroll.web import csrf

pages = Blueprint("colleagues", __name__, url_prefix="/staff/colleagues")

DUTIES = [
    SelectChoice(Duty.PLAN.value, _("Plan batches: rosters, seats, what we teach")),
    SelectChoice(Duty.MODERATE.value, _("Moderate: comments, questions, appeals")),
    SelectChoice(Duty.ADMINISTER.value, _("Administer: colleagues, reasons, the activity log")),
]


class DutiesForm(Form):
    """What a colleague may do."""

    duties = SelectMultipleField(
        _("May do"),
        [InputRequired(_("Tick at least one duty."))],
        choices=DUTIES,
    )


class InvitationForm(DutiesForm):
    """Who is invited, and to do what."""

    name = StringField(
        _("Name"),
        [InputRequired(_("Enter the name of your colleague.")), Length(max=120), PersonName()],
    )
    email = EmailField(
        _("E-mail address"),
        [InputRequired(_("Enter an e-mail address.")), Length(max=254), MailAddress()],
    )


@pages.get("")
@needs(Duty.ADMINISTER)
def index() -> str:
    """Everybody, with duties, proofs and the last sign-in."""
    return render_template("console/colleagues/index.html", everybody=inviting.all_staff())


@pages.route("/invite", methods=["GET", "POST"])
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.ADMINISTER)
def invite() -> ResponseReturnValue:
    """Somebody new: an account, and a mail with a link to set a password."""
    form = InvitationForm()
    if not form.is_submitted():
        return _invitation(form)
    if not form.validate():
        return _invitation(form), 422
    try:
        staff = atomically(
            inviting.invite,
            email=form.email.data,
            name=form.name.data,
            duties=[Duty(duty) for duty in form.duties.data],
            by=current_user.id,
            now=clock.now(),
        )
    except (AlreadyStaff, NotAnAddress):
        form.email.errors = [gettext("Somebody with this address works here already.")]
        return _invitation(form), 409
    flash(
        gettext(
            "%(name)s is invited. The link in the e-mail works for two days, and once.",
            name=staff.name,
        ),
        "done",
    )
    return redirect(url_for("colleagues.index"), 303)


@pages.get("/<int:number>")
@needs(Duty.ADMINISTER)
def show(number: int) -> str:
    """One colleague: duties, proofs, and whether they work here."""
    staff = _found(number)
    return _page(staff, DutiesForm(formdata=None, duties=[row.name for row in staff.roles]))


@pages.post("/<int:number>/duties")
@csrf.exempt  # the form checks its token itself
@needs(Duty.ADMINISTER)
def change_duties(number: int) -> ResponseReturnValue:
    """What this colleague may do from now on."""
    staff, form = _found(number), DutiesForm()
    if not form.validate_on_submit():
        return _page(staff, form), 422
    return _press(
        staff,
        inviting.change_duties,
        gettext("Saved. It holds from the next page %(name)s opens.", name=staff.name),
        gettext("That is what it was before."),
        duties=[Duty(duty) for duty in form.duties.data],
    )


@pages.post("/<int:number>/link")
@needs(Duty.ADMINISTER)
def send_link(number: int) -> ResponseReturnValue:
    """Another link to set a password; earlier ones and all sign-ins end."""
    staff = _found(number)
    said = gettext("A link is on its way to %(name)s. Earlier ones are dead.", name=staff.name)
    return _press(staff, inviting.invite_again, said, said, **_by())


@pages.post("/<int:number>/proofs")
@needs(Duty.ADMINISTER)
def remove_proofs(number: int) -> ResponseReturnValue:
    """The telephone is lost: authenticator, recovery codes and passkeys are taken away."""
    staff = _found(number)
    return _press(
        staff,
        inviting.remove_proofs,
        gettext("%(name)s signs in with the password alone now, and is told so.", name=staff.name),
        gettext("There was nothing to take away."),
        **_by(),
    )


@pages.post("/<int:number>/dismiss")
@needs(Duty.ADMINISTER)
def dismiss(number: int) -> ResponseReturnValue:
    """Somebody does not work here any more."""
    staff = _found(number)
    return _press(
        staff,
        inviting.dismiss,
        gettext("%(name)s is signed out everywhere and cannot sign in any more.", name=staff.name),
        gettext("That was done already."),
        **_by(),
    )


@pages.post("/<int:number>/take-back")
@needs(Duty.ADMINISTER)
def take_back(number: int) -> ResponseReturnValue:
    """Somebody works here again."""
    staff = _found(number)
    return _press(
        staff,
        inviting.take_back,
        gettext("%(name)s is invited again.", name=staff.name),
        gettext("%(name)s works here already.", name=staff.name),
        **_by(),
    )


def _press(
    staff: Staff, verb: Callable[..., object], done: str, again: str, **more: Any
) -> ResponseReturnValue:
    number = staff.id
    try:
        changed = atomically(verb, staff_id=number, **more)
    except Refused as refusal:
        staff = _found(number)
        form = DutiesForm(formdata=None, duties=[row.name for row in staff.roles])
        return _page(staff, form, _why_not(refusal)), 409
    flash(done if changed else again, "done" if changed else "note")
    return redirect(url_for("colleagues.show", number=number), 303)


def _by() -> dict[str, Any]:
    return {"by": current_user.id, "now": clock.now()}


def _why_not(refusal: Refused) -> str:
    if isinstance(refusal, inviting.LastAdministrator):
        return gettext(
            "Nobody else may administer. Give somebody else that duty first. Nothing was changed."
        )
    if isinstance(refusal, inviting.NotYourself):
        return gettext("That is you. Ask another administrator. Nothing was changed.")
    return gettext("This colleague does not work here any more. Nothing was changed.")


def _page(staff: Staff, form: DutiesForm, refusal: str | None = None) -> str:
    return render_template("console/colleagues/show.html", staff=staff, form=form, refusal=refusal)


def _invitation(form: InvitationForm) -> str:
    return render_template("console/colleagues/invite.html", form=form)


def _found(number: int) -> Staff:
    staff = db.session.get(Staff, number) if number <= LARGEST else None
    return staff or abort(404)
