"""The words that always hold a comment: what staff add to the shipped list and take off it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_security import current_user
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import listing
from enroll.comments.words import LISTED
from enroll.console.guard import needs
from enroll.db import atomically
from enroll.forms import Form
from enroll.web import csrf

pages = Blueprint("wordlist", __name__, url_prefix="/staff/comments/words")


class WordsForm(Form):
    """One word or phrase a line."""

    seen = HiddenField()
    more = TextAreaField(lazy_gettext("Hold comments with these, too"), [Length(max=10_000)])
    off = TextAreaField(lazy_gettext("Do not hold comments for these"), [Length(max=10_000)])


@pages.get("")
@needs(Duty.MODERATE)
def index() -> str:
    form, kept = WordsForm(formdata=None), listing.latest()
    if kept is not None:
        form.seen.data = str(kept.id)
        form.more.data, form.off.data = "\n".join(kept.more), "\n".join(kept.off)
    return _show(form)


@pages.post("")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.MODERATE)
def keep() -> ResponseReturnValue:
    form = WordsForm()
    if not form.validate_on_submit():
        return _show(form), 422
    seen = form.seen.data or ""
    try:
        atomically(
            listing.keep_words,
            more=(form.more.data or "").splitlines(),
            off=(form.off.data or "").splitlines(),
            seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else 0,
            by=current_user.name,
            now=clock.now(),
        )
    except listing.HasChanged:
        return _show(form, has_changed=True), 409
    flash(_("Kept. It counts for comments from now on."), "done")
    return redirect(url_for("wordlist.index"), 303)


def _show(form: WordsForm, *, has_changed: bool = False) -> str:
    return render_template(
        "console/moderation/words.html",
        form=form,
        kept=listing.latest(),
        shipped=sorted(LISTED),
        has_changed=has_changed,
    )
