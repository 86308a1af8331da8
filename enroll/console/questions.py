"""Questions that wait for the institute: under pages, and asked privately."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_security import current_user
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import answering, asked, questions
from enroll.comments.answering import AsSeen
from enroll.comments.editing import text_at
from enroll.comments.models import Comment
from enroll.comments.queries import published
from enroll.comments.records import PrivateQuestion
from enroll.comments.states import QuestionState
from enroll.console.guard import must_be_there, needs
from enroll.console.moderation import differences
from enroll.db import atomically
from enroll.forms import Form
from enroll.web import csrf

pages = Blueprint("questions", __name__, url_prefix="/staff/questions")


class AnswerForm(Form):
    """The institute's answer; what was seen of the question travels along."""

    version = HiddenField()
    last_answer = HiddenField()
    body = TextAreaField(
        lazy_gettext("Answer"),
        [DataRequired(lazy_gettext("Write the answer.")), Length(max=5000)],
    )


@pages.get("")
@needs(Duty.PLAN, Duty.MODERATE)
def index() -> str:
    return render_template(
        "console/questions/index.html",
        openly=asked.asked_openly(),
        privately=asked.asked_privately(),
        numbers=asked.count_asked(),
        now=clock.now(),
    )


@pages.get("/comments/<int:comment>")
@needs(Duty.PLAN, Duty.MODERATE)
def openly(comment: int) -> str:
    found = published(comment) or abort(404)
    return _show_comment(found, _note(AnswerForm(formdata=None), answering.as_seen(found)))


@pages.post("/comments/<int:comment>")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN, Duty.MODERATE)
def answer_openly(comment: int) -> ResponseReturnValue:
    found, form = published(comment) or abort(404), AnswerForm()
    if not form.validate_on_submit():
        return _show_comment(found, form), 422
    seen = AsSeen(_whole(form.version.data), _whole(form.last_answer.data))
    try:
        atomically(
            answering.answer,
            comment_id=comment,
            body=form.body.data,
            staff_id=current_user.id,
            seen=seen,
            now=clock.now(),
        )
    except answering.NotPublished:
        return _show_comment(found, form, is_gone=True), 409
    except answering.HasChanged:
        return _show_conflict(comment, form, seen), 409
    flash(_("Your answer stands under the question, and whoever asked gets it by e-mail."), "done")
    return redirect(url_for("questions.index"), 303)


@pages.post("/comments/<int:comment>/dismiss")
@needs(Duty.PLAN, Duty.MODERATE)
def dismiss(comment: int) -> ResponseReturnValue:
    """It needs no answer of ours."""
    must_be_there(Comment, comment)
    atomically(answering.needs_no_answer, comment_id=comment)
    flash(_("Off the list. The comment stays where it is."), "done")
    return redirect(url_for("questions.index"), 303)


@pages.get("/private/<int:question>")
@needs(Duty.PLAN, Duty.MODERATE)
def privately(question: int) -> str:
    found = asked.question(question) or abort(404)
    form = AnswerForm(formdata=None)
    form.version.data = str(found.version)
    return _show_question(found, form)


@pages.post("/private/<int:question>")
@csrf.exempt  # as above
@needs(Duty.PLAN, Duty.MODERATE)
def answer_privately(question: int) -> ResponseReturnValue:
    found, form = asked.question(question) or abort(404), AnswerForm()
    if not form.validate_on_submit():
        return _show_question(found, form), 422
    try:
        atomically(
            questions.answer,
            question_id=question,
            version=_whole(form.version.data),
            body=form.body.data,
            staff_id=current_user.id,
            now=clock.now(),
        )
    except questions.HasChanged:
        return _show_question(asked.question(question) or abort(404), form), 409
    flash(_("Answered. The answer goes out by e-mail."), "done")
    return redirect(url_for("questions.index"), 303)


@pages.post("/private/<int:question>/close/<int:version>")
@needs(Duty.PLAN, Duty.MODERATE)
def close(question: int, version: int) -> ResponseReturnValue:
    """It needs no answer of ours; nobody is written to."""
    must_be_there(PrivateQuestion, question)
    try:
        atomically(
            questions.close,
            question_id=question,
            version=version,
            staff_id=current_user.id,
            now=clock.now(),
        )
    except questions.HasChanged:
        flash(_("Somebody else has answered or closed it meanwhile."), "note")
    else:
        flash(_("Closed. Nobody is written to."), "done")
    return redirect(url_for("questions.index"), 303)


def _show_conflict(comment: int, form: AnswerForm, seen: AsSeen) -> str:
    """As it stands now, with what has changed; the same words can be sent once more."""
    found = published(comment) or abort(404)
    before = text_at(found, seen.version)
    _note(form, answering.as_seen(found))
    return _show_comment(
        found,
        form,
        has_changed=True,
        difference=differences(before, found.body) if before != found.body else [],
    )


def _show_comment(
    comment: Comment,
    form: AnswerForm,
    *,
    has_changed: bool = False,
    is_gone: bool = False,
    difference: Sequence[tuple[str, str]] = (),
) -> str:
    return render_template(
        "console/questions/answer.html",
        comment=comment,
        answers=asked.answers_to(comment),
        form=form,
        has_changed=has_changed,
        is_gone=is_gone,
        difference=difference,
    )


def _show_question(question: PrivateQuestion, form: AnswerForm) -> str:
    """The form while the question is open; else what became of it, and the words typed in vain."""
    return render_template(
        "console/questions/reply.html",
        question=question,
        is_open=question.state is QuestionState.OPEN,
        form=form,
    )


def _note(form: AnswerForm, seen: AsSeen) -> AnswerForm:
    for field, value in ((form.version, seen.version), (form.last_answer, seen.last_answer)):
        field.data, field.raw_data = str(value), None
    return form


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0
