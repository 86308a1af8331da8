"""Reports: what readers say is wrong with a comment, with the text as it was then."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_security import current_user

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import asked, reporting
from enroll.comments.models import Comment
from enroll.comments.reporting import Complaint
from enroll.console.guard import must_be_there, needs
from enroll.console.moderation import STATES
from enroll.db import atomically

pages = Blueprint("reports", __name__, url_prefix="/staff/comments/reports")

COMPLAINTS: Mapping[str, object] = {
    Complaint.ADVERTISING.value: lazy_gettext("It advertises something"),
    Complaint.INSULT.value: lazy_gettext("It insults or threatens somebody"),
    Complaint.PRIVATE.value: lazy_gettext("It shows private data"),
    Complaint.WRONG.value: lazy_gettext("What it says is not true"),
    Complaint.OTHER.value: lazy_gettext("Something else"),
}


@pages.get("")
@needs(Duty.MODERATE)
def index() -> str:
    return render_template(
        "console/moderation/reports.html",
        found=asked.open_reports(),
        complaints=COMPLAINTS,
        states=STATES,
        now=clock.now(),
    )


@pages.post("/<int:comment>")
@needs(Duty.MODERATE)
def close(comment: int) -> ResponseReturnValue:
    """Answer the reports of one comment, up to the last that was shown."""
    must_be_there(Comment, comment)
    until = request.form.get("until", "")
    words = request.form.get(f"conclusion-{comment}", "").strip()[:200]
    closed = atomically(
        reporting.close_reports,
        comment_id=comment,
        staff_id=current_user.id,
        conclusion=words or _("looked at"),
        until=int(until) if until.isascii() and until.isdecimal() and len(until) < 10 else None,
        now=clock.now(),
    )
    if closed:
        flash(_("Closed. Who reported it is not written to."), "done")
    else:
        flash(_("Somebody else has closed it meanwhile."), "note")
    return redirect(url_for("reports.index"), 303)
