"""The seats of a batch alone, for pages that show them anew while they are open."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template

from enroll import clock
from enroll.registrations.queries import prospect
from enroll.web import for_everybody

pages = Blueprint("seats", __name__)

FRESH = 2  # seconds: seats left are never older, whoever keeps them on the way


@pages.get("/batches/<code>/seats")
def show(code: str) -> Response:
    """A piece of a page: the picture, the words beside it, who waits. The same for everybody."""
    found = prospect(code, clock.now()) or abort(404)
    for_everybody()
    answer = make_response(render_template("site/seats/show.html", p=found))
    answer.headers["Cache-Control"] = f"public, max-age={FRESH}"
    answer.vary.add("Accept-Language")
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
