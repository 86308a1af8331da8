"""The curriculum map as it will be once every draft is published, with what is odd about it."""

from __future__ import annotations

from flask import Blueprint, render_template

from enroll.accounts.duties import Duty
from enroll.catalog import mapping
from enroll.catalog.coverage import Curriculum, Flaw, gaps, summary, warnings
from enroll.catalog.queries import skills
from enroll.console.guard import needs

pages = Blueprint("drafted", __name__, url_prefix="/staff/curriculum")


@pages.get("")
@needs(Duty.PLAN)
def show() -> str:
    """Skills by courses, drafts in place of what is published; gaps and warnings."""
    courses = mapping.planned()
    known = skills()
    by_slug = {course.slug: course for course in courses}
    return render_template(
        "console/curriculum/show.html",
        skills=known,
        names={skill.slug: skill.name for skill in known},
        courses=courses,
        drafts=set(mapping.drafts()),
        gaps=gaps([skill.slug for skill in known], courses),
        flaws=[
            (course, skill, flaw is Flaw.NOT_INTRODUCED)
            for course in courses
            for skill, flaw in warnings(course, summary(_before(course, by_slug)))
        ],
    )


def _before(course: Curriculum, by_slug: dict[str, Curriculum]) -> list[dict]:
    """What the courses it requires teach, and those they require in turn."""
    found: dict[str, Curriculum] = {}
    wanted = list(course.requires)
    for slug in wanted:
        if slug in by_slug and slug not in found:
            found[slug] = by_slug[slug]
            wanted += by_slug[slug].requires
    return [one.cells for one in found.values()]
