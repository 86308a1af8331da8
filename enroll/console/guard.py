"""Who may see a staff page: the view names the duty; a view that names none is closed to all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from enroll.accounts.duties import Duty

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


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
    if _check not in pages.before_request_funcs.get(None, []):  # a second application, in tests
        pages.before_request(_check)
    return pages


def _check() -> ResponseReturnValue | None:
    if not current_user.is_authenticated:
        # Only a page can be come back to; a button has to be pressed again.
        here = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else None
        return redirect(url_for("security.login", next=here))
    if not current_user.has_duty(*duties_of(request.endpoint or "")):
        abort(403)
    return None
