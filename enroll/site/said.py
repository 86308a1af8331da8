"""What I said, by mailed links: confirm, reword, take back, appeal, take along, delete."""

from __future__ import annotations

import json
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import BooleanField, TextAreaField
from wtforms.validators import DataRequired, Length

from enroll import clock
from enroll.comments import appeals, editing, own, posting, questions
from enroll.comments.models import Comment, CommentAuthor
from enroll.comments.queries import by_confirm_token
from enroll.comments.states import TURNED_DOWN
from enroll.db import atomically
from enroll.forms import Form
from enroll.mail import mailbox, subscriptions
from enroll.refusal import Refused
from enroll.site.talk import LONGEST
from enroll.site.voice import browser_key, keep, new_key
from enroll.web import csrf, personal

pages = Blueprint("said", __name__)


class TextForm(Form):
    """A new text for a comment."""

    body = TextAreaField(
        lazy_gettext("Your question or comment"),
        [DataRequired(lazy_gettext("Write your question or comment.")), Length(max=LONGEST)],
    )


class AppealForm(Form):
    """Why somebody else should look at it."""

    text = TextAreaField(
        lazy_gettext("Why should somebody else look at it?"),
        [DataRequired(lazy_gettext("Write why we should look at it again.")), Length(max=2000)],
    )


class EraseForm(Form):
    """The second question before everything is deleted."""

    sure = BooleanField(
        lazy_gettext("I know that this cannot be taken back."),
        [DataRequired(lazy_gettext("Tick the box if you are sure."))],
    )


@pages.get("/comments/confirm/<token>")
def ask_to_confirm(token: str) -> str:
    """Shows what was written under this address; changes nothing, however often a scanner opens it."""
    personal()
    comment = by_confirm_token(token)
    question = None if comment else questions.by_confirm_token(token)
    if comment is None and question is None:
        abort(404)
    return render_template(
        "site/said/confirm.html", token=token, comment=comment, question=question
    )


@pages.post("/comments/confirm/<token>")
def confirm(token: str) -> ResponseReturnValue:
    personal()
    key = browser_key() or new_key()
    now = clock.now()
    found: Any = atomically(posting.confirm, token=token, browser=key, now=now)
    if found is None:
        found = atomically(questions.confirm, token=token, browser=key, now=now) or abort(404)
    author = own.author_of(found.author_id)
    flash(_("Thank you. Your e-mail address is confirmed."), "done")
    return keep(make_response(redirect(url_for("said.mine", token=author.token), 303)), key)


@pages.post("/comments/confirm/<token>/not-mine")
def disown(token: str) -> ResponseReturnValue:
    personal()
    known = atomically(posting.disown, token=token, now=clock.now())
    if not known and not atomically(questions.disown, token=token):
        abort(404)
    return render_template("site/said/disowned.html")


@pages.get("/comments/mine/<token>")
def mine(token: str) -> str:
    """Everything of one author."""
    return _show(_author_or_404(token))


@pages.get("/comments/mine/<token>/<int:number>")
def edit(token: str, number: int) -> str:
    author, comment = _own_or_404(token, number)
    form = TextForm(formdata=None)
    form.body.data = comment.body
    return render_template("site/said/edit.html", author=author, comment=comment, form=form)


@pages.post("/comments/mine/<token>/<int:number>")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
def save(token: str, number: int) -> ResponseReturnValue:
    author, comment = _own_or_404(token, number)
    form = TextForm()
    if not form.validate_on_submit():
        page = render_template("site/said/edit.html", author=author, comment=comment, form=form)
        return page, 422
    try:
        edit = atomically(editing.edit_own, comment_id=number, body=form.body.data, now=clock.now())
    except editing.TooLate:
        page = render_template(
            "site/said/edit.html", author=author, comment=comment, form=form, too_late=True
        )
        return page, 409
    words = {
        editing.Edit.SAME: _("That is how it stood already."),
        editing.Edit.PUBLISHED: _("Changed. It stays published."),
        editing.Edit.WAITS: _("Changed. A moderator reads it before it is published."),
    }
    flash(words[edit], "done")
    return redirect(url_for("said.mine", token=token), 303)


@pages.post("/comments/mine/<token>/<int:number>/withdraw")
def withdraw(token: str, number: int) -> ResponseReturnValue:
    _own_or_404(token, number)
    atomically(own.withdraw, comment_id=number, now=clock.now())
    flash(_("Taken back. Its text is deleted."), "done")
    return redirect(url_for("said.mine", token=token), 303)


@pages.get("/comments/mine/<token>/<int:number>/appeal")
def ask_to_appeal(token: str, number: int) -> str:
    author, comment = _own_or_404(token, number)
    return render_template(
        "site/said/appeal.html", author=author, comment=comment, form=AppealForm()
    )


@pages.post("/comments/mine/<token>/<int:number>/appeal")
@csrf.exempt  # as above
def appeal(token: str, number: int) -> ResponseReturnValue:
    author, comment = _own_or_404(token, number)
    form = AppealForm()
    if not form.validate_on_submit():
        page = render_template("site/said/appeal.html", author=author, comment=comment, form=form)
        return page, 422
    try:
        atomically(appeals.appeal, comment_id=number, text=form.text.data, now=clock.now())
    except Refused:
        flash(_("That has been asked and answered, or there is nothing to ask any more."), "note")
    else:
        flash(_("Thank you. Somebody else will look at it, and we write to you."), "done")
    return redirect(url_for("said.mine", token=token), 303)


@pages.get("/comments/mine/<token>/data.json")
def data(token: str) -> Response:
    """Everything we keep about the author (GDPR, Article 20: a common machine-readable format)."""
    kept = own.export(_author_or_404(token))
    answer = Response(json.dumps(kept, indent=2, ensure_ascii=False), mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-comments.json"'
    return answer


@pages.get("/comments/mine/<token>/erase")
def ask_to_erase(token: str) -> str:
    return render_template("site/said/erase.html", author=_author_or_404(token), form=EraseForm())


@pages.post("/comments/mine/<token>/erase")
@csrf.exempt  # as above
def erase(token: str) -> ResponseReturnValue:
    author = _author_or_404(token)
    form = EraseForm()
    if not form.validate_on_submit():
        return render_template("site/said/erase.html", author=author, form=form), 422
    gone = atomically(own.erase, author_id=author.id, now=clock.now())
    mailbox.remove(gone or [])  # copies that only a server without SMTP keeps
    return render_template("site/said/erased.html")


@pages.get("/unsubscribe/<token>")
def ask_to_unsubscribe(token: str) -> str:
    personal()
    found = subscriptions.by_token(token) or abort(404)
    return render_template("site/said/unsubscribe.html", subscription=found, token=token)


@pages.post("/unsubscribe/<token>")
@csrf.exempt  # RFC 8058: one press in a mail program, without cookies
def unsubscribe(token: str) -> str:
    personal()
    if not atomically(subscriptions.unsubscribe, token=token, now=clock.now()):
        abort(404)
    return render_template("site/said/unsubscribe.html", subscription=None, token=token)


def _show(author: CommentAuthor) -> str:
    now = clock.now()
    return render_template(
        "site/said/mine.html",
        author=author,
        said=own.everything(author.id),
        questions=own.questions(author.id),
        may_edit=lambda comment: editing.may_edit(comment, now),
        turned_down=TURNED_DOWN,
    )


def _author_or_404(token: str) -> CommentAuthor:
    personal()
    return own.author_by_token(token) or abort(404)


def _own_or_404(token: str, number: int) -> tuple[CommentAuthor, Comment]:
    """The author of the link, and a comment of theirs."""
    author = _author_or_404(token)
    comment = own.comment_of(author.id, number) or abort(404)
    return author, comment
