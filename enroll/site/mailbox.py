"""The local mailbox, for whoever tries the program out: exists only without a public address."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from enroll.mail import mailbox
from enroll.web import personal

pages = Blueprint("mailbox", __name__, url_prefix="/mailbox")


@pages.before_request
def _only_while_trying() -> None:
    personal()
    if current_app.config["IS_PUBLIC"]:
        abort(404)


@pages.get("")
def letters() -> ResponseReturnValue:
    return render_template(
        "site/mailbox/letters.html", letters=mailbox.read_all(), folder=mailbox.folder()
    )


@pages.get("/<int:number>")
def letter(number: int) -> ResponseReturnValue:
    message = mailbox.read(number) or abort(404)
    text = message.get_body(("plain",))
    return render_template(
        "site/mailbox/letter.html",
        number=number,
        message=message,
        text=text.get_content() if text else "",
    )


@pages.get("/<int:number>.html")
def letter_as_html(number: int) -> ResponseReturnValue:
    """The HTML part as it was sent, in a page that may run and load nothing."""
    message = mailbox.read(number) or abort(404)
    part = message.get_body(("html",)) or abort(404)
    return (
        part.get_content(),
        200,
        {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
            "sandbox allow-popups allow-top-navigation-by-user-activation",
        },
    )
