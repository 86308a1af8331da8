"""Who may see a staff page, and whose action a button is: a view that names no duty is closed to all."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import TypeVar

from flask import Blueprint, abort, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from enroll import clock
from enroll.accounts.activity import Actor, act_as
from enroll.accounts.duties import Duty
from enroll.accounts.security import SESSION_KEY
from enroll.accounts.sessions import session_number
from enroll.db import Base, db

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

TOKEN = "csrf_token"  # noqa: S105 - the name of a field


def needs(*duties: Duty) -> Callable[[View], View]:
    """Declare what a view needs: one of these duties is enough."""

    def declare(view: View) -> View:
        view.duties = frozenset(duties)  # type: ignore[attr-defined]
        return view

    return declare


def duties_of(endpoint: str) -> frozenset[Duty]:
    """The duties of which this endpoint needs one; empty where it declares none."""
    return getattr(current_app.view_functions[endpoint], "duties", frozenset())


def guarded(pages: Blueprint) -> Blueprint:
    """Put the guard in front of all views of these pages. Twice is harmless."""
    if check not in pages.before_request_funcs.get(None, []):  # a second application, in tests
        pages.before_request(check)
    return pages


def must_be_there(table: type[Base], number: int) -> None:
    """404 for a button about something that is not there: not 303, as if it had been done."""
    if db.session.get(table, number) is None:
        abort(404)


def actor(staff_id: int | None) -> Actor:
    """Who presses this button, on what, and from where; with the names of the fields, no values."""
    rule = request.url_rule.rule if request.url_rule else request.path
    # A token in an address is a secret, so there the rule stands for it.
    where = rule if "<token>" in rule else request.path
    fields = {name for name, value in request.form.items() if value and name != TOKEN}
    files = {name for name, file in request.files.items() if file.filename}
    return Actor(
        staff_id=staff_id,
        action=request.endpoint or "",
        object=where.removeprefix("/staff/"),
        at=clock.now(),
        fields=tuple(sorted(fields | files)),
        network=network(),
        session_id=session_number(session.get(SESSION_KEY, "")) if staff_id else None,
    )


def network() -> str:
    """The network a request comes from: one IPv6 customer has a whole /64, often more."""
    address = ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - no address is one too
    if address.version == 6 and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ip_network((address, 24 if address.version == 4 else 64), strict=False))


def check() -> ResponseReturnValue | None:
    """What stands in the way of this request, if anything; names whose action it is."""
    if not current_user.is_authenticated:
        # Only a page can be come back to; a button has to be pressed again.
        here = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else None
        return redirect(url_for("security.login", next=here))
    if not current_user.has_duty(*duties_of(request.endpoint or "")):
        abort(403)
    if request.method == "POST":
        act_as(actor(current_user.id))
    return None
