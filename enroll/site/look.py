"""What an institute's pages look like beyond ours: its colours as a style sheet, its logo."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, request

from enroll.web import for_everybody, institute_sheet

pages = Blueprint("look", __name__)

# Opened by itself, an SVG is a document: it may style itself and do nothing else.
STILL = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@pages.get("/institute.css")
def style() -> Response:
    """The tokens with colours made from the accent; 404 while the colours are ours."""
    palette = current_app.config["PALETTE"] or abort(404)
    text, digest = institute_sheet(palette.style)
    return _kept(Response(text, mimetype="text/css"), digest)


@pages.get("/logo.<any(svg, png):kind>")
def logo(kind: str) -> Response:
    """The institute's logo; 404 while the mark is ours."""
    found = current_app.config["LOGO_READ"]
    if found is None or found.kind != kind:
        abort(404)
    mimetype = "image/svg+xml" if kind == "svg" else "image/png"
    answer = Response(found.data, mimetype=mimetype)
    answer.headers["Content-Security-Policy"] = STILL
    return _kept(answer, found.digest)


def _kept(answer: Response, digest: str) -> Response:
    """For ever under the address with its own mark; under any other one just for now."""
    for_everybody()
    is_own = request.args.get("v") == digest
    answer.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if is_own else "public, max-age=60"
    )
    return answer
