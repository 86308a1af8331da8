"""Appeals: an author asks that somebody else looks at a comment that was turned down."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import appeals, asked
from enroll.comments.queries import published
from enroll.comments.records import Appeal
from enroll.console.guard import must_be_there, needs
from enroll.console.moderation import STATES
from enroll.db import atomically
from enroll.refusal import Refused

pages = Blueprint("appeals", __name__, url_prefix="/staff/comments/appeals")


@pages.get("")
@needs(Duty.MODERATE)
def index() -> str:
    now = clock.now()
    return render_template(
        "console/moderation/appeals.html",
        found=[(one, _may_decide(one.appeal, now)) for one in asked.open_appeals()],
        administrator_after=appeals.ADMINISTRATOR_AFTER.days,
        states=STATES,
        now=now,
    )


@pages.post("/<int:appeal>")
@needs(Duty.MODERATE)
def decide(appeal: int) -> ResponseReturnValue:
    """Publish it after all, or let the decision stand."""
    must_be_there(Appeal, appeal)
    helps = {"yes": True, "no": False}.get(request.form.get("helps", ""))
    if helps is None:
        abort(400)
    try:
        decided = atomically(
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
        flash(*_what_became(decided, helps=helps))
    return redirect(url_for("appeals.index"), 303)


def _what_became(decided: appeals.Appeal, *, helps: bool) -> tuple[str, str]:
    is_published = published(decided.comment_id) is not None
    if decided.helped is not helps or decided.decided_by_id != current_user.id:
        if decided.helped:
            return _("A colleague was faster: it is published after all."), "note"
        return _("A colleague was faster: the decision stands."), "note"
    if helps and not is_published:
        return _("It was not turned down any more: look at it in the queue."), "note"
    if helps:
        return _("Published after all; its author is told."), "done"
    return _("The decision stands; its author is told."), "done"


def _may_decide(appeal: appeals.Appeal, now: datetime) -> bool:
    return appeals.may_decide(
        appeal,
        staff_id=current_user.id,
        is_administrator=current_user.has_duty(Duty.ADMINISTER),
        now=now,
    )
