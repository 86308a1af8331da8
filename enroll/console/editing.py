"""Planning a batch: a new one for a course, and every change with a look at who is told what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches import planning
from enroll.batches.copying import next_code
from enroll.batches.facts import batch_facts
from enroll.batches.models import Batch
from enroll.batches.planning import CodeTaken, Plan
from enroll.batches.queries import find_batch
from enroll.batches.states import BatchState
from enroll.catalog.models import Course
from enroll.console import queries
from enroll.console.batch_form import NewForm, PlanForm, filled
from enroll.console.guard import needs
from enroll.console.words import why_not
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.mail.rendering import preview
from enroll.refusal import Refused
from enroll.registrations import altering, letters
from enroll.web import csrf

pages = Blueprint("editing", __name__, url_prefix="/staff/batches")

ZONE = "Asia/Kolkata"  # of the first batch; later ones are like the latest of the course


@pages.get("/new")
@needs(Duty.PLAN)
def choose() -> str:
    """Which course, and like which batch."""
    courses = db.session.scalars(sa.select(Course).order_by(Course.position, Course.id)).all()
    latest: dict[int, list[Batch]] = {}
    for batch in db.session.scalars(sa.select(Batch).order_by(Batch.starts_on.desc())):
        if len(latest.setdefault(batch.course_id, [])) < 4:
            latest[batch.course_id].append(batch)
    return render_template("console/editing/choose.html", courses=courses, latest=latest)


@pages.route("/new/<slug>", methods=["GET", "POST"])
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def new(slug: str) -> ResponseReturnValue:
    """A batch of this course from nothing."""
    course = db.session.scalar(sa.select(Course).where(Course.slug == slug)) or abort(404)
    if request.method == "GET":
        return _new_page(course, NewForm(formdata=None, **_proposed(course)))
    form = NewForm()
    if not form.validate_on_submit():
        return _new_page(course, form), 422
    plan = Plan(
        code=form.code.data, course_id=course.id, capacity=form.capacity.data, **form.values()
    )
    try:
        batch = atomically(planning.plan_batch, plan=plan)
    except CodeTaken:
        form.code.errors = [gettext("Another batch has this code.")]
        return _new_page(course, form), 409
    flash(gettext("The draft is made. Nobody sees it before it goes live."), "done")
    return redirect(url_for("pattern.show", code=batch.code), 303)


@pages.get("/<code>/edit")
@needs(Duty.PLAN)
def edit(code: str) -> str:
    """Everything about a batch but its sessions."""
    batch = _found(code)
    capacity, _taken = queries.seats(batch.id)
    return _edit_page(batch, PlanForm(formdata=None, **filled(batch, capacity)))


@pages.post("/<code>/edit")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def save(code: str) -> ResponseReturnValue:
    """A draft is saved; of a public batch the changes are shown first, with who is told what."""
    batch, form = _found(code), PlanForm()
    if not form.validate_on_submit():
        return _edit_page(batch, form), 422
    seen = int(form.version.data) if (form.version.data or "").isdecimal() else 0
    if batch.state is BatchState.CALLED_OFF:
        return _edit_page(batch, form, gettext("It was called off. Nothing was changed.")), 409
    is_draft = batch.state is BatchState.DRAFT
    if not is_draft and not form.sure.data:
        return _summary(batch, form)
    try:
        told = atomically(_save_draft if is_draft else _save, batch=batch.id, seen=seen, form=form)
    except planning.Changed:
        refusal = gettext(
            "A colleague has changed this batch meanwhile. What you typed is still here; below is"
            " what it would change now. Save again if you mean it."
        )
        return _again(_found(code), form, refusal), 409
    except Refused as no:
        return _edit_page(_found(code), form, _why_not(no)), 409
    flash(_saved(told), "done")
    return redirect(url_for("planning.show", code=code), 303)


def _save_draft(*, batch: int, seen: int, form: PlanForm) -> int:
    planning.change_draft(
        batch_id=batch, seen=seen, values=form.values(), capacity=form.capacity.data
    )
    return 0


def _save(*, batch: int, seen: int, form: PlanForm) -> int:
    return altering.alter(batch_id=batch, seen=seen, values=form.values(), now=clock.now())


def _saved(told: int) -> str:
    if not told:
        return gettext("Saved. Nobody is written to.")
    return ngettext(
        "Saved. %(num)s person is written to.", "Saved. %(num)s people are written to.", told
    )


def _why_not(refusal: Refused) -> str:
    if isinstance(refusal, altering.NoTime):
        return gettext(
            "Registration has to open before it closes, and close before the batch begins."
            " Nothing was changed."
        )
    if isinstance(refusal, planning.NoDraft):
        return gettext("The batch went public meanwhile. Nothing was changed: look at it again.")
    return why_not(refusal)


# ---------------------------------------------------------------- pages


def _summary(batch: Batch, form: PlanForm, refusal: str | None = None) -> ResponseReturnValue:
    values = {name: it for name, it in form.values().items() if name not in altering.FIXED}
    names = altering.differences(batch, values)
    people = altering.count_enrolled(batch.id) if altering.is_told(names) else 0
    if not names and refusal is None:
        flash(gettext("Nothing is different. Nothing was changed."), "note")
        return redirect(url_for("planning.show", code=batch.code), 303)
    return render_template(
        "console/editing/summary.html",
        batch=batch,
        form=form,
        refusal=refusal,
        changes=[(form[_field(name)].label.text, name) for name in names],
        before={name: getattr(batch, name) for name in names},
        after=values,
        told=altering.TOLD,
        people=people,
        letter=preview(_letter(batch, values, names)) if people else None,
    )


def _letter(batch: Batch, values: Mapping[str, Any], changed: list[str]) -> Letter:
    """What the enrolled are told, as the first of them would read it."""
    one = altering.first_enrolled(batch.id)
    facts = batch_facts(batch.id)
    facts = facts._replace(
        **{name: values[name] for name in altering.TOLD}, sequence=facts.sequence + 1
    )
    context = {
        "name": one.name,
        "token": "…",
        "deadline_at": None,
        "changed": [name for name in altering.TOLD if name in changed],
        "batch": letters.snapshot(facts),
        "calendar": letters.sessions_part(facts, address=current_app.config["BASE_URL"]),
    }
    return Letter(
        kind=letters.BATCH_CHANGED, language=one.language, subscription="", context=context
    )


def _again(batch: Batch, form: PlanForm, refusal: str) -> ResponseReturnValue:
    """The colleague's version was seen by being told of it: the next press means it."""
    form.version.data, form.version.raw_data = str(batch.version), [str(batch.version)]
    form.sure.data, form.sure.raw_data = "", [""]
    if batch.state is BatchState.DRAFT:
        return _edit_page(batch, form, refusal)
    return _summary(batch, form, refusal)


def _field(name: str) -> str:
    return "fee" if name == "fee_minor" else name


def _edit_page(batch: Batch, form: PlanForm, refusal: str | None = None) -> str:
    return render_template(
        "console/editing/edit.html",
        batch=batch,
        form=form,
        refusal=refusal,
        is_draft=batch.state is BatchState.DRAFT,
    )


def _new_page(course: Course, form: NewForm) -> str:
    return render_template("console/editing/new.html", course=course, form=form)


def _proposed(course: Course) -> dict[str, Any]:
    """What a new batch of this course most likely is: like the latest, eight weeks from now."""
    latest = db.session.scalars(
        sa.select(Batch).where(Batch.course_id == course.id).order_by(Batch.starts_on.desc())
    ).first()
    today = clock.now().date()
    starts_on = today + timedelta(days=56 + (-today.weekday()) % 7)
    noon = datetime.combine(starts_on, datetime.min.time()).replace(hour=18)
    found: dict[str, Any] = {
        "title": course.title,
        "zone": ZONE,
        "language": "en",
        "hold_hours": 24,
        "offer_hours": 48,
        "capacity": 12,
    }
    if latest is not None:
        capacity, _taken = queries.seats(latest.id)
        found |= filled(latest, capacity) | {"join_link": "", "answer_on": None}
    weeks = timedelta(weeks=course.weeks)
    return found | {
        "code": next_code(latest.code if latest else course.slug[:30]),
        "starts_on": starts_on,
        "ends_on": starts_on + weeks - timedelta(days=1),
        "opens_at": datetime.combine(today, datetime.min.time()).replace(hour=9),
        "closes_at": noon - timedelta(days=3),
        "decide_on": starts_on - timedelta(days=7) if found.get("minimum") else None,
        "version": "0",
    }


def _found(code: str) -> Batch:
    return find_batch(code) or abort(404)
