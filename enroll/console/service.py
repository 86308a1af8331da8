"""How soon comments are decided: a chart against the target, the table behind it, and its CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from flask import Blueprint, Response, current_app, render_template

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import service
from enroll.console.drawing import Frame, bars
from enroll.console.guard import needs

pages = Blueprint("service", __name__, url_prefix="/staff/comments/service")

# Hours from line to line of the chart; beyond four lines of the last there are more lines.
STEPS = (1, 2, 3, 6, 12, 24, 48, 168, 720)


@pages.get("")
@needs(Duty.MODERATE)
def index() -> str:
    now = clock.now()
    found = service.weeks(now)
    target = current_app.config["MODERATION_HOURS"]
    return render_template(
        "console/moderation/service.html",
        weeks=found,
        decided=sum(week.decided for week in found),
        waiting_now=service.waiting(),
        target=target,
        frame=Frame(0, len(found), _scale([target, *(week.p90 or 0 for week in found)])),
        places=bars(len(found)),
        now=now,
    )


@pages.get("/table.csv")
@needs(Duty.MODERATE)
def table() -> Response:
    """The table behind the chart; hours with one decimal, weeks by their Monday (UTC)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["monday", "decided", "median_hours", "p90_hours"]
        + ["published", "sent_back", "rejected", "spam", "other"]
    )
    for week in service.weeks(clock.now()):
        hours = ["" if value is None else f"{value:.1f}" for value in (week.median, week.p90)]
        writer.writerow(
            [
                week.monday.isoformat(),
                week.decided,
                *hours,
                week.published,
                week.returned,
                week.rejected,
                week.spam,
                week.other,
            ]
        )
    answer = Response(text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="comments.csv"'
    return answer


def _scale(hours: Sequence[float]) -> list[int]:
    """The lines of the chart: from nothing to a round number of hours that nothing exceeds."""
    highest = max(hours)
    step = next(one for one in STEPS if one * 4 >= highest or one == STEPS[-1])
    return list(range(0, step * math.ceil(highest / step) + 1, step))
