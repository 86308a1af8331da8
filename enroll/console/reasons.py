"""Reasons for turning a comment down: the list, with the text that authors read."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import reasons
from enroll.comments.models import ModerationReason
from enroll.console.guard import must_be_there, needs
from enroll.db import atomically
from enroll.forms import Form, OneLine
from enroll.web import csrf

pages = Blueprint("reasons", __name__, url_prefix="/staff/comments/reasons")


class ReasonForm(Form):
    """One reason."""

    title = StringField(
        lazy_gettext("What moderators choose"),
        [DataRequired(lazy_gettext("Give it a name.")), Length(max=80), OneLine()],
    )
    text = TextAreaField(
        lazy_gettext("What the author reads"),
        [DataRequired(lazy_gettext("Write what the author reads.")), Length(max=1000)],
    )
    position = IntegerField(
        lazy_gettext("Place in the list"),
        [
            InputRequired(lazy_gettext("Enter a number.")),
            NumberRange(0, 1000, lazy_gettext("Enter a whole number from 0 to 1000.")),
        ],
        default=10,
    )


@pages.get("")
@needs(Duty.MODERATE, Duty.ADMINISTER)
def index() -> str:
    return _show(ReasonForm(formdata=None))


@pages.get("/<int:reason>")
@needs(Duty.ADMINISTER)
def edit(reason: int) -> str:
    found = next((one for one in reasons.every_reason() if one.id == reason), None) or abort(404)
    return _show(ReasonForm(formdata=None, obj=found), reason)


@pages.post("")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.ADMINISTER)
def add() -> ResponseReturnValue:
    return _keep(None)


@pages.post("/<int:reason>")
@csrf.exempt  # as above
@needs(Duty.ADMINISTER)
def change(reason: int) -> ResponseReturnValue:
    must_be_there(ModerationReason, reason)
    return _keep(reason)


@pages.post("/<int:reason>/retire")
@needs(Duty.ADMINISTER)
def retire(reason: int) -> ResponseReturnValue:
    """Give it no more, or again."""
    if not atomically(reasons.retire_reason, reason_id=reason, now=clock.now()):
        abort(404)
    flash(_("Changed. What was decided with it keeps it."), "done")
    return redirect(url_for("reasons.index"), 303)


def _keep(reason_id: int | None) -> ResponseReturnValue:
    form = ReasonForm()
    if not form.validate_on_submit():
        return _show(form, reason_id), 422
    given = {name: form[name].data for name in ("title", "text", "position")}
    try:
        if reason_id is None:
            atomically(reasons.add_reason, **given)
        elif atomically(reasons.change_reason, reason_id=reason_id, **given) is None:
            abort(404)
    except reasons.TitleTaken:
        form.title.errors = [_("Another reason has this name.")]
        return _show(form, reason_id), 409
    flash(_("Kept."), "done")
    return redirect(url_for("reasons.index"), 303)


def _show(form: ReasonForm, editing: int | None = None) -> str:
    return render_template(
        "console/moderation/reasons.html",
        found=reasons.every_reason(),
        form=form,
        editing=editing,
    )
