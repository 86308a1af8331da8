"""Courses and their curriculum: modules in order, what they cover, the coming batches."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from enroll import clock
from enroll.catalog import queries as catalog
from enroll.catalog.documents import Kind
from enroll.catalog.mapping import of_course
from enroll.catalog.models import Course, Skill
from enroll.catalog.wording import level_words
from enroll.registrations import queries as registrations
from enroll.shelf import shared
from enroll.site import structured
from enroll.site.curriculum import GROUPS, grouped, module_columns
from enroll.site.talk import under

pages = Blueprint("courses", __name__, url_prefix="/courses")


@pages.get("")
@shared()
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
@shared("comments", "order")
def show(slug: str) -> ResponseReturnValue:
    course = catalog.course(slug)
    if course is None:
        return redirect(
            url_for("courses.show", slug=catalog.renamed(Kind.COURSE, slug) or abort(404)), 301
        )
    prospects = registrations.coming(clock.now(), [course.id])
    return render_template(
        "site/courses/show.html",
        course=course,
        level_words=level_words(course.level),
        required=catalog.courses_named(course.requires),
        groups=grouped(_skills(course)),
        group_words=GROUPS,
        columns=module_columns(of_course(course)),
        prospects=prospects,
        structured=structured.course(course, prospects),
        **under(f"/courses/{slug}"),
    )


def _skills(course: Course) -> list[Skill]:
    """The skills that any module of the course treats, in the order of the skill list."""
    found = {cell.skill.slug: cell.skill for one in course.modules for cell in one.coverage}
    return sorted(found.values(), key=lambda skill: skill.position)
