"""Role guides and skills: what a job needs, who teaches it, and which batches lead there."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from enroll import clock
from enroll.catalog import queries as catalog
from enroll.catalog.documents import FIGURES, Kind
from enroll.moments import day
from enroll.registrations import queries as registrations
from enroll.shelf import shared
from enroll.site import structured
from enroll.site.curriculum import grouped
from enroll.site.talk import under

pages = Blueprint("guides", __name__)

SHOWN = 3  # batches below the guide


@pages.get("/roles/<slug>")
@shared("comments", "order")
def show(slug: str) -> ResponseReturnValue:
    guide = catalog.role_guide(slug)
    if guide is None:
        return redirect(
            url_for("guides.show", slug=catalog.renamed(Kind.ROLE, slug) or abort(404)), 301
        )
    courses = [course.id for course in guide.courses]
    placed = {section.get("figure") for section in guide.sections}
    return render_template(
        "site/guides/show.html",
        guide=guide,
        groups=grouped(guide.skills),
        taught=catalog.taught([skill.id for skill in guide.skills]),
        loose_figures=[name for name in FIGURES if name not in placed and getattr(guide, name)],
        related=catalog.guides_named(guide.related),
        prospects=registrations.joinable(clock.now(), courses)[:SHOWN],
        structured=structured.occupation(guide),
        **under(f"/roles/{slug}"),
    )


@pages.get("/skills/<slug>")
@shared()
def skill(slug: str) -> str:
    found = catalog.skill(slug) or abort(404)
    return render_template(
        "site/guides/skill.html",
        skill=found,
        cells=catalog.modules_teaching(found.id),
        structured=structured.skill(found),
    )


@pages.app_template_filter()
def iso_day(text: str) -> str:
    """A date written as in ISO 8601, in the reader's language."""
    return day(date.fromisoformat(text))
