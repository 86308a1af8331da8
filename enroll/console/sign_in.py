"""Around Flask-Security's views: how often one may try, whose action it is, and where it leads."""

from __future__ import annotations

import functools
import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import (
    Flask,
    Response,
    abort,
    after_this_request,
    current_app,
    make_response,
    render_template,
    request,
    session,
)
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_security.signals import password_reset, user_authenticated
from itsdangerous import BadSignature, URLSafeSerializer

from enroll import clock
from enroll.accounts.activity import act_as
from enroll.accounts.duties import Duty
from enroll.accounts.models import Staff
from enroll.accounts.staffing import whose
from enroll.accounts.tries import Limit, TooManyTries, take_try
from enroll.console.guard import actor, check, needs, network
from enroll.db import atomically
from enroll.forms import normal_address
from enroll.languages import root
from enroll.web import personal

QUARTER = timedelta(minutes=15)
# What is guessed, and by what the tries are counted. A browser that has signed in before counts for
# itself: whoever guesses from elsewhere, or from the next desk, shuts no colleague out of it.
GUESSED = {
    "security.login": "password",
    "security.verify": "password",
    "security.two_factor_token_validation": "code",
    "security.mf_recovery": "code",
    "security.wan_signin_response": "passkey",
    "security.forgot_password": "link",
    "security.reset_password": "link",
}
PER_BROWSER = 10  # tries in a quarter of an hour by a browser that has signed in to this account
PER_ACCOUNT_AND_NETWORK = 10  # by other browsers of one network
PER_ACCOUNT = 50  # by other browsers anywhere
PER_NETWORK = 60  # trying one password on many accounts; an office behind one address has room
YEAR = timedelta(days=365)


def init_app(app: Flask) -> None:
    """Limit what can be guessed, and keep every answer below /staff out of caches and engines."""
    views = app.view_functions
    for endpoint in [name for name in views if name.startswith("security.")]:
        view = _leads_inside(views[endpoint])
        if endpoint in GUESSED:
            view = _counted(view, GUESSED[endpoint])
        views[endpoint] = _named(view) if endpoint in OPEN else needs(*Duty)(_guarded(view))
    for signal in (user_authenticated, password_reset):
        signal.connect(_known_from_now_on, app)
    app.before_request(_forms_only)
    app.after_request(_keep_private)


# What a stranger may ask for; the rest is for whoever is signed in, whatever their duties.
OPEN = frozenset(
    f"security.{name}"
    for name in (
        "login",
        "logout",
        "forgot_password",
        "reset_password",
        "two_factor_token_validation",
        "two_factor_rescue",
        "tf_select",
        "mf_recovery",
        "wan_signin",
        "wan_signin_response",
    )
)


# ---------------------------------------------------------------- how often


def _counted(view: Callable[..., Any], kind: str) -> Callable[..., ResponseReturnValue]:
    """Count a try in the database before anything is compared."""

    @functools.wraps(view)
    def run(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if request.method == "POST" and current_app.config["RATELIMIT_ENABLED"]:
            now = clock.now()
            try:
                atomically(take_try, limits=_limits(kind, _account()), now=now)
            except TooManyTries as refusal:
                personal()
                until = refusal.facts["until"]
                seconds = max(1, int((until - now).total_seconds()) + 1)
                page = render_template("security/too_many.html", minutes=-(-seconds // 60))
                return page, 429, {"Retry-After": str(seconds)}
        answer: ResponseReturnValue = view(*args, **kwargs)
        return answer

    return run


def _limits(kind: str, account: str) -> list[Limit]:
    if browser := _browser_of(account):
        return [Limit(f"{kind} by browser", f"{browser} {account}", PER_BROWSER, QUARTER)]
    place = network()
    return [
        Limit(f"{kind} in network", f"{place} {account}", PER_ACCOUNT_AND_NETWORK, QUARTER),
        Limit(f"{kind} of account", account, PER_ACCOUNT, QUARTER),
        Limit(f"{kind} by network", place, PER_NETWORK, QUARTER),
    ]


def _account() -> str:
    """The account that is tried: as typed, or as the password has proved already."""
    if current_user.is_authenticated:
        return _mark(current_user.email)
    if "tf_user_id" in session and request.endpoint != "security.login":
        return _mark(whose(session["tf_user_id"]))
    try:
        return _mark(normal_address(request.form.get("email", "").strip()))
    except ValueError:
        return ""


def _mark(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()


# ---------------------------------------------------------------- known browsers


def _cookie_name() -> str:
    return "__Host-browser" if current_app.config["SESSION_COOKIE_SECURE"] else "browser"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="known browser")


def _known() -> dict[str, str]:
    """The accounts that have signed in here, each with the number of this browser for it."""
    try:
        known = _signer().loads(request.cookies.get(_cookie_name(), ""))
    except BadSignature:
        return {}
    return known if isinstance(known, dict) else {}


def _browser_of(account: str) -> str:
    return str(_known().get(account, ""))


def _known_from_now_on(_app: Flask, *, user: Staff, **_rest: object) -> None:
    """Remember this browser for a year; a mailed link proves as much as a sign-in."""
    known = dict(list(_known().items())[-4:])  # a desk that many share
    known[_mark(user.email)] = secrets.token_hex(8)
    value = _signer().dumps(known)

    @after_this_request
    def remember(response: Response) -> Response:
        response.set_cookie(
            _cookie_name(),
            value,
            max_age=YEAR,
            path="/",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


# ---------------------------------------------------------------- whose action, and where it leads


def _guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    """A page of Flask-Security's behind the same guard as ours."""

    @functools.wraps(view)
    def run(*args: Any, **kwargs: Any) -> Any:
        refusal = check()
        return view(*args, **kwargs) if refusal is None else refusal

    return run


def _named(view: Callable[..., Any]) -> Callable[..., Any]:
    """What is written here is logged as the action of whoever is, or has just been, proved."""

    @functools.wraps(view)
    def run(*args: Any, **kwargs: Any) -> Any:
        if request.method == "POST":
            act_as(actor(current_user.id if current_user.is_authenticated else None))
        return view(*args, **kwargs)

    return run


def _leads_inside(view: Callable[..., Any]) -> Callable[..., Response]:
    """Every way leads to staff pages only: browsers read addresses more freely than parsers."""

    @functools.wraps(view)
    def run(*args: Any, **kwargs: Any) -> Response:
        response = make_response(view(*args, **kwargs))
        if response.location and not response.location.startswith(f"{root()}/staff/"):
            response.location = f"{root()}/staff/"
        return response

    return run


def _forms_only() -> None:
    if request.blueprint == "security" and request.is_json:
        abort(415)


def _keep_private(response: Response) -> Response:
    if request.path == "/staff" or request.path.startswith("/staff/"):
        personal()
    return response
