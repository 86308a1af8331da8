"""The sessions of a draft: made from a weekly pattern, looked at, added and taken off one by one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from enroll.accounts.duties import Duty
from enroll.batches import planning
from enroll.batches.clashing import Clash, Need, clashes, foreseen
from enroll.batches.models import Batch
from enroll.batches.queries import find_batch, with_sessions
from enroll.batches.recurrence import meetings
from enroll.batches.states import BatchState
from enroll.console.guard import needs
from enroll.console.pattern_form import OneForm, PatternForm
from enroll.console.planning import calendar_of
from enroll.db import atomically
from enroll.refusal import Refused
from enroll.web import csrf

pages = Blueprint("pattern", __name__, url_prefix="/staff/batches")


class Meeting(NamedTuple):
    """A session that is only thought of."""

    starts_at: datetime
    ends_at: datetime
    topic: str


class Foreseen(NamedTuple):
    """What a pattern would make."""

    sessions: list[Meeting]
    left_out: list[tuple[date, str]]
    clashes: list[Clash]


@pages.get("/<code>/pattern")
@needs(Duty.PLAN)
def show(code: str) -> str:
    """The sessions there are, and the forms for more."""
    (batch,) = with_sessions([_found(code).id])
    topics = [one.topic for one in batch.sessions]
    form = PatternForm(
        formdata=None,
        first_on=batch.starts_on,
        topics="\n".join(topics) if any(topics) else "",
        version=str(batch.version),
    )
    return _page(batch, form)


@pages.post("/<code>/pattern")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def make(code: str) -> ResponseReturnValue:
    """Show what the pattern makes, or keep it."""
    batch, form = _found(code), PatternForm()
    if not form.validate_on_submit():
        return _page(batch, form), 422
    found = meetings(form.pattern(), batch.tz)
    if not found:
        form.until.errors = [gettext("This pattern makes no session.")]
        return _page(batch, form), 422
    if form.look.data:
        return _page(batch, form, made=_foresee(batch, form, found))
    try:
        made = atomically(
            planning.plan_sessions,
            batch_id=batch.id,
            seen=_seen(form),
            meetings=found,
            replaces=form.replaces.data,
            topics=form.lines(),
        )
    except Refused as refusal:
        form.version.raw_data = [str(_found(code).version)]
        return _page(_found(code), form, refusal=_why_not(refusal)), 409
    flash(ngettext("%(num)s session is made.", "%(num)s sessions are made.", made), "done")
    if made < len(found):
        left = len(found) - made
        flash(
            ngettext(
                "%(num)s session had been there already.",
                "%(num)s sessions had been there already.",
                left,
            ),
            "note",
        )
    return redirect(url_for("planning.show", code=code), 303)


@pages.post("/<code>/pattern/add")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def add(code: str) -> ResponseReturnValue:
    """One more session of the draft."""
    batch, one = _found(code), OneForm()
    if not one.validate_on_submit():
        return _page(batch, one=one), 422
    try:
        made = atomically(
            planning.plan_sessions,
            batch_id=batch.id,
            seen=_seen(one),
            meetings=meetings(one.pattern(), batch.tz),
            replaces=False,
            topics=[one.topic.data or ""],
        )
    except Refused as refusal:
        one.version.raw_data = [str(_found(code).version)]
        return _page(_found(code), one=one, refusal=_why_not(refusal)), 409
    if made:
        flash(gettext("The session is added."), "done")
    else:
        flash(gettext("A session that begins at this hour had been there already."), "note")
    return redirect(url_for("pattern.show", code=code, _anchor="there"), 303)


@pages.post("/<code>/pattern/<int:number>/remove")
@needs(Duty.PLAN)
def remove(code: str, number: int) -> ResponseReturnValue:
    """Take one session off the draft."""
    batch = _found(code)
    (batch,) = with_sessions([batch.id])
    if number not in {one.id for one in batch.sessions}:
        abort(404)
    try:
        there = atomically(planning.remove_session, batch_id=batch.id, session_id=number)
    except Refused as refusal:
        return _page(_found(code), refusal=_why_not(refusal)), 409
    if not there:
        abort(404)
    flash(gettext("The session is taken off."), "done")
    return redirect(url_for("pattern.show", code=code, _anchor="there"), 303)


def _foresee(batch: Batch, form: PatternForm, found: list[tuple[datetime, datetime]]) -> Foreseen:
    """What the pattern makes, the days it would have had, and what it clashes with."""
    topics = form.lines() + [""] * len(found)
    pattern, last = form.pattern(), found[-1][0].astimezone(batch.tz).date()
    left_out = [
        (on, name)
        for on, name in sorted(form.holidays().items())
        if on.weekday() in pattern.weekdays and pattern.first_on <= on <= (pattern.until or last)
    ]
    need = Need(batch.teacher, batch.place, batch.is_online)
    return Foreseen(
        [Meeting(*held, topic) for held, topic in zip(found, topics, strict=False)],
        left_out,
        foreseen(found, need, besides=batch.id),
    )


def _seen(form: PatternForm | OneForm) -> int:
    return int(form.version.data) if (form.version.data or "").isdecimal() else 0


def _why_not(refusal: Refused) -> str:
    if isinstance(refusal, planning.Changed):
        return gettext(
            "A colleague has changed this batch meanwhile. What you typed is still here: look at the"
            " sessions below and press again if you mean it."
        )
    return gettext(
        "This batch is public: its sessions are changed one by one, so that everybody is told."
        " Nothing was changed."
    )


def _page(
    batch: Batch,
    form: PatternForm | None = None,
    *,
    one: OneForm | None = None,
    made: Foreseen | None = None,
    refusal: str | None = None,
) -> str:
    (batch,) = with_sessions([batch.id])
    clashing = clashes(batch.id)
    version = str(batch.version)
    context: dict[str, Any] = {
        "batch": batch,
        "form": form or PatternForm(formdata=None, first_on=batch.starts_on, version=version),
        "one": one or OneForm(formdata=None, version=version),
        "made": made,
        "refusal": refusal,
        "clashes": clashing,
        "months": calendar_of(batch, clashing),
        "is_draft": batch.state is BatchState.DRAFT,
    }
    return render_template("console/pattern/show.html", **context)


def _found(code: str) -> Batch:
    return find_batch(code) or abort(404)
