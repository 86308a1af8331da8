"""Appeals: an author asks that somebody else looks at a comment that was turned down."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import appeals, asked
from enroll.comments.queueing import last_event
from enroll.console.guard import needs
from enroll.db import atomically
from enroll.refusal import Refused

pages = Blueprint("appeals", __name__, url_prefix="/staff/comments/appeals")


@pages.get("")
@needs(Duty.MODERATE)
def index() -> str:
    now = clock.now()
    return render_template(
        "console/moderation/appeals.html",
        found=[
            (appeal, comment, last_event(comment.id), _may_decide(appeal, now))
            for appeal, comment in asked.open_appeals()
        ],
        now=now,
    )


@pages.post("/<int:appeal>")
@needs(Duty.MODERATE)
def decide(appeal: int) -> ResponseReturnValue:
    """Publish it after all, or let the decision stand."""
    helps = request.form.get("helps") == "yes"
    try:
        atomically(
            appeals.decide_appeal,
            appeal_id=appeal,
            helps=helps,
            staff_id=current_user.id,
            is_administrator=current_user.has_duty(Duty.ADMINISTER),
            by=current_user.name,
            now=clock.now(),
        )
    except appeals.SamePerson:
        flash(_("You turned it down yourself: somebody else decides about the appeal."), "refused")
    except Refused:
        flash(_("There is no such appeal any more."), "note")
    else:
        flash(
            _("Published after all; its author is told.")
            if helps
            else _("The decision stands; its author is told."),
            "done",
        )
    return redirect(url_for("appeals.index"), 303)


def _may_decide(appeal: appeals.Appeal, now: object) -> bool:
    return appeals.may_decide(
        appeal,
        staff_id=current_user.id,
        is_administrator=current_user.has_duty(Duty.ADMINISTER),
        now=now,  # type: ignore[arg-type]
    )
