"""Today: what needs a hand now, each line with the way to where it is solved; nothing else."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import asked, service
from enroll.console import queries
from enroll.console.calls import calls_to_make
from enroll.console.guard import needs
from enroll.console.words import LETTERS
from enroll.db import atomically
from enroll.mail import polling, telephone
from enroll.mail.models import BounceBox
from enroll.registrations import due, reading

pages = Blueprint("today", __name__, url_prefix="/staff/today")


@pages.get("")
@needs(*Duty)
def index() -> str:
    """Only what this colleague may solve."""
    now = clock.now()
    plans = current_user.has_duty(Duty.PLAN)
    moderates = current_user.has_duty(Duty.MODERATE)
    late = now - timedelta(hours=current_app.config["MODERATION_HOURS"])
    waiting = service.waiting() if moderates else None
    return render_template(
        "console/today/index.html",
        now=now,
        applications=due.applications() if plans else [],
        questioned=due.rejections_questioned(now) if plans else [],
        ending=due.ending(now) if plans else [],
        unsure=due.unsure(now) if plans else [],
        calls=calls_to_make() if plans else [],
        unreached=due.unreached(now) if plans else [],
        messages=reading.unread_messages() if plans else [],
        most=reading.MOST,
        box=_failing_box(),
        names=LETTERS,
        late=waiting if waiting and waiting.oldest_at and waiting.oldest_at < late else None,
        questions=asked.count_asked() if plans or moderates else None,
        appeals=len(asked.open_appeals()) if moderates else 0,
        reports=len(asked.open_reports()) if moderates else 0,
    )


@pages.post("/letters/<int:number>/reached")
@needs(Duty.PLAN)
def reached(number: int) -> ResponseReturnValue:
    """Whom a letter did not reach has been reached by telephone."""
    ticked = atomically(
        telephone.tick_reached,
        letter_id=min(number, queries.LARGEST),
        by=f"staff {current_user.id}",
        now=clock.now(),
    )
    return _ticked(ticked, gettext("Ticked: nobody needs to telephone there any more."))


@pages.post("/messages/<int:number>/read")
@needs(Duty.PLAN)
def read(number: int) -> ResponseReturnValue:
    """Somebody has read what a person wrote when registering."""
    ticked = atomically(
        reading.tick_read,
        registration_id=min(number, queries.LARGEST),
        by=f"staff {current_user.id}",
        now=clock.now(),
    )
    return _ticked(ticked, gettext("Ticked: read."))


def _ticked(ticked: bool | None, said: str) -> ResponseReturnValue:
    if ticked is None:
        abort(404)
    again = gettext("It had been ticked already. Nothing was changed.")
    flash(said if ticked else again, "done" if ticked else "note")
    return redirect(url_for("today.index"), 303)


def _failing_box() -> BounceBox | None:
    """The mailbox of bounces, where it cannot be read; for those who look after the server."""
    box = polling.box() if current_user.has_duty(Duty.ADMINISTER) else None
    return box if box and box.failing_since else None
