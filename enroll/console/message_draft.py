"""Drafting a message to a batch: the form, for everybody or for people picked, and its second thoughts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.console import message_words
from enroll.console.guard import needs
from enroll.console.message_form import MessageForm, numbers
from enroll.console.messages import batch_of, message_of, show_message
from enroll.db import atomically
from enroll.refusal import Refused
from enroll.registrations import audiences, drafting
from enroll.registrations.message_states import Audience, MessageState
from enroll.registrations.messages import Message
from enroll.registrations.models import Registration
from enroll.web import csrf

pages = Blueprint("message_draft", __name__, url_prefix="/staff/batches/<code>/messages")


@pages.get("/new")
@needs(Duty.PLAN)
def new(code: str) -> str:
    """The form; `?to=` names whom to write to, and each `?person=` somebody picked."""
    batch = batch_of(code)
    people = _picked(batch, request.args.getlist("person"))
    wanted = request.args.get("to", "")
    return _form_page(batch, _blank(people, wanted), people)


@pages.post("/chosen")
@needs(Duty.PLAN)
def chosen(code: str) -> str:
    """The same form for people ticked elsewhere: too many of them for an address."""
    batch = batch_of(code)
    people = _picked(batch, request.form.getlist("person"))
    return _form_page(batch, _blank(people, ""), people)


@pages.post("/new")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was written
@needs(Duty.PLAN)
def write(code: str) -> ResponseReturnValue:
    """Keep what was written as a draft, to be looked at before it is sent."""
    batch = batch_of(code)
    people = _picked(batch, request.form.getlist("person"))
    form = MessageForm(is_chosen=bool(people))
    if not form.validate_on_submit():
        return _form_page(batch, form, people), 422
    try:
        message = atomically(
            drafting.draft,
            batch_id=batch.id,
            key=form.key.data,
            content=form.content(people),
            by_id=current_user.id,
            now=clock.now(),
        )
    except Refused as refusal:
        return _form_page(batch_of(code), form, people, message_words.why_not(refusal)), 409
    return redirect(url_for("messages.show", code=code, number=message.id), 303)


@pages.get("/<int:number>/edit")
@needs(Duty.PLAN)
def edit(code: str, number: int) -> ResponseReturnValue:
    """The form with the draft in it."""
    batch = batch_of(code)
    message = message_of(batch, number)
    if message.state is not MessageState.DRAFT:
        return show_message(batch, message, message_words.why_not(drafting.AlreadySent())), 409
    people = audiences.named(batch.id, message.chosen)
    form = MessageForm(
        formdata=None,
        is_chosen=bool(people),
        to=message.audience.value,
        subject=message.subject,
        text=message.text,
        ended=message.includes_ended,
        key=message.key,
        version=message.version,
    )
    return _form_page(batch, form, people, message=message)


@pages.post("/<int:number>/edit")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was written
@needs(Duty.PLAN)
def revise(code: str, number: int) -> ResponseReturnValue:
    """Keep the draft as it is written now."""
    batch = batch_of(code)
    message = message_of(batch, number)
    people = _picked(batch, request.form.getlist("person"))
    form = MessageForm(is_chosen=bool(people))
    if not form.validate_on_submit():
        return _form_page(batch, form, people, message=message), 422
    try:
        atomically(
            drafting.revise,
            message_id=message.id,
            version=form.version.data or 0,
            content=form.content(people),
        )
    except Refused as refusal:
        said = message_words.why_not(refusal)
        message = message_of(batch_of(code), number)
        # Whoever has read the sentence may write over what the colleague wrote.
        form.version.raw_data = [str(message.version)]
        return _form_page(batch, form, people, said, message=message), 409
    return redirect(url_for("messages.show", code=code, number=number), 303)


@pages.post("/<int:number>/discard")
@needs(Duty.PLAN)
def discard(code: str, number: int) -> ResponseReturnValue:
    """Throw a draft away."""
    batch = batch_of(code)
    message = message_of(batch, number)
    try:
        atomically(drafting.discard, message_id=message.id)
    except Refused as refusal:
        batch = batch_of(code)
        return show_message(batch, message_of(batch, number), message_words.why_not(refusal)), 409
    flash(gettext("The draft is thrown away."), "done")
    return redirect(url_for("messages.index", code=code), 303)


# ---------------------------------------------------------------- the means


def _picked(batch: Batch, typed: Sequence[str]) -> Sequence[Registration]:
    """The people with these numbers; one who is not in this batch is not found."""
    wanted = set(numbers(typed))
    if len(wanted) != len(set(typed)):
        abort(404)
    people = audiences.named(batch.id, wanted) if wanted else []
    return people if len(people) == len(wanted) else abort(404)


def _blank(people: Sequence[Registration], wanted: str) -> MessageForm:
    to = Audience.CHOSEN if people else Audience.ENROLLED
    if not people and wanted in set(Audience) - {Audience.CHOSEN}:
        to = Audience(wanted)
    return MessageForm(
        formdata=None,
        is_chosen=bool(people),
        to=to.value,
        # Whoever writes to somebody who has left means just that person.
        ended=bool(people) and not any(one.state.is_live for one in people),
        # What another page has ready to be sent, such as the answer to "Why?".
        subject=request.args.get("subject", ""),
        text=request.args.get("text", ""),
        key=secrets.token_hex(16),
        version=1,
    )


def _form_page(
    batch: Batch,
    form: MessageForm,
    people: Sequence[Registration],
    refusal: str | None = None,
    message: Message | None = None,
) -> str:
    form.say_how_many(audiences.sizes(batch.id), len(people))
    return render_template(
        "console/messages/edit.html",
        batch=batch,
        form=form,
        people=people,
        refusal=refusal,
        message=message,
        has_ended=any(not one.state.is_live for one in people),
        placeholders=message_words.PLACEHOLDERS,
    )
