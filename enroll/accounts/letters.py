"""What we write to colleagues: an invitation, a link for another password, and that one was set."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from flask import current_app

from enroll.accounts.models import Staff
from enroll.db import db
from enroll.mail.outbox import drop, post

LINKS = ("staff_invitation", "staff_link")


def invite(*, staff_id: int, token: str, by: str, now: datetime) -> None:
    """Somebody new is to set a password by a link; `by` is the name of who invites."""
    _post("staff_invitation", staff_id, now, key=_short(token), token=token, by=by)


def send_link(*, staff_id: int, token: str, now: datetime) -> None:
    """A link for another password; older ones that wait to be sent are not sent any more."""
    drop(about=_about(staff_id), kinds=LINKS, why="a newer link")
    _post("staff_link", staff_id, now, key=_short(token), token=token)


def tell_changed(*, staff_id: int, now: datetime, token: str | None = None) -> None:
    """The password was changed: whoever did not do it is told what to do."""
    _post("staff_password_changed", staff_id, now, key=token or secrets.token_hex(8))


def tell_reset(*, staff_id: int, now: datetime) -> None:
    """An administrator has taken the second proofs away."""
    _post("staff_proofs_removed", staff_id, now, key=secrets.token_hex(8))


def _post(kind: str, staff_id: int, now: datetime, *, key: str, **more: object) -> None:
    staff = db.session.get_one(Staff, staff_id)
    post(
        kind=kind,
        about=_about(staff_id),
        recipient=staff.email,
        language=str(current_app.config["BABEL_DEFAULT_LOCALE"]),
        context={"name": staff.name, **more},
        dedupe_key=f"{_about(staff_id)}:{kind}:{key}",
        now=now,
    )


def _about(staff_id: int) -> str:
    return f"staff:{staff_id}"


def _short(token: str) -> str:
    """A token's mark: the row's key stays readable in the log of a database, the token does not."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]
