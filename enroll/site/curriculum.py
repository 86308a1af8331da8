"""The curriculum map, its gaps, and the self-check: what a job needs, what we teach, what I lack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import SQLAlchemyError
from wtforms import RadioField, SelectChoice
from wtforms.validators import InputRequired

from enroll import clock
from enroll.catalog import mapping, tally
from enroll.catalog import queries as catalog
from enroll.catalog.coverage import Curriculum, gaps
from enroll.catalog.models import RoleGuide, Skill
from enroll.catalog.selfcheck import STANDINGS, Path, path
from enroll.db import atomically
from enroll.forms import Form
from enroll.refusal import Busy
from enroll.registrations import queries as registrations
from enroll.shelf import shared
from enroll.web import csrf

pages = Blueprint("curriculum", __name__, url_prefix="/curriculum")

WIDE = 12  # courses beside each other; with more the map has pages
GROUPS = {
    "technical": _("Technical"),
    "analytical": _("Analytical"),
    "interpersonal": _("With people"),
}
WORDS = (
    _("Nothing yet"),
    _("I have met it"),
    _("I have practised it"),
    _("I do it on my own"),
)


# ---------------------------------------------------------------- the map


@dataclass(frozen=True)
class Chosen:
    """What the reader wants to see of the map, checked: wrong choices are left out."""

    role: RoleGuide | None
    group: str | None
    course: Curriculum | None
    page: int


@pages.get("")
@shared("role", "course", "group", "page")
def index() -> str:
    """Skills by courses, or by the modules of one course; gaps below."""
    everything = catalog.skills()
    chosen = _chosen(everything)
    wanted = {skill.id for skill in chosen.role.skills} if chosen.role else None
    skills = [skill for skill in everything if wanted is None or skill.id in wanted]
    shown = [skill for skill in skills if chosen.group in (None, skill.group)]
    courses = mapping.curricula(role_id=chosen.role.id if chosen.role else None)
    return render_template(
        "site/curriculum/index.html",
        chosen=chosen,
        role_choices=[("", _("All skills")), *_role_choices()],
        group_choices=[
            ("", _("All groups")),
            *((one, GROUPS.get(one, one)) for one in grouped(everything)),
        ],
        group_words=GROUPS,
        groups=grouped(shown),
        columns=_columns(chosen, courses),
        courses=courses,
        pages_of=(len(courses) + WIDE - 1) // WIDE,
        gaps=gaps([skill.slug for skill in shown], [chosen.course] if chosen.course else courses),
        named={skill.slug: skill for skill in skills},
    )


def _chosen(skills: Sequence[Skill]) -> Chosen:
    slug, course = request.args.get("role", ""), request.args.get("course", "")
    group = request.args.get("group", "")
    found = mapping.curricula(slugs=[course]) if course else []
    return Chosen(
        role=catalog.role_guide(slug) if slug else None,
        group=group if group in {skill.group for skill in skills} else None,
        course=found[0] if found else None,
        page=max(1, request.args.get("page", 1, type=int)),
    )


def _role_choices() -> list[tuple[str, str]]:
    return [(guide.slug, guide.title) for guide in catalog.role_guides()]


def grouped(skills: Sequence[Skill]) -> dict[str, list[Skill]]:
    """Skills by group, both in the order of the skill list."""
    groups: dict[str, list[Skill]] = {}
    for skill in skills:
        groups.setdefault(skill.group, []).append(skill)
    return groups


@dataclass(frozen=True)
class Column:
    """A course, or a module of the chosen course."""

    title: str
    address: str
    cells: object


def module_columns(course: Curriculum) -> list[Column]:
    """The modules of a course beside each other."""
    address = url_for("courses.show", slug=course.slug)
    return [Column(unit.title, f"{address}#{unit.slug}", unit.cells) for unit in course.units]


def _columns(chosen: Chosen, courses: Sequence[Curriculum]) -> list[Column]:
    if chosen.course:
        return module_columns(chosen.course)
    here = {"role": chosen.role.slug if chosen.role else None, "group": chosen.group}
    first = (chosen.page - 1) * WIDE
    return [
        Column(one.title, url_for("curriculum.index", course=one.slug, **here), one.cells)
        for one in courses[first : first + WIDE]
    ]


# ---------------------------------------------------------------- the self-check


@pages.route("/check", methods=["GET", "POST"])
@csrf.exempt  # only a number grows: a foreign page could do no more than anybody who fills in the form
def check() -> ResponseReturnValue:
    """Ten questions; the answer is an address that holds nothing but the answers."""
    choices = _role_choices() or abort(404)
    role = catalog.role_guide(request.values.get("role") or choices[0][0]) or abort(404)
    form = _form(role.skills)
    if request.method == "POST" and form.validate():
        answers = {skill.slug: form[skill.slug].data for skill in role.skills}
        address = f"{request.script_root}{request.path}?{urlencode({'role': role.slug, **answers})}"
        _count({skill.id: int(answers[skill.slug]) for skill in role.skills})
        return redirect(address, 303)
    has_answers = any(skill.slug in request.args for skill in role.skills)
    if request.method == "GET" and has_answers and form.validate():
        return _result(role, {skill.slug: int(form[skill.slug].data) for skill in role.skills})
    asked_again = request.method == "POST" or has_answers
    page = render_template("site/curriculum/check.html", role=role, role_choices=choices, form=form)
    return page, 422 if asked_again else 200


def _count(standing: dict[int, int]) -> None:
    """Add to the tally of skills. A count that is lost is lost: nobody's check fails for it."""
    try:
        atomically(tally.count_check, standing=standing, now=clock.now())
    except (Busy, SQLAlchemyError) as error:
        current_app.logger.warning("a self-check was not counted: %s", type(error).__name__)


def _form(skills: Sequence[Skill]) -> Form:
    """One question for each skill, filled with what the request brings. No token: nobody is kept."""

    class CheckForm(Form):
        pass

    choices = [SelectChoice(str(number), WORDS[number]) for number in STANDINGS]
    for skill in skills:
        question = RadioField(
            skill.name,
            [InputRequired(_("Choose where you are in: %(skill)s.", skill=skill.name))],
            choices=choices,
        )
        setattr(CheckForm, skill.slug, question)
    return CheckForm(request.values, meta={"csrf": False})


def _result(role: RoleGuide, standing: dict[str, int]) -> str:
    courses = mapping.curricula(role_id=role.id)
    slugs = [skill.slug for skill in role.skills]
    way: Path = path(slugs, standing, courses)
    steps = [step.course.slug for step in way.steps]
    ids = {course.slug: course.id for course in role.courses}
    coming = registrations.joinable(clock.now(), [ids[slug] for slug in steps if slug in ids])
    soonest: dict[str, registrations.Prospect] = {}
    for met in sorted(coming, key=lambda met: (not met.seats_left, met.batch.starts_on)):
        if met.window.takes_people:
            soonest.setdefault(met.batch.course.slug, met)
    return render_template(
        "site/curriculum/result.html",
        role=role,
        standing=standing,
        way=way,
        soonest=soonest,
        missing=set(way.missing(slugs)),
        words=WORDS,
        again=f"{request.script_root}{request.path}?role={role.slug}",
    )
