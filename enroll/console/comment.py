"""One comment with all there is about it: history, earlier texts, a typing error, removal for good."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_security import current_user
from wtforms import BooleanField, HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import answering, editing, queueing
from enroll.comments.queries import reasons
from enroll.comments.queueing import Told
from enroll.comments.sentences import sentence
from enroll.console.guard import needs
from enroll.console.moderation import STATES, VERBS, differences
from enroll.console.reports import COMPLAINTS
from enroll.db import atomically
from enroll.forms import Form
from enroll.mail import mailbox
from enroll.web import csrf

pages = Blueprint("comment", __name__, url_prefix="/staff/comments/<int:comment>")


class CorrectForm(Form):
    """A text without its typing error."""

    version = HiddenField()
    body = TextAreaField(
        lazy_gettext("Text"), [DataRequired(lazy_gettext("Write the text.")), Length(max=5000)]
    )


class RemoveForm(Form):
    """What remains of a text, the rest of which goes for good."""

    version = HiddenField()
    body = TextAreaField(lazy_gettext("What remains"), [Length(max=5000)])
    sure = BooleanField(
        lazy_gettext("I know that this cannot be taken back."),
        [DataRequired(lazy_gettext("Tick the box if you are sure."))],
    )


@pages.get("")
@needs(Duty.MODERATE)
def show(comment: int) -> str:
    return _show(_told_or_404(comment))


@pages.post("/correct")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.MODERATE)
def correct(comment: int) -> ResponseReturnValue:
    """A typing error; the original is kept."""
    told, form = _told_or_404(comment), CorrectForm()
    if not form.validate_on_submit():
        return _show(told, correcting=form), 422
    try:
        atomically(
            editing.correct,
            comment_id=comment,
            version=_version(form),
            body=form.body.data,
            staff_id=current_user.id,
            by=current_user.name,
            now=clock.now(),
        )
    except editing.HasChanged:
        return _show(_told_or_404(comment), correcting=form, has_changed=True), 409
    flash(_("Corrected. The original is kept below."), "done")
    return redirect(url_for("comment.show", comment=comment), 303)


@pages.get("/remove")
@needs(Duty.MODERATE)
def ask_to_remove(comment: int) -> str:
    told, form = _told_or_404(comment), RemoveForm(formdata=None)
    form.version.data = str(told.row.comment.version)
    return render_template("console/moderation/remove.html", told=told, form=form)


@pages.post("/remove")
@csrf.exempt  # as above
@needs(Duty.MODERATE)
def remove(comment: int) -> ResponseReturnValue:
    """Words, or all of them, gone from everywhere for good."""
    told, form = _told_or_404(comment), RemoveForm()
    if not form.validate_on_submit():
        return render_template("console/moderation/remove.html", told=told, form=form), 422
    try:
        letters = atomically(
            editing.remove,
            comment_id=comment,
            version=_version(form),
            body=form.body.data,
            staff_id=current_user.id,
            by=current_user.name,
            now=clock.now(),
        )
    except editing.HasChanged:
        page = render_template(
            "console/moderation/remove.html",
            told=_told_or_404(comment),
            form=form,
            has_changed=True,
        )
        return page, 409
    mailbox.remove(letters)  # copies that only a server without SMTP keeps
    flash(_("Removed for good, here and wherever it was repeated."), "done")
    return redirect(url_for("comment.show", comment=comment), 303)


@pages.post("/ask-staff")
@needs(Duty.MODERATE)
def ask_staff(comment: int) -> ResponseReturnValue:
    """Put it on the list of what staff should answer."""
    told = _told_or_404(comment)
    asked = atomically(answering.ask_staff, comment_id=comment, now=clock.now())
    words = _("It stands in the list of questions now.") if asked else _("It stood there already.")
    flash(words, "done")
    waits = told.row.comment.state.value == "pending"
    to = url_for("moderation.index") if waits else url_for("comment.show", comment=comment)
    return redirect(to, 303)


def _show(told: Told, *, correcting: CorrectForm | None = None, has_changed: bool = False) -> str:
    comment = told.row.comment
    if correcting is None:
        correcting = CorrectForm(formdata=None)
        correcting.body.data, correcting.version.data = comment.body, str(comment.version)
    return render_template(
        "console/moderation/comment.html",
        told=told,
        form=correcting,
        has_changed=has_changed,
        states=STATES,
        complaints=COMPLAINTS,
        verbs=VERBS,
        reasons=reasons(),
        sentence=sentence,
        differences=differences,
        now=clock.now(),
    )


def _told_or_404(number: int) -> Told:
    return queueing.tell(number) or abort(404)


def _version(form: CorrectForm | RemoveForm) -> int:
    text = form.version.data or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
