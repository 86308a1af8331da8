"""The map of the site for search engines: every page worth finding, and when it last changed.

A date is given where the database knows it: words published, a comment, a plan changed, a registration
that opened or closed. Seats left change a page all day; that makes it no other page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from enroll import clock
from enroll.accounts.activity import last_done
from enroll.batches.models import Batch
from enroll.catalog import queries as catalog
from enroll.catalog.documents import Kind
from enroll.comments import queries as comments
from enroll.registrations.queries import coming

pages = Blueprint("sitemap", __name__)

# What staff do that changes the public page of a batch.
PLANS = (
    "editing.save",
    "planning.go_live",
    "planning.close",
    "planning.reopen",
    "sessions.change",
    "steering.run",
    "steering.call_off_now",
    "dates.shift_now",
)


class Entry(NamedTuple):
    """One page of ours; `changed_at` is when it last said something else, if we know."""

    path: str
    changed_at: datetime | None = None


@pages.get("/sitemap.xml")
def index() -> ResponseReturnValue:
    """Every public page that may be found (sitemaps.org, 0.9)."""
    text = render_template(
        "site/sitemap/index.xml", entries=entries(clock.now()), base=current_app.config["BASE_URL"]
    )
    return Response(text, mimetype="application/xml")


def entries(now: datetime) -> list[Entry]:
    """The pages below the lists, then the lists, which change with each of theirs."""
    words, said = catalog.last_published(), comments.last_published()
    skills = words.get((Kind.SKILLS, Kind.SKILLS.value))

    def page(kind: Kind, path: str, slug: str) -> Entry:
        return Entry(path, _latest([words.get((kind, slug)), said.get(path), skills]))

    guides = [page(Kind.ROLE, f"/roles/{one.slug}", one.slug) for one in catalog.role_guides()]
    courses = [page(Kind.COURSE, f"/courses/{one.slug}", one.slug) for one in catalog.courses()]
    planned = _planned(last_done(PLANS))
    batches = [_batch(one.batch, planned, words, said, now) for one in coming(now)]
    taught = _latest(one.changed_at for one in courses)
    dated = _latest(one.changed_at for one in batches)
    return [
        Entry("/", _latest([taught, dated, *(one.changed_at for one in guides)])),
        Entry("/courses", _latest([taught, dated])),
        Entry("/batches", dated),
        Entry("/curriculum", _latest([taught, skills])),
        Entry("/curriculum/check", _latest([taught, skills])),
        Entry("/privacy"),
        *guides,
        *(Entry(f"/skills/{one.slug}", _latest([skills, taught])) for one in catalog.skills()),
        *courses,
        *batches,
    ]


def _batch(
    batch: Batch,
    planned: Mapping[str, datetime],
    words: Mapping[tuple[Kind, str], datetime],
    said: Mapping[str, datetime],
    now: datetime,
) -> Entry:
    path = f"/batches/{batch.code}"
    turns = [at for at in (batch.opens_at, batch.closes_at) if at <= now]
    course = words.get((Kind.COURSE, batch.course.slug))
    return Entry(path, _latest([*turns, planned.get(batch.code), said.get(path), course]))


def _planned(done: Mapping[str, datetime]) -> dict[str, datetime]:
    """When each batch's plan was last changed, by its code, from addresses like batches/<code>/edit."""
    found: dict[str, datetime] = {}
    for address, at in done.items():
        code = address.split("/")[1]
        found[code] = max(at, found.get(code, at))
    return found


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in moments if at), default=None)
