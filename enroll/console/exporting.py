"""A roster taken along: who of the list that is looked at, as CSV or as a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import Blueprint, Response, abort, request
from flask_babel import gettext

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.batches.queries import find_batch
from enroll.console import wanting
from enroll.console.guard import needs
from enroll.console.sheets import send_sheet, send_workbook
from enroll.console.words import state_words
from enroll.registrations import roster

pages = Blueprint("exporting", __name__, url_prefix="/staff/batches")


@pages.post("/<code>/roster/export.<any(csv, xlsx):kind>")
@needs(Duty.PLAN)
def export(code: str, kind: str) -> Response:
    """Everybody whom the filters in the address show. It stands in the activity log."""
    batch = find_batch(code) or abort(404)
    look = wanting.read_look(request.args, batch.zone)
    name = f"{batch.code}-{clock.now().astimezone(batch.tz):%Y-%m-%d}.{kind}"
    if kind == "xlsx":
        return send_workbook(_rows(batch, look.wanted), name=name, zone=batch.tz)
    return send_sheet(_in_zone(_rows(batch, look.wanted), batch), name=name)


def _rows(batch: Batch, wanted: roster.Wanted) -> Iterator[list[object]]:
    """A heading, then one row a person; a place in the queue is not among them: it changes."""
    yield [
        gettext("Name"),
        gettext("E-mail"),
        gettext("Telephone"),
        gettext("State"),
        gettext("Seat"),
        gettext("Registered"),
        gettext("E-mail confirmed"),
        gettext("What they do now"),
        gettext("What they say"),
        gettext("Language"),
        gettext("Number"),
    ]
    for one in roster.everybody(batch.id, wanted):
        yield [
            one.name,
            "" if one.erased_at else one.address,
            one.phone,
            state_words(one),
            one.seat_number or "",
            one.created_at,
            one.address_confirmed_at or "",
            one.background,
            one.message,
            one.language,
            one.id,
        ]


def _in_zone(rows: Iterator[list[object]], batch: Batch) -> Iterator[list[object]]:
    """Moments as people of the batch's zone write them; CSV knows no dates."""
    for row in rows:
        yield [
            f"{cell.astimezone(batch.tz):%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else cell
            for cell in row
        ]
