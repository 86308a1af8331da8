"""Messages to a batch: the preview with real names, the press, and what became of each letter."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_security import current_user

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.batches.queries import find_batch
from enroll.console import message_queries, message_words, queries
from enroll.console.guard import needs
from enroll.console.message_form import number_of
from enroll.console.message_preview import letter_of, reader_of
from enroll.console.message_queries import Fate
from enroll.db import atomically
from enroll.refusal import Refused
from enroll.registrations import audiences, drafting
from enroll.registrations.message_states import MessageState
from enroll.registrations.messages import Message
from enroll.registrations.writing import UNDO

pages = Blueprint("messages", __name__, url_prefix="/staff/batches/<code>/messages")

NAMES = 10  # people whose letter can be looked at beforehand
LEFT_OUT = 100  # people who get none, by name


def batch_of(code: str) -> Batch:
    """The batch with this code, or no page at all."""
    return find_batch(code) or abort(404)


def message_of(batch: Batch, number: int) -> Message:
    """The message of this batch with this number, or no page at all."""
    if number > queries.LARGEST:
        abort(404)
    return message_queries.find_message(batch.id, number) or abort(404)


@pages.get("")
@needs(Duty.PLAN)
def index(code: str) -> str:
    """Every message to this batch, newest first."""
    batch = batch_of(code)
    before = number_of(request.args.get("before", "")) or None
    listed, more = message_queries.listed(batch.id, before=before)
    return render_template(
        "console/messages/index.html",
        batch=batch,
        listed=listed,
        more=more,
        fates=message_queries.fates([one.message.id for one in listed]),
        words=message_words,
    )


@pages.get("/<int:number>")
@needs(Duty.PLAN)
def show(code: str, number: int) -> str:
    """A draft as it will look; after the press, how far it is and what became of each letter."""
    batch = batch_of(code)
    return show_message(batch, message_of(batch, number))


@pages.post("/<int:number>/send")
@needs(Duty.PLAN)
def send(code: str, number: int) -> ResponseReturnValue:
    """Fix who gets it; the worker does the rest."""
    batch = batch_of(code)
    message = message_of(batch, number)
    try:
        is_mine = atomically(
            drafting.send,
            message_id=message.id,
            version=request.form.get("version", 0, type=number_of),
            by_id=current_user.id,
            now=clock.now(),
        )
    except Refused as refusal:
        batch = batch_of(code)
        return show_message(batch, message_of(batch, number), message_words.why_not(refusal)), 409
    if not is_mine:
        flash(gettext("It had been sent already. Nobody is written to twice."), "note")
    return redirect(url_for("messages.show", code=code, number=number), 303)


@pages.post("/<int:number>/stop")
@needs(Duty.PLAN)
def stop(code: str, number: int) -> ResponseReturnValue:
    """Write no more of it, and take back what has not gone out."""
    message = message_of(batch_of(code), number)
    stopped = atomically(drafting.stop, message_id=message.id, now=clock.now())
    if stopped is None:
        flash(gettext("There was nothing left to stop."), "note")
    else:
        said = ngettext(
            "Stopped. %(num)s person is not written to.",
            "Stopped. %(num)s people are not written to.",
            sum(stopped),
        )
        flash(said, "done")
    return redirect(url_for("messages.show", code=code, number=number), 303)


def show_message(batch: Batch, message: Message, refusal: str | None = None) -> str:
    """The page of one message, whatever it stands at."""
    context: dict[str, Any] = {"batch": batch, "message": message, "refusal": refusal}
    if message.state is MessageState.DRAFT:
        return _preview_page(context, message)
    only = request.args.get("only", "")
    fate = Fate(only) if only in set(Fate) else None
    after = request.args.get("after", 0, type=number_of)
    told, more = message_queries.told(message, only=fate, after=after)
    undo_until = (message.pressed_at or message.written_at) + UNDO
    counts = message_queries.fates([message.id])[message.id]
    return render_template(
        "console/messages/progress.html",
        words=message_words,
        writers=message_queries.writers(message),
        counts=counts,
        may_stop=bool(counts.get(Fate.TO_WRITE) or counts.get(Fate.WAITS)),
        undo_until=undo_until if clock.now() < undo_until else None,
        told=told,
        more=more,
        only=fate,
        without_others=queries.without_others,
        **context,
    )


def _preview_page(context: dict[str, Any], message: Message) -> str:
    found = audiences.reach(message, names=NAMES, left_out=LEFT_OUT)
    one = reader_of(message, found.first)
    return render_template(
        "console/messages/preview.html",
        words=message_words,
        reach=found,
        one=one,
        letter=letter_of(one, message) if one else None,
        **context,
    )
