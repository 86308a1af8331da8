"""Courses and their curriculum: modules in order, what they cover, the coming batches."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from enroll import clock
from enroll.catalog import queries as catalog
from enroll.catalog.coverage import Level
from enroll.registrations import queries as registrations
from enroll.site import structured

pages = Blueprint("courses", __name__, url_prefix="/courses")


@pages.get("")
def index() -> str:
    soonest: dict[int, registrations.Prospect] = {}
    for prospect in registrations.joinable(clock.now()):
        soonest.setdefault(prospect.batch.course_id, prospect)
    courses = catalog.courses()
    return render_template(
        "site/courses/index.html",
        courses=courses,
        soonest=soonest,
        structured=structured.course_list(courses),
    )


@pages.get("/<slug>")
def show(slug: str) -> str:
    course = catalog.course(slug) or abort(404)
    prospects = registrations.coming(clock.now(), [course.id])
    return render_template(
        "site/courses/show.html",
        course=course,
        required=catalog.courses_named(course.requires),
        heat=catalog.heat(course.modules),
        levels=list(Level),
        prospects=prospects,
        structured=structured.course(course, prospects),
    )
