"""Today: what needs a hand now, each line with the way to where it is solved; nothing else."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, render_template
from flask_security import current_user

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import asked, service
from enroll.console.calls import calls_to_make
from enroll.console.guard import needs
from enroll.registrations import due

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
        late=waiting if waiting and waiting.oldest_at and waiting.oldest_at < late else None,
        questions=asked.count_asked() if plans or moderates else None,
        appeals=len(asked.open_appeals()) if moderates else 0,
        reports=len(asked.open_reports()) if moderates else 0,
    )
