"""Turns a letter's row into the bytes that are sent: text and HTML from one template."""

from __future__ import annotations

import re
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import css_inline
from flask import current_app
from flask_babel import force_locale, get_locale

from enroll.config import language_tag, languages
from enroll.mail.calendar_part import FILE_NAME, calendar_part
from enroll.mail.models import Letter

# What only some letters are told. A template may ask for each of these; what the verb left out is
# empty, so that a letter queued by an older version can still be written.
OPTIONAL: dict[str, Any] = {
    "name": "",
    "token": "",
    "why": "",
    "deadline_at": None,
    "answer_on": None,
    "reason": "",
    "offer": None,
    "next": None,
    "next_is_full": False,
    "left": (),
    "keeps": "",
    "moved_from": "",
    "state": "",
    "extended": False,
    "first_session": None,
    "calendar": None,
    "people": (),
    "registrations": (),
    "lines": (),
}
# Written by a person: an answer goes to people too, and not to the sender of all letters.
ANSWERED_BY_STAFF = {"staff_message"}
_WIDE_GAP = re.compile(r"\n(?:[ \t]*\n)+")  # where a template left something out
OPTIONAL_OF_BATCH: dict[str, Any] = {
    "join_link": "",
    "bring": "",
    "enrolled": None,
    "fee_minor": 0,
    "fee_currency": "",
    "payment": "",
    "refund": "",
}


def render(letter: Letter) -> bytes:
    """The letter as RFC 5322 bytes, in its own language; Message-ID and Date are the row's."""
    context = _context(letter)
    with force_locale(letter.language):
        subject = " ".join(_fill(letter.kind, "txt", context, only="subject").split())
        text = _fill(letter.kind, "txt", context)
        html = _fill(letter.kind, "html", context | {"subject": subject})
    return _assemble(letter, subject, text, html)


def preview(letter: Letter) -> tuple[str, str]:
    """Subject and text of a letter that nobody has written yet, as its reader would read them."""
    context = _context(letter)
    with force_locale(letter.language):
        subject = " ".join(_fill(letter.kind, "txt", context, only="subject").split())
        text = _fill(letter.kind, "txt", context)
    return subject, _WIDE_GAP.sub("\n\n", text.strip())


def _context(letter: Letter) -> dict[str, Any]:
    """All that its templates may ask for."""
    context: dict[str, Any] = {
        "kind": letter.kind,
        "subscription": letter.subscription,
        "link": _link,
        "parse_moment": datetime.fromisoformat,
        "parse_day": date.fromisoformat,
        "institute": current_app.config["INSTITUTE_NAME"],
        "contact": current_app.config["INSTITUTE_EMAIL"],
        **OPTIONAL,
        **letter.context,
    }
    if "batch" in context:
        context["batch"] = OPTIONAL_OF_BATCH | context["batch"]
    return context


def _fill(kind: str, form: str, context: dict[str, Any], only: str | None = None) -> str:
    """Fill templates/letters/<kind>.jinja; `form` picks the parts it is built from."""
    environment = current_app.jinja_env
    template = environment.get_template(f"letters/{kind}.jinja")
    values = context | {"layout": f"letters/_layout.{form}", "parts": f"letters/_parts.{form}"}
    current_app.update_template_context(values)
    if only:
        return "".join(template.blocks[only](template.new_context(values)))
    return template.render(values)


def _link(path: str) -> str:
    """An absolute address from the setting, never from a request's Host header.

    Where the site speaks several languages, the page speaks the letter's.
    """
    offered, language = languages(current_app), str(get_locale())
    prefix = f"/{language_tag(language)}" if len(offered) > 1 and language in offered else ""
    return f"{current_app.config['BASE_URL']}{prefix}{path}"


def _assemble(letter: Letter, subject: str, text: str, html: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = (
        f"{_quoted(current_app.config['INSTITUTE_NAME'])} <{current_app.config['MAIL_SENDER']}>"
    )
    message["To"] = letter.recipient
    if letter.kind in ANSWERED_BY_STAFF:
        message["Reply-To"] = current_app.config["INSTITUTE_EMAIL"]
    message["Subject"] = subject
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(_WIDE_GAP.sub("\n\n", text.strip()) + "\n")
    style = Path(current_app.root_path, "static", "letter.css").read_text()
    if own := current_app.config["PALETTE"]:
        pine = own.light["pine"]
        style += f".from {{ color: {pine}; }} .button {{ background: {pine}; }}\n"
    inliner = css_inline.CSSInliner(extra_css=style, load_remote_stylesheets=False)
    message.add_alternative(inliner.inline(html), subtype="html")
    _attach_dates(message, letter)
    return _one_click(letter) + message.as_bytes()


def _one_click(letter: Letter) -> bytes:
    """The headers by which a mail program ends such letters with one POST (RFC 8058).

    Written by hand: Python would fold a long address and encode it, and no mail program reads that.
    """
    if not letter.subscription:
        return b""
    address = _link(f"/unsubscribe/{letter.subscription}")
    return (
        f"List-Unsubscribe: <{address}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    ).encode("ascii")


def _attach_dates(message: EmailMessage, letter: Letter) -> None:
    """The sessions for a calendar, if the letter has any (RFC 6047: both methods are the same)."""
    dates = letter.context.get("calendar")
    if not dates or not dates["events"]:
        return
    part = calendar_part(
        dates,
        organizer=current_app.config["MAIL_SENDER"],
        organizer_name=current_app.config["INSTITUTE_NAME"],
        written_at=letter.written_at,
    )
    message.add_attachment(
        part.decode(),
        subtype="calendar",
        params={"method": dates["method"]},
        cte="base64",  # no relay on the way may fold or re-end its lines
        filename=FILE_NAME,
    )


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "").replace('"', "") + '"'
