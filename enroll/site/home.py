"""The first page: the next batches, whom we teach and what, how registering works."""

from __future__ import annotations

from flask import Blueprint, render_template

from enroll import clock
from enroll.catalog import queries as catalog
from enroll.registrations import queries as registrations
from enroll.shelf import shared
from enroll.site import structured

pages = Blueprint("home", __name__)

SHOWN = 3  # batches on the first page; the rest is one link away


@pages.get("/")
@shared()
def index() -> str:
    coming = registrations.joinable(clock.now())
    soonest: dict[int, registrations.Prospect] = {}
    for prospect in coming:
        soonest.setdefault(prospect.batch.course_id, prospect)
    open_first = sorted(coming, key=lambda prospect: not prospect.window.takes_people)
    return render_template(
        "site/home/index.html",
        prospects=open_first[:SHOWN],
        total=len(coming),
        soonest=soonest,
        courses=catalog.courses(),
        guides=catalog.role_guides(),
        structured=structured.site(),
    )
