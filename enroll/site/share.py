"""The pictures that links to our pages are shown with: what each says, and where it is.

Others keep them for days, so they say what stays true: never how many seats are left.
"""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, abort, current_app, request
from flask_babel import format_date
from flask_babel import gettext as _

from enroll.batches.models import Batch
from enroll.batches.queries import listing
from enroll.catalog import queries as catalog
from enroll.catalog.models import Course, RoleGuide
from enroll.languages import root
from enroll.site.drawing import Day, Look, Words, draw
from enroll.web import for_everybody

pages = Blueprint("share", __name__)
DAY = 86_400


@pages.get("/share.png")
def home() -> Response:
    return _answer(_of_home())


@pages.get("/roles/<slug>/share.png")
def role(slug: str) -> Response:
    return _answer(_of_guide(catalog.role_guide(slug) or abort(404)))


@pages.get("/courses/<slug>/share.png")
def course(slug: str) -> Response:
    return _answer(_of_course(catalog.course(slug) or abort(404)))


@pages.get("/batches/<code>/share.png")
def batch(code: str) -> Response:
    return _answer(_of_batch((listing(code) or abort(404)).batch))


@pages.app_template_global()
def picture_of(thing: Batch | Course | RoleGuide | None = None) -> str:
    """The address of a page's picture; it changes with what the picture says."""
    if isinstance(thing, Batch):
        path, words = f"/batches/{thing.code}", _of_batch(thing)
    elif isinstance(thing, Course):
        path, words = f"/courses/{thing.slug}", _of_course(thing)
    elif isinstance(thing, RoleGuide):
        path, words = f"/roles/{thing.slug}", _of_guide(thing)
    else:
        path, words = "", _of_home()
    return f"{root()}{path}/share.png?v={_version(words)}"


def _answer(words: Words) -> Response:
    for_everybody()
    answer = Response(draw(words), mimetype="image/png")
    answer.set_etag(_version(words))
    answer.headers["Cache-Control"] = f"public, max-age={DAY}"
    return answer.make_conditional(request)


def _version(words: Words) -> str:
    return hashlib.sha256(repr(words).encode()).hexdigest()[:12]


def _of_home() -> Words:
    title = _("A way into IT, from wherever you are now")
    return _words("", title, "", (_("Courses in dated batches. No account needed."),))


def _of_guide(guide: RoleGuide) -> Words:
    below = _("What the job is, what it pays, and the skills it asks for")
    return _words(_("Role guide"), guide.title, guide.slug, (below,))


def _of_course(course: Course) -> Words:
    below = _(
        "%(weeks)s weeks, %(hours)s hours a week", weeks=course.weeks, hours=course.hours_per_week
    )
    return _words(_("Course"), course.title, course.slug, (below,))


def _of_batch(batch: Batch) -> Words:
    day = Day(
        format_date(batch.starts_on, "MMM"),
        format_date(batch.starts_on, "d"),
        format_date(batch.starts_on, "y"),
    )
    until = f"{format_date(batch.starts_on, 'long')} – {format_date(batch.ends_on, 'long')}"
    where = batch.place if batch.place and not batch.is_online else _("Online")
    below = tuple(one for one in (batch.rhythm, until, where) if one)
    return _words(batch.course.title, batch.title, batch.code, below, day)


def _words(
    kind: str, title: str, plain: str, below: tuple[str, ...], day: Day | None = None
) -> Words:
    palette = current_app.config["PALETTE"]
    look = Look()
    if palette:
        look = Look(palette.light["pine"], palette.light["on-pine-soft"])
    name = current_app.config["INSTITUTE_NAME"]
    return Words(name, kind, title, plain or name, below, day, look)
