"""What the law and good manners ask for: privacy, robots, where to report a hole."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from enroll import clock
from enroll.shelf import shared

pages = Blueprint("legal", __name__)


@pages.get("/privacy")
@shared()
def privacy() -> ResponseReturnValue:
    return render_template("site/legal/privacy.html", minimum_age=current_app.config["MINIMUM_AGE"])


@pages.get("/robots.txt")
def robots() -> ResponseReturnValue:
    """Personal and staff pages are nobody's to index; a server on trial is not at all."""
    rules = (
        "Disallow: /registrations/\nDisallow: /staff/\n"
        if current_app.config["IS_PUBLIC"]
        else "Disallow: /\n"
    )
    return Response(f"User-agent: *\n{rules}", mimetype="text/plain")


@pages.get("/.well-known/security.txt")
def security() -> ResponseReturnValue:
    """RFC 9116: whom to tell of a hole, and until when this page is true (less than a year)."""
    expires = (clock.now() + timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: mailto:{current_app.config['INSTITUTE_EMAIL']}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Canonical: {current_app.config['BASE_URL']}/.well-known/security.txt",
    )
    return Response("\n".join(lines) + "\n", mimetype="text/plain")
