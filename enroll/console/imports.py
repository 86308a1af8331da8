"""Bringing a list of people into a batch: a file, what would become of each row, then the worker."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_security import current_user
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.batches.queries import find_batch
from enroll.console.guard import needs
from enroll.console.queries import LARGEST
from enroll.console.sheets import send_sheet
from enroll.console.words import why_not
from enroll.db import atomically, db
from enroll.forms import Form
from enroll.refusal import Refused
from enroll.registrations import import_fates, importing
from enroll.registrations.import_rows import RosterImport, RosterImportRow
from enroll.registrations.import_states import Fate, ImportState
from enroll.registrations.tables import MOST_BYTES, MOST_ROWS, Line, Unreadable, read_table
from enroll.web import csrf

pages = Blueprint("imports", __name__, url_prefix="/staff/batches/<code>/import")

A_PAGE = 100
FATES = {
    Fate.ENROLLED: _("Enrolled"),
    Fate.WAITS: _("On the waitlist"),
    Fate.HERE: _("Registered here already"),
    Fate.TWICE: _("The same address stands further up"),
    Fate.NO_NAME: _("No name"),
    Fate.NO_ADDRESS: _("No address that mail can reach"),
    Fate.CLASH: _("Enrolled in a batch at the same time"),
    Fate.LIST_FULL: _("The waitlist is full"),
    Fate.TOO_LATE: _("The batch takes nobody: not open yet, begun, or called off"),
}
STATES = {
    ImportState.LOOKED_AT: _("Looked at, nothing is imported"),
    ImportState.RUNNING: _("Is being imported"),
    ImportState.DONE: _("Imported"),
    ImportState.STOPPED: _("Stopped"),
}


class FileForm(Form):
    """The file; `key` is of the form, so that sending it twice brings one list."""

    file = FileField(_("File"), [FileRequired(_("Choose a file."))])
    key = HiddenField(validators=[Length(min=16, max=64)])


class StartForm(Form):
    """On whose word these people come, and whether they are written to."""

    word = TextAreaField(
        _("How and when did they agree?"),
        [
            InputRequired(_("Say how and when they agreed: without that we may not keep them.")),
            Length(max=400),
        ],
    )
    is_told = BooleanField(_("Write to each of them"))


@pages.before_request
def _take_files() -> None:
    """A table is longer than any honest form. Set before anybody reads the request."""
    request.max_content_length = MOST_BYTES + 100_000


@pages.get("")
@needs(Duty.PLAN)
def index(code: str) -> str:
    """The form, and the lists that were brought."""
    return _index(_batch(code), FileForm(formdata=None, key=secrets.token_hex(16)))


@pages.post("")
@csrf.exempt  # the form checks its token itself
@needs(Duty.PLAN)
def bring(code: str) -> ResponseReturnValue:
    """Read the file; nobody is registered yet."""
    batch, form = _batch(code), FileForm()
    if not form.validate_on_submit():
        return _index(batch, form), 422
    try:
        lines = read_table(form.file.data.stream.read(MOST_BYTES + 1))
    except Unreadable as refusal:
        form.file.errors = [_why_unreadable(refusal)]
        return _index(batch, form), 422
    made = _keep(batch, form, lines)
    return redirect(url_for("imports.show", code=code, number=made.id), 303)


def _keep(batch: Batch, form: FileForm, lines: list[Line]) -> RosterImport:
    return atomically(
        importing.bring,
        batch_id=batch.id,
        key=form.key.data,
        filename=form.file.data.filename or "",
        lines=lines,
        by_id=current_user.id,
        now=clock.now(),
    )


@pages.get("/<int:number>")
@needs(Duty.PLAN)
def show(code: str, number: int) -> str:
    """What would become of each row; while it runs and afterwards, what became of it."""
    return _page(_batch(code), number, StartForm(formdata=None, is_told=True))


@pages.post("/<int:number>/start")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps the words
@needs(Duty.PLAN)
def start(code: str, number: int) -> ResponseReturnValue:
    """Let the worker begin, or go on after a stop."""
    batch, form = _batch(code), StartForm()
    made = _found(batch, number)
    if not form.validate_on_submit():
        return _page(batch, number, form), 422
    word = form.word.data
    try:
        changed = atomically(
            importing.start,
            import_id=made.id,
            word=word,
            is_told=form.is_told.data,
            now=clock.now(),
        )
    except Refused as refusal:
        return _page(batch, number, form, why_not(refusal)), 409
    flash(gettext("The import runs. You may close this window."), "done" if changed else "note")
    return redirect(url_for("imports.show", code=code, number=number), 303)


@pages.post("/<int:number>/stop")
@needs(Duty.PLAN)
def stop(code: str, number: int) -> ResponseReturnValue:
    """Take no further row."""
    batch = _batch(code)
    made = _found(batch, number)
    try:
        changed = atomically(importing.stop, import_id=made.id, now=clock.now())
    except Refused as refusal:
        form = StartForm(formdata=None, word=made.word, is_told=made.is_told)
        return _page(batch, number, form, why_not(refusal)), 409
    said = gettext("Stopped. Who was imported stays.") if changed else gettext("It had stopped.")
    flash(said, "done" if changed else "note")
    return redirect(url_for("imports.show", code=code, number=number), 303)


@pages.post("/<int:number>/left.csv")
@needs(Duty.PLAN)
def left(code: str, number: int) -> Response:
    """The rows that were not imported, and why, to be mended and brought again."""
    made = _found(_batch(code), number)
    taken = [one.value for one in Fate if one.is_taken]
    rows = db.session.scalars(
        sa.select(RosterImportRow)
        .where(RosterImportRow.import_id == made.id, RosterImportRow.why.not_in(["", *taken]))
        .order_by(RosterImportRow.number)
    ).all()
    table = [
        [one.name, one.email, one.phone, one.background, one.message, str(FATES[Fate(one.why)])]
        for one in rows
    ]
    head = ["name", "email", "phone", "background", "message", "why"]
    return send_sheet([head, *table], name=f"{code}-not-imported.csv")


# ---------------------------------------------------------------- pages


def _index(batch: Batch, form: FileForm) -> str:
    mine = sa.select(RosterImport).where(RosterImport.batch_id == batch.id)
    return render_template(
        "console/imports/index.html",
        batch=batch,
        form=form,
        lists=db.session.scalars(mine.order_by(RosterImport.id.desc()).limit(20)).all(),
        states=STATES,
        most=MOST_ROWS,
    )


def _page(batch: Batch, number: int, form: StartForm, refusal: str | None = None) -> str:
    db.session.rollback()
    made = _found(batch, number)
    after = min(request.args.get("after", 0, type=int), LARGEST)
    foreseen = import_fates.foresee(made, clock.now())
    rows = [one for one in foreseen if one.row.number > after][: A_PAGE + 1]
    fates = dict.fromkeys(Fate, 0) | import_fates.counted_fates(foreseen)
    return render_template(
        "console/imports/show.html",
        batch=batch,
        made=made,
        form=form,
        refusal=refusal,
        rows=rows[:A_PAGE],
        more=rows[A_PAGE - 1].row.number if len(rows) > A_PAGE else None,
        fates=[(FATES[fate], count, fate.is_taken) for fate, count in fates.items() if count],
        all=len(foreseen),
        decided=sum(bool(one.row.why) for one in foreseen),
        words=FATES,
        states=STATES,
        is_running=made.state is ImportState.RUNNING,
        may_start=made.state in (ImportState.LOOKED_AT, ImportState.STOPPED),
    )


def _why_unreadable(refusal: Unreadable) -> str:
    if refusal.why == "headings":
        return gettext(
            "The first line must name the columns, at least “name” and “email”. It says: %(line)s",
            line=refusal.facts["headings"],
        )
    if refusal.why in ("long", "rows"):
        return gettext(
            "That is too long: %(rows)s rows or 5 MB at the most. Divide the file.", rows=MOST_ROWS
        )
    if refusal.why == "empty":
        return gettext("There is nobody in this file.")
    return gettext("This is no table of text. In your spreadsheet, save it as CSV.")


def _batch(code: str) -> Batch:
    return find_batch(code) or abort(404)


def _found(batch: Batch, number: int) -> RosterImport:
    made = db.session.get(RosterImport, number) if number <= LARGEST else None
    if made is None or made.batch_id != batch.id:
        abort(404)
    return made
