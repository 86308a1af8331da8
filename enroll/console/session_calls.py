"""The telephone list of a changed session: whom to reach, and who is reached."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.models import Batch, BatchSession
from enroll.batches.queries import find_batch
from enroll.console import queries
from enroll.console.guard import needs
from enroll.console.words import LETTER_STATES
from enroll.db import atomically, db
from enroll.registrations import sessions
from enroll.registrations.notices import SessionNotice

pages = Blueprint("session_calls", __name__, url_prefix="/staff/batches")


@pages.get("/<code>/sessions/calls/<int:number>")
@needs(Duty.PLAN)
def show(code: str, number: int) -> str:
    """Everybody who was enrolled at the change, with telephone, letter and tick."""
    batch, notice = _found(code, number)
    rows = sessions.calls(notice.id)
    return render_template(
        "console/session_calls/show.html",
        batch=batch,
        notice=notice,
        session=db.session.get_one(BatchSession, notice.session_id),
        rows=rows,
        hands=queries.names_of_hands([row.call.reached_by for row in rows]),
        letter_states=LETTER_STATES,
    )


@pages.post("/<code>/sessions/calls/<int:number>/<int:person>/reached")
@needs(Duty.PLAN)
def tick(code: str, number: int, person: int) -> ResponseReturnValue:
    """Somebody was spoken with."""
    return _press(code, number, person, is_reached=True)


@pages.post("/<code>/sessions/calls/<int:number>/<int:person>/undo")
@needs(Duty.PLAN)
def undo(code: str, number: int, person: int) -> ResponseReturnValue:
    """Somebody was not reached after all."""
    return _press(code, number, person, is_reached=False)


def _press(code: str, number: int, person: int, *, is_reached: bool) -> ResponseReturnValue:
    batch, notice = _found(code, number)
    changed = atomically(
        sessions.reach,
        batch_id=batch.id,
        notice_id=notice.id,
        registration_id=min(person, queries.LARGEST),
        is_reached=is_reached,
        by=f"staff {current_user.id}",
        now=clock.now(),
    )
    if changed is None:
        abort(404)
    way = url_for("session_calls.show", code=code, number=number, _anchor=f"p{person}")
    return redirect(way, 303)


def _found(code: str, number: int) -> tuple[Batch, SessionNotice]:
    batch = find_batch(code) or abort(404)
    notice = db.session.get(SessionNotice, number) if number <= queries.LARGEST else None
    if notice is None or notice.batch_id != batch.id:
        abort(404)
    return batch, notice
