"""How soon comments are decided: a chart against the target, the table behind it, and its CSV."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, Response, current_app, render_template

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import service
from enroll.console.guard import needs

pages = Blueprint("service", __name__, url_prefix="/staff/comments/service")


@pages.get("")
@needs(Duty.MODERATE)
def index() -> str:
    now = clock.now()
    found = service.weeks(now)
    target = current_app.config["MODERATION_HOURS"]
    highest = max([target, *(week.p90 or 0 for week in found)])
    return render_template(
        "console/moderation/service.html",
        weeks=found,
        waiting_now=service.waiting(),
        target=target,
        highest=highest * 1.1,
        now=now,
    )


@pages.get("/table.csv")
@needs(Duty.MODERATE)
def table() -> Response:
    """The table behind the chart; hours with one decimal, weeks by their Monday (UTC)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["monday", "decided", "median_hours", "p90_hours", "published", "rejected", "spam"]
    )
    for week in service.weeks(clock.now()):
        hours = ["" if value is None else f"{value:.1f}" for value in (week.median, week.p90)]
        writer.writerow(
            [
                week.monday.isoformat(),
                week.decided,
                *hours,
                week.published,
                week.rejected,
                week.spam,
            ]
        )
    answer = Response(text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="comments.csv"'
    return answer
