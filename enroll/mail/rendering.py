"""Turns a letter's row into the bytes that are sent: text and HTML from one template."""

from __future__ import annotations

from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import css_inline
from flask import current_app
from flask_babel import force_locale

from enroll.mail.models import Letter


def render(letter: Letter) -> bytes:
    """The letter as RFC 5322 bytes, in its own language; Message-ID and Date are the row's."""
    context = {
        "kind": letter.kind,
        "link": _link,
        "parse_moment": datetime.fromisoformat,
        "parse_day": date.fromisoformat,
        "institute": current_app.config["INSTITUTE_NAME"],
        "contact": current_app.config["INSTITUTE_EMAIL"],
        **letter.context,
    }
    with force_locale(letter.language):
        subject = " ".join(_fill(letter.kind, "txt", context, only="subject").split())
        text = _fill(letter.kind, "txt", context)
        html = _fill(letter.kind, "html", context | {"subject": subject})
    return _assemble(letter, subject, text, html)


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
    """An absolute address from the setting, never from a request's Host header."""
    return f"{current_app.config['BASE_URL']}{path}"


def _assemble(letter: Letter, subject: str, text: str, html: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = (
        f"{_quoted(current_app.config['INSTITUTE_NAME'])} <{current_app.config['MAIL_SENDER']}>"
    )
    message["To"] = letter.recipient
    message["Subject"] = subject
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(text.strip() + "\n")
    style = Path(current_app.root_path, "static", "letter.css").read_text()
    inliner = css_inline.CSSInliner(extra_css=style, load_remote_stylesheets=False)
    message.add_alternative(inliner.inline(html), subtype="html")
    return message.as_bytes()


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "").replace('"', "") + '"'
