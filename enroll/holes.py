"""What each visitor gets anew on a page drawn for everybody: holes, filled when it is handed out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial

from flask import current_app, has_request_context, request
from flask.sessions import SessionMixin
from flask_wtf.csrf import generate_csrf
from itsdangerous import URLSafeTimedSerializer

Hole = Callable[[SessionMixin], str]

HOLES = "enroll.holes"  # in the environment of a request: its page is drawn for everybody
TOKEN = "csrf_token"  # noqa: S105 - the name of a field and of what the session holds for it


def own(plain: Callable[[], str], hole: Hole | None = None) -> str:
    """`plain()` on a page drawn for one person; on one drawn for all, a mark where `hole` comes.

    Holes are filled outside any request. Without one, `plain` is asked anew, and must not need any.
    """
    holes = request.environ.get(HOLES) if has_request_context() else None
    if holes is None:
        return plain()
    mark = secrets.token_hex(16)  # nobody who writes a comment can guess it
    holes[mark] = hole or (lambda _session: plain())
    return mark


def form_token() -> str:
    """The token that shows a form was ours, as Flask-WTF makes and checks it."""
    signer = URLSafeTimedSerializer(str(current_app.secret_key), salt="wtf-csrf-token")
    return own(generate_csrf, partial(_token, signer))


def _token(signer: URLSafeTimedSerializer, session: SessionMixin) -> str:
    if TOKEN not in session:
        session[TOKEN] = secrets.token_hex(20)
    return str(signer.dumps(session[TOKEN]))
