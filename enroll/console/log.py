"""The activity log: who did what, when and from where; searched, read on, taken along as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from wtforms import DateField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from enroll.accounts import activity
from enroll.accounts.duties import Duty
from enroll.accounts.inviting import all_staff
from enroll.console.actions import action_words
from enroll.console.guard import needs
from enroll.console.queries import LARGEST
from enroll.console.sheets import send_sheet
from enroll.forms import Form

pages = Blueprint("log", __name__, url_prefix="/staff/log")

A_PAGE = 50


class SearchForm(Form):
    """What is looked for; every field may stay empty. Days are UTC's."""

    who = SelectField(_("Who"), validate_choice=False)
    action = SelectField(_("Did what"), validate_choice=False)
    object = StringField(_("To what"), [Length(max=200)])
    since = DateField(_("From"), [Optional()])
    until = DateField(_("Until"), [Optional()])


@pages.get("")
@needs(Duty.ADMINISTER)
def index() -> ResponseReturnValue:
    """One page of it, the latest first; the search stands in the address."""
    form = _form(request.args)
    if not form.validate():
        return render_template("console/log/index.html", form=form, rows=[], more=None), 422
    before = min(request.args.get("before", LARGEST, type=int), LARGEST)
    rows = activity.find_activity(**_wanted(form), before=before, limit=A_PAGE + 1)
    more = rows[A_PAGE - 1][0].id if len(rows) > A_PAGE else None
    asked = {name: value for name, value in request.args.items() if name != "before" and value}
    return render_template(
        "console/log/index.html", form=form, rows=rows[:A_PAGE], more=more, asked=asked
    )


@pages.post("/export")
@needs(Duty.ADMINISTER)
def export() -> ResponseReturnValue:
    """All that the search finds, as CSV; this is written into the log too."""
    form = _form(request.args)
    if not form.validate():
        return render_template("console/log/index.html", form=form, rows=[], more=None), 422
    return send_sheet(_table(_wanted(form)), name="activity.csv")


def _table(wanted: dict[str, Any]) -> Iterator[list[object]]:
    yield ["at_utc", "who", "action", "object", "fields", "network", "session"]
    for row, name in activity.all_activity(**wanted):
        at = row.at.isoformat(timespec="seconds")
        number = row.session_id or ""
        yield [at, name, row.action, row.object, row.fields, row.network, number]


def _form(args: Any) -> SearchForm:
    form = SearchForm(args, meta={"csrf": False})
    people = [SelectChoice(str(staff.id), staff.name) for staff, _at in all_staff()]
    form.who.choices = [SelectChoice("", _("Anybody")), *people]
    done = [SelectChoice(one, action_words(one)) for one in activity.actions()]
    form.action.choices = [SelectChoice("", _("Anything")), *sorted(done, key=lambda it: it.label)]
    return form


def _wanted(form: SearchForm) -> dict[str, Any]:
    who, until = form.who.data or "", form.until.data
    return {
        "staff_id": int(who) if who.isdecimal() and len(who) < 10 else None,
        "action": form.action.data or "",
        "object": (form.object.data or "").strip("/").removeprefix("staff/"),
        "since": _midnight(form.since.data),
        "until": _midnight(until + timedelta(days=1)) if until and until < date.max else None,
    }


def _midnight(on: date | None) -> datetime | None:
    return datetime.combine(on, time(), UTC) if on else None
