"""My account: where I am signed in, what comes by mail in the morning, and another password."""

from __future__ import annotations

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from flask_security import current_user
from wtforms import PasswordField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from enroll import clock
from enroll.accounts import sessions, staffing
from enroll.accounts.digests import Digest, choose, chosen
from enroll.accounts.duties import Duty
from enroll.accounts.security import SESSION_KEY
from enroll.console.guard import needs
from enroll.console.queries import LARGEST
from enroll.db import atomically
from enroll.forms import Form
from enroll.web import csrf, limiter, personal

pages = Blueprint("account", __name__, url_prefix="/staff/account")


class PasswordForm(Form):
    """The present password and another one."""

    current = PasswordField(
        lazy_gettext("Present password"),
        [InputRequired(lazy_gettext("Enter your present password.")), Length(max=1000)],
    )
    new = PasswordField(
        lazy_gettext("New password"),
        [InputRequired(lazy_gettext("Enter a new password.")), Length(max=1000)],
    )


class DigestForm(Form):
    """Whether the morning's digest comes."""

    digest = RadioField(
        lazy_gettext("A short e-mail in the morning"),
        [InputRequired(lazy_gettext("Choose one of the two."))],
        choices=[
            SelectChoice(Digest.NONE.value, lazy_gettext("None: I look at Today myself")),
            SelectChoice(
                Digest.WEEKDAYS.value, lazy_gettext("On weekdays, when something needs me")
            ),
        ],
    )


@pages.get("")
@needs(*Duty)
def show() -> str:
    return _show(PasswordForm(formdata=None))


@pages.post("/password")
@csrf.exempt  # the form checks its token itself
@needs(*Duty)
@limiter.limit("20 per hour")
def change_password() -> ResponseReturnValue:
    form = PasswordForm()
    if not form.validate_on_submit():
        return _show(form), 422
    try:
        ended = atomically(
            staffing.change_password,
            staff_id=current_user.id,
            current=form.current.data,
            new=form.new.data,
            key=_key(),
            now=clock.now(),
        )
    except staffing.WrongPassword:
        form.current.errors = [_("This is not your present password.")]
        return _show(form), 409
    except staffing.WeakPassword as refusal:
        form.new.errors = [_("Choose another one: %(why)s", why=refusal.facts["why"])]
        return _show(form), 409
    session["_user_id"] = current_user.fs_uniquifier  # it is another one now; this session goes on
    flash(_("Changed. %(ended)s", ended=_ended(ended)), "done")
    return redirect(url_for("account.show"), 303)


@pages.post("/digest")
@csrf.exempt  # the form checks its token itself
@needs(*Duty)
def choose_digest() -> ResponseReturnValue:
    form = DigestForm()
    if not form.validate_on_submit():
        return _show(PasswordForm(formdata=None), form), 422
    digest = Digest(form.digest.data)
    atomically(choose, staff_id=current_user.id, digest=digest, now=clock.now())
    if digest is Digest.NONE:
        flash(_("No digest comes any more."), "done")
    else:
        zone = current_app.config["TIMEZONE"]
        flash(_("It comes on weekdays at 07:00 (%(zone)s).", zone=zone), "done")
    return redirect(url_for("account.show"), 303)


@pages.post("/sessions/end-others")
@needs(*Duty)
def end_others() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    ended = atomically(
        sessions.end_other_sessions, staff_id=current_user.id, key=_key(), now=clock.now()
    )
    flash(_ended(ended), "done")
    return redirect(url_for("account.show"), 303)


@pages.post("/sessions/<int:number>/end")
@needs(*Duty)
def end(number: int) -> ResponseReturnValue:
    """Sign out there."""
    if number > LARGEST:
        abort(404)
    ended = atomically(
        sessions.end_own_session, staff_id=current_user.id, session_id=number, now=clock.now()
    )
    if ended is None:
        abort(404)
    flash(_("Signed out there.") if ended else _("That had ended already."), "done")
    return redirect(url_for("account.show"), 303)


def _show(form: PasswordForm, digest_form: DigestForm | None = None) -> str:
    personal()
    now_chosen = chosen(current_user.email).value
    return render_template(
        "console/account/show.html",
        form=form,
        digest_form=digest_form or DigestForm(formdata=None, digest=now_chosen),
        sessions=sessions.live_sessions(current_user.id, _key()),
    )


def _key() -> str:
    return str(session.get(SESSION_KEY, ""))


def _ended(number: int) -> str:
    if not number:
        return _("You were signed in nowhere else.")
    return ngettext(
        "You are signed out in %(num)s other browser.",
        "You are signed out in %(num)s other browsers.",
        number,
    )
