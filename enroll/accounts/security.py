"""Flask-Security, set up for what we use of it: proving who one is, below /staff.

Its views run in one transaction of ours each, with the colleague's row locked, so that no code and
no link is taken twice; what it has to mail goes through the outbox.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import sqlalchemy as sa
from flask import Flask, abort, request, session
from flask.typing import ResponseReturnValue
from flask_security import (
    MailUtil,
    Security,
    SQLAlchemyUserDatastore,
    WebauthnUtil,
    current_user,
)
from flask_security.signals import password_reset, user_authenticated
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from enroll import clock
from enroll.accounts import letters, sign_in_forms
from enroll.accounts.activity import proved
from enroll.accounts.models import DutyRow, Passkey, Staff
from enroll.accounts.proofs import Codes, key_settings
from enroll.accounts.sentences import SENTENCES
from enroll.accounts.sessions import end_all_sessions, end_session, is_session_live, open_session
from enroll.db import atomically, db, is_writing

SESSION_KEY = "staff_key"  # where the cookie keeps the secret of its session
LINK_LIVES = timedelta(days=2)  # of an invitation, and of a link for another password

SETTINGS = {
    "SECURITY_URL_PREFIX": "/staff",
    "SECURITY_STATIC_FOLDER": None,
    "SECURITY_POST_LOGIN_VIEW": "roster.index",
    "SECURITY_POST_LOGOUT_VIEW": "security.login",
    "SECURITY_POST_VERIFY_VIEW": "account.show",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    # Who proved it within half an hour may change how they prove it; others are asked once more.
    "SECURITY_FRESHNESS": timedelta(minutes=30),
    "SECURITY_FRESHNESS_GRACE_PERIOD": timedelta(0),
    "SECURITY_FRESHNESS_ALLOW_AUTH_TOKEN": False,
    "SECURITY_PASSWORD_HASH": "argon2",
    # argon2 brings its own salt; a second secret would be one more thing to lose in a restore.
    "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    "SECURITY_PASSWORD_LENGTH_MIN": 12,
    # The same words whether the account exists or not.
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    "SECURITY_API_ENABLED_METHODS": ["session"],
    "SECURITY_DATETIME_FACTORY": clock.now,
    "SECURITY_RECOVERABLE": True,
    "SECURITY_RESET_URL": "/password",
    "SECURITY_RESET_PASSWORD_WITHIN": LINK_LIVES,
    "SECURITY_POST_RESET_VIEW": "security.login",
    "SECURITY_TWO_FACTOR": True,
    "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,  # seconds that clocks may differ
    "SECURITY_TWO_FACTOR_ALWAYS_VALIDATE": True,
    "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
    "SECURITY_TWO_FACTOR_SETUP_URL": "/authenticator",
    "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/code",
    "SECURITY_TWO_FACTOR_SELECT_URL": "/second-proof",
    "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "account.show",
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": 10,
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/recovery-codes",
    "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/recovery-code",
    "SECURITY_WEBAUTHN": True,
    "SECURITY_WAN_ALLOW_AS_VERIFY": None,
    # The browser asks whose key it is: a page that listed them would tell who has an account.
    "SECURITY_WAN_ALLOW_USER_HINTS": False,
    "SECURITY_WAN_REGISTER_URL": "/passkeys",
    "SECURITY_WAN_SIGNIN_URL": "/passkey",
    "SECURITY_WAN_DELETE_URL": "/passkeys/remove",
    "SECURITY_WAN_POST_REGISTER_VIEW": "account.show",
    "SECURITY_WAN_SIGNIN_WITHIN": timedelta(minutes=5),
    # `flask staff-add` is ours; Flask-Security's commands know nothing of read-only transactions.
    "SECURITY_CLI_USERS_NAME": None,
    "SECURITY_CLI_ROLES_NAME": None,
    # The row in the database says whether a session lives; a changed browser or address does not.
    "SESSION_PROTECTION": None,
}
# These read only, or write by verbs of their own: comparing a password is slow, and must not happen
# while SQLite's one write lock is held.
_OWN_TRANSACTIONS = frozenset(
    {"security.login", "security.logout", "security.verify", "security.forgot_password"}
)


class Datastore(SQLAlchemyUserDatastore):  # type: ignore[misc]
    """Leaves committing to `atomically`, and everything is read under the lock."""

    def commit(self) -> None:
        """The transaction around the view commits, all or nothing."""
        if is_writing():
            self.db.session.flush()


class Outgoing(MailUtil):  # type: ignore[misc]
    """Flask-Security's mail as letters of ours."""

    def send_mail(self, template: str, _subject: str, *_parts: Any, **context: Any) -> None:
        staff = context["user"]
        verb = {"reset_instructions": letters.send_link, "reset_notice": letters.tell_changed}
        name = template.removeprefix("security/email/").removeprefix("password_")
        _write(verb[name], staff_id=staff.id, token=context.get("reset_token"), now=clock.now())


class Keys(WebauthnUtil):  # type: ignore[misc]
    """Which keys may be used: any, as long as it knows whose it is and asks its owner."""

    def authenticator_selection(self, _user: Any, _usage: str) -> AuthenticatorSelectionCriteria:
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        )

    def user_verification(self, _user: Any, _usage: Any) -> UserVerificationRequirement:
        return UserVerificationRequirement.REQUIRED


def init_app(app: Flask) -> None:
    """Wire all ways to prove who one is, and the sessions behind them."""
    app.config.from_mapping(SETTINGS | key_settings(app) | SENTENCES)
    app.config["SECURITY_TOTP_ISSUER"] = app.config["INSTITUTE_NAME"]
    app.config["SECURITY_WAN_RP_NAME"] = app.config["INSTITUTE_NAME"]
    security = Security(
        app,
        Datastore(db, Staff, DutyRow, Passkey),
        mail_util_cls=Outgoing,
        totp_cls=Codes,
        webauthn_util_cls=Keys,
        **sign_in_forms.FORMS,
    )
    security.want_json(lambda _request: False)  # forms only: its JSON answers can hand out tokens
    load = security.login_manager.user_callback
    security.login_manager.user_loader(functools.partial(_load_staff, load))
    # Its tokens in headers and addresses would outlive a sign-out.
    security.login_manager.request_loader(None)
    user_authenticated.connect(_begin, app)
    password_reset.connect(_end_all, app)
    views = app.view_functions
    views["security.two_factor_rescue"] = lambda: abort(404)  # it would mail to nobody
    for endpoint in [name for name in views if name.startswith("security.")]:
        if endpoint not in _OWN_TRANSACTIONS:
            views[endpoint] = _in_one_transaction(views[endpoint])
    views["security.logout"] = _ends_session(views["security.logout"])


def _load_staff(load: Callable[[str], Staff | None], uniquifier: str) -> Staff | None:
    """Whoever the cookie names, if the database still knows this sign-in; else a stranger."""
    key = session.get(SESSION_KEY, "")
    staff = load(uniquifier) if key else None
    return staff if staff and is_session_live(staff.id, key) else None


def _in_one_transaction(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view whose button is pressed writes in one transaction that has locked its colleague."""

    @functools.wraps(view)
    def run(*args: Any, **kwargs: Any) -> Any:
        if request.method != "POST":
            return view(*args, **kwargs)
        return atomically(_locked, view, args, kwargs)

    return run


def _locked(view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Two that come with the same code wait for each other: the second finds it taken."""
    whose = session.get("_user_id") or session.get("tf_user_id")
    if whose:
        db.session.scalars(
            sa.select(Staff)
            .where(Staff.fs_uniquifier == whose)
            .with_for_update(of=Staff)
            .execution_options(populate_existing=True)
        ).one_or_none()
    return view(*args, **kwargs)


def _write(verb: Callable[..., Any], **facts: Any) -> None:
    """Join the transaction that runs, or have one of one's own."""
    if is_writing():
        verb(**facts)
    else:
        atomically(verb, **facts)


def _begin(_app: Flask, *, user: Staff, **_rest: object) -> None:
    """Open the session of somebody who has just proved who they are."""
    key = secrets.token_urlsafe(32)
    proved(user.id)
    _write(open_session, staff_id=user.id, key=key, now=clock.now())
    session[SESSION_KEY] = key
    session.pop("csrf_token", None)  # whoever saw the page before signing in knows the old one


def _end_all(_app: Flask, *, user: Staff, **_rest: object) -> None:
    """Another password by a mailed link ends every session: perhaps it was needed for a reason."""
    proved(user.id)
    end_all_sessions(staff_id=user.id, now=clock.now())


def _ends_session(view: Callable[..., Any]) -> Callable[[], ResponseReturnValue]:
    """Sign-out that ends the row first: if the database is busy, nothing has happened yet."""

    @functools.wraps(view)
    def sign_out() -> ResponseReturnValue:
        if current_user.is_authenticated:
            atomically(end_session, key=session[SESSION_KEY], now=clock.now())
            del session[SESSION_KEY]
        return cast(ResponseReturnValue, view())

    return sign_out
