"""Around Flask-Security's sign-in: how often it may be tried, and where it leads."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from flask import Flask, Response, abort, make_response, request
from flask_limiter.util import get_remote_address

from enroll.web import limiter, personal

# Per account and network: guessing one password. Nobody can lock a colleague out from elsewhere.
PER_ACCOUNT = "10 per 15 minutes"
# Per network: trying one password on many accounts. An office behind one address has room.
PER_NETWORK = "60 per 15 minutes"


def init_app(app: Flask) -> None:
    """Limit the sign-in, and keep every answer below /staff out of caches and search engines."""
    view = _leads_inside(app.view_functions["security.login"])
    for limit, key in ((PER_ACCOUNT, _account), (PER_NETWORK, _network)):
        view = limiter.limit(limit, key_func=key, methods=["POST"])(view)
    app.view_functions["security.login"] = view
    app.before_request(_forms_only)
    app.after_request(_keep_private)


def _leads_inside(view: Callable[..., Any]) -> Callable[[], Response]:
    """Sign-in that leads to staff pages only: browsers read addresses more freely than parsers."""

    @functools.wraps(view)
    def sign_in() -> Response:
        response = make_response(view())
        if response.location and not response.location.startswith("/staff/"):
            response.location = "/staff/"
        return response

    return sign_in


def _network() -> str:
    """The network a request comes from: one IPv6 customer has a whole /64, often more."""
    address = ip_address(get_remote_address())
    if address.version == 6 and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ip_network((address, 24 if address.version == 4 else 64), strict=False))


def _account() -> str:
    """Network and account of a try; the address as a hash, for the limits' storage keeps it."""
    typed = request.form.get("email", "").strip().lower()
    return f"{_network()} {hashlib.sha256(typed.encode()).hexdigest()}"


def _forms_only() -> None:
    if request.blueprint == "security" and request.is_json:
        abort(415)


def _keep_private(response: Response) -> Response:
    if request.path == "/staff" or request.path.startswith("/staff/"):
        personal()
    return response
