"""The cookie by which we know a browser that has confirmed an author's address."""

from __future__ import annotations

import secrets

from flask import Response, current_app, request

from enroll.comments.authors import MEMORY


def browser_key() -> str:
    """The random key this browser holds, or nothing."""
    key = request.cookies.get(_name(), "")
    return key if 20 <= len(key) <= 64 else ""


def new_key() -> str:
    """A key for a browser that has none: 192 random bits."""
    return secrets.token_urlsafe(24)


def keep(response: Response, key: str) -> Response:
    """Let the browser keep its key as long as the server knows it."""
    response.set_cookie(
        _name(),
        key,
        max_age=MEMORY,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
    )
    return response


def _name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-voice"
