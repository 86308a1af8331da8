"""Flask-Security, set up for what we use of it: one sign-in and one sign-out below /staff."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import sqlalchemy as sa
from flask import Flask, session
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_security import LoginForm, Security, SQLAlchemyUserDatastore, current_user
from flask_security.signals import user_authenticated
from wtforms import EmailField, Field, PasswordField
from wtforms.validators import InputRequired, Length

from enroll import clock
from enroll.accounts.models import DutyRow, Staff
from enroll.accounts.sessions import end_session, is_session_live, open_session
from enroll.accounts.staffing import renew_hash
from enroll.db import atomically, db
from enroll.forms import normal_address, tidy

SESSION_KEY = "staff_key"  # where the cookie keeps the secret of its session

SETTINGS = {
    "SECURITY_URL_PREFIX": "/staff",
    "SECURITY_STATIC_FOLDER": None,
    "SECURITY_POST_LOGIN_VIEW": "/staff/",
    "SECURITY_POST_LOGOUT_VIEW": "/staff/login",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    # No page that asks for the password again: nothing here needs it yet.
    "SECURITY_FRESHNESS": timedelta(minutes=-1),
    "SECURITY_PASSWORD_HASH": "argon2",
    # argon2 brings its own salt; a second secret would be one more thing to lose in a restore.
    "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    "SECURITY_PASSWORD_LENGTH_MIN": 12,
    # The same words whether the account exists or not.
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    # `flask staff-add` is ours; Flask-Security's commands know nothing of read-only transactions.
    "SECURITY_CLI_USERS_NAME": None,
    "SECURITY_CLI_ROLES_NAME": None,
    # The row in the database says whether a session lives; a changed browser or address does not.
    "SESSION_PROTECTION": None,
}


class SignInForm(LoginForm):
    """Address and password. No "remember me": a session ends with the browser, or by sign-out."""

    email = EmailField(lazy_gettext("E-mail address"), filters=[tidy])
    password = PasswordField(
        lazy_gettext("Password"), validators=[InputRequired(), Length(max=1000)]
    )
    remember = None

    def validate_email(self, field: Field) -> None:
        """Bring the address to the spelling we store; what is no address belongs to nobody."""
        try:
            field.data = normal_address(field.data or "")
        except ValueError:
            field.data = ""

    def validate_next(self, field: Field) -> None:
        """Leave `next` to the redirect, which goes to /staff/ instead of anywhere foreign."""


def init_app(app: Flask) -> None:
    """Wire sign-in, sign-out and the sessions behind them."""
    app.config.from_mapping(SETTINGS)
    security = Security(app, SQLAlchemyUserDatastore(db, Staff, DutyRow), login_form=SignInForm)
    security.want_json(lambda _request: False)  # forms only: its JSON answers can hand out tokens
    load = security.login_manager.user_callback
    security.login_manager.user_loader(functools.partial(_load_staff, load))
    # Its tokens in headers and addresses would outlive a sign-out.
    security.login_manager.request_loader(None)
    user_authenticated.connect(_begin, app)
    views = app.view_functions
    views["security.logout"] = _ends_session(views["security.logout"])


def _load_staff(load: Callable[[str], Staff | None], uniquifier: str) -> Staff | None:
    """Whoever the cookie names, if the database still knows this sign-in; else a stranger."""
    key = session.get(SESSION_KEY, "")
    staff = load(uniquifier) if key else None
    return staff if staff and is_session_live(staff.id, key) else None


def _begin(_app: Flask, *, user: Staff, **_rest: object) -> None:
    """Open the session of somebody who has just proved who they are.

    Flask-Security hashes an outdated password anew, but in a transaction that only reads, which
    `atomically` rolls back; so the new hash is taken from there and written by a verb. It is the
    only thing Flask-Security writes when signing in without its "trackable".
    """
    key = secrets.token_urlsafe(32)
    staff_id, password = user.id, sa.inspect(user).attrs.password.history
    if password.added and password.deleted:
        atomically(renew_hash, staff_id=staff_id, old=password.deleted[0], new=password.added[0])
    atomically(open_session, staff_id=staff_id, key=key, now=clock.now())
    session[SESSION_KEY] = key
    session.pop("csrf_token", None)  # whoever saw the page before signing in knows the old one


def _ends_session(view: Callable[..., Any]) -> Callable[[], ResponseReturnValue]:
    """Sign-out that ends the row first: if the database is busy, nothing has happened yet."""

    @functools.wraps(view)
    def sign_out() -> ResponseReturnValue:
        if current_user.is_authenticated:
            atomically(end_session, key=session[SESSION_KEY], now=clock.now())
            del session[SESSION_KEY]
        return cast(ResponseReturnValue, view())

    return sign_out
