"""Sessions: one of them is moved, cancelled or given to somebody else, in a minute, from a phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_security import current_user
from wtforms import DateTimeLocalField, Field, HiddenField, StringField, TimeField, ValidationError
from wtforms.validators import InputRequired, Length

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.facts import batch_facts
from enroll.batches.models import Batch, BatchSession
from enroll.batches.planning import Changed
from enroll.batches.queries import find_batch, with_sessions
from enroll.console import queries
from enroll.console.batch_form import local
from enroll.console.guard import needs
from enroll.console.words import why_not
from enroll.db import atomically, db
from enroll.forms import Form, OneLine
from enroll.mail.models import Letter
from enroll.mail.rendering import preview
from enroll.refusal import Refused
from enroll.registrations import letters, sessions
from enroll.registrations.models import Registration
from enroll.registrations.notices import Change
from enroll.registrations.sessions import Wanted
from enroll.web import csrf

pages = Blueprint("sessions", __name__, url_prefix="/staff/batches")

WAYS = {"move": Change.MOVED, "cancel": Change.CANCELLED, "staff": Change.STAFFED}


class ChangeForm(Form):
    """What every change sends along: which version was seen, and that the summary was."""

    seen = HiddenField()
    sure = HiddenField()


class MoveForm(ChangeForm):
    """Another day and other hours, in the batch's zone."""

    begins = DateTimeLocalField(
        _("New day and hour"), [InputRequired(_("Enter the new day and hour."))]
    )
    ends = TimeField(_("Until"), [InputRequired(_("Enter until when it lasts."))])

    def validate_ends(self, field: Field) -> None:
        """A session lasts some time."""
        if self.begins.data and field.data == self.begins.data.time():
            raise ValidationError(gettext("It would end when it begins."))


class StaffForm(ChangeForm):
    """Another teacher or room for this session alone."""

    teacher = StringField(_("Teacher of this session"), [Length(max=120), OneLine()])
    place = StringField(_("Place or room of this session"), [Length(max=200), OneLine()])


FORMS = {"move": MoveForm, "cancel": ChangeForm, "staff": StaffForm}


@pages.get("/<code>/sessions")
@needs(Duty.PLAN)
def index(code: str) -> str:
    """All sessions with what can be done about each, and the telephone lists."""
    (batch,) = with_sessions([_batch(code).id])
    return render_template(
        "console/sessions/index.html",
        batch=batch,
        now=clock.now(),
        lists=sessions.progress(batch.id),
        is_on=batch_facts(batch.id).is_on,
    )


@pages.get("/<code>/sessions/<int:number>")
@needs(Duty.PLAN)
def show(code: str, number: int) -> str:
    """One session: move it, cancel it, or give it to somebody else."""
    batch = _batch(code)
    session = _session(batch, number)
    return render_template(
        "console/sessions/show.html",
        batch=batch,
        session=session,
        may_change=_may_change(batch, session),
    )


@pages.route(
    "/<code>/sessions/<int:number>/<any(move, cancel, staff):what>", methods=["GET", "POST"]
)
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def change(code: str, number: int, what: str) -> ResponseReturnValue:
    """First the form, then what everybody will read, then it is done."""
    batch = _batch(code)
    session = _session(batch, number)
    if request.method == "GET":
        return _form_page(
            batch, session, what, FORMS[what](formdata=None, **_filled(batch, session))
        )
    form = FORMS[what]()
    if not form.validate_on_submit():
        return _form_page(batch, session, what, form), 422
    wanted = _wanted(batch, session, what, form)
    if not form.sure.data:
        return _summary(batch, session, what, form, wanted)
    seen = int(form.seen.data) if (form.seen.data or "").isdecimal() else -1
    try:
        notice = atomically(
            sessions.change_session,
            batch_id=batch.id,
            session_id=session.id,
            seen=seen,
            wanted=wanted,
            by=f"staff {current_user.id}",
            now=clock.now(),
        )
    except Refused as refusal:
        batch = _batch(code)
        session = _session(batch, number)
        form.seen.raw_data, form.sure.raw_data = [str(session.sequence)], [""]
        return _form_page(batch, session, what, form, _why_not(refusal)), 409
    if notice is None:
        flash(gettext("Nothing is different. Nobody is written to."), "note")
        return redirect(url_for("sessions.show", code=code, number=number), 303)
    people = len(sessions.calls(notice.id))
    flash(_told(people), "done")
    return redirect(url_for("session_calls.show", code=code, number=notice.id), 303)


# ---------------------------------------------------------------- the means


def _wanted(batch: Batch, session: BatchSession, what: str, form: Any) -> Wanted:
    if what != "move":
        teacher, place = (form.teacher.data, form.place.data) if what == "staff" else ("", "")
        # What is the batch's own needs no word here.
        teacher = "" if teacher == batch.teacher else teacher
        place = "" if place == batch.place else place
        return Wanted(WAYS[what], session.starts_at, session.ends_at, teacher, place)
    begins = form.begins.data
    ends = datetime.combine(begins.date(), form.ends.data)
    ends += timedelta(days=1) if ends < begins else timedelta()
    zone = batch.tz
    return Wanted(Change.MOVED, begins.replace(tzinfo=zone), ends.replace(tzinfo=zone))


def _summary(
    batch: Batch, session: BatchSession, what: str, form: ChangeForm, wanted: Wanted
) -> str:
    """Who is told what, in the letter's own words; nothing is saved."""
    people = sessions.enrolled(batch.id)
    return render_template(
        "console/sessions/summary.html",
        batch=batch,
        session=session,
        what=what,
        form=form,
        wanted=wanted,
        people=people,
        letter=preview(_letter(batch, session, wanted, people)),
    )


def _letter(
    batch: Batch, session: BatchSession, wanted: Wanted, people: Sequence[Registration]
) -> Letter:
    """The letter as the first of them would read it."""
    staffed = wanted.kind is Change.STAFFED
    changed = BatchSession(
        id=session.id,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        topic=session.topic,
        teacher=wanted.teacher if staffed else session.teacher,
        place=wanted.place if staffed else session.place,
        sequence=session.sequence + 1,
    )
    facts = batch_facts(batch.id)
    was = {"starts_at": session.starts_at.isoformat(), "topic": session.topic}
    return Letter(
        kind=letters.SESSION_CHANGED,
        language=people[0].language if people else "en",
        subscription="",
        context={
            "name": people[0].name if people else "",
            "token": "…",
            "batch": letters.snapshot(facts),
            **sessions.letter_context(changed, wanted.kind, was, facts),
        },
    )


def _form_page(
    batch: Batch, session: BatchSession, what: str, form: Any, refusal: str | None = None
) -> str:
    return render_template(
        "console/sessions/change.html",
        batch=batch,
        session=session,
        what=what,
        form=form,
        refusal=refusal,
        people=len(sessions.enrolled(batch.id)),
        may_change=_may_change(batch, session),
    )


def _filled(batch: Batch, session: BatchSession) -> dict[str, Any]:
    return {
        "seen": str(session.sequence),
        "begins": local(session.starts_at, batch.tz),
        "ends": local(session.ends_at, batch.tz).time(),
        "teacher": session.teacher or batch.teacher,
        "place": session.place or batch.place,
    }


def _may_change(batch: Batch, session: BatchSession) -> bool:
    return (
        batch_facts(batch.id).is_on
        and session.cancelled_at is None
        and session.starts_at > clock.now()
    )


def _told(people: int) -> str:
    if not people:
        return gettext("Saved. Nobody is enrolled yet, so nobody is written to.")
    return ngettext(
        "Saved. %(num)s person is written to; telephone whoever has to know today.",
        "Saved. %(num)s people are written to; telephone whoever has to know today.",
        people,
    )


def _why_not(refusal: Refused) -> str:
    if isinstance(refusal, Changed):
        return gettext(
            "A colleague has changed this session meanwhile. What you typed is still here: look at how"
            " it is now, and save again if you mean it."
        )
    if isinstance(refusal, sessions.SessionOver):
        return gettext("This session has begun, or does not take place. Nothing was changed.")
    if isinstance(refusal, sessions.NoSuchTime):
        return gettext("A session cannot begin in the past. Nothing was changed.")
    return why_not(refusal)


def _batch(code: str) -> Batch:
    return find_batch(code) or abort(404)


def _session(batch: Batch, number: int) -> BatchSession:
    found = db.session.get(BatchSession, number) if number <= queries.LARGEST else None
    if found is None or found.batch_id != batch.id:
        abort(404)
    return found
