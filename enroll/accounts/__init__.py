"""Who works here: staff accounts, their duties, sign-in and sessions.

Hard rule: every page below /staff names the duty it needs; what names none is closed.
"""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Let staff sign in and out."""
    from enroll.accounts import security

    security.init_app(app)
