"""A message as it will look in a mail program, with the real name of somebody who gets it."""

from __future__ import annotations

from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.queries import find_batch
from enroll.console import message_queries, queries
from enroll.console.guard import needs
from enroll.console.message_form import number_of
from enroll.mail.rendering import render
from enroll.registrations.audiences import reach, reached
from enroll.registrations.messages import Message
from enroll.registrations.models import Registration
from enroll.registrations.placeholders import fill, fill_html
from enroll.registrations.writing import letter_to
from enroll.web import personal

pages = Blueprint("message_preview", __name__, url_prefix="/staff/batches/<code>/messages")

# In place of each letter of the secret by which only the person comes to their page: as long as it
# is, the lines of the text break where they will.
HIDDEN = "•"


class Shown(NamedTuple):
    """What a mail program shows of a letter."""

    subject: str
    to: str
    reply_to: str
    text: str
    html: str


@pages.get("/<int:number>/letter.html")
@needs(Duty.PLAN)
def letter(code: str, number: int) -> ResponseReturnValue:
    """The HTML part as it would be sent to `?as=` or the first, in a page that may run and load nothing."""
    batch = find_batch(code) or abort(404)
    if number > queries.LARGEST:
        abort(404)
    message = message_queries.find_message(batch.id, number) or abort(404)
    one = _wanted(message) or abort(404)
    personal()
    return (
        letter_of(one, message).html,
        200,
        {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
            " frame-ancestors 'self'; sandbox",
        },
    )


def reader_of(message: Message, first: Sequence[Registration]) -> Registration | None:
    """Whose letter is looked at: the one asked for by `?as=`, else the first."""
    return (_wanted(message) if "as" in request.args else None) or (first[0] if first else None)


def _wanted(message: Message) -> Registration | None:
    """The person `?as=` asks for, if the message would reach them; without it the first it would."""
    if "as" not in request.args:
        return next(iter(reach(message, names=1, left_out=0).first), None)
    wanted = number_of(request.args["as"])
    return reached(message, wanted) if wanted else None


def letter_of(one: Registration, message: Message) -> Shown:
    """The very letter this person would get, but for the secret in the link."""
    mail = message_from_bytes(
        render(letter_to(one, message, token=HIDDEN * len(one.token), now=clock.now())),
        policy=policy.default,
    )
    return Shown(
        str(mail["Subject"]),
        str(mail["To"]),
        str(mail["Reply-To"]),
        _part(mail, "plain"),
        _part(mail, "html"),
    )


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


pages.add_app_template_filter(fill, "filled")
pages.add_app_template_filter(fill_html, "filled_html")
