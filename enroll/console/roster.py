"""Roster: who is to be decided, who sits in a batch, who waits for it, and who has left."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.batches.queries import every_batch, find_batch
from enroll.console import queries, wanting
from enroll.console.guard import needs
from enroll.console.words import STATES
from enroll.registrations import roster
from enroll.registrations.bulk import MOST
from enroll.registrations.states import LIVE, State

pages = Blueprint("roster", __name__, url_prefix="/staff")

ASKING = 20  # questions about a rejection on one page


@pages.get("/")
@needs(*Duty)
def index() -> str:
    """Every batch, the latest first. Signing in leads here, so any duty will do."""
    return render_template("console/roster/index.html", batches=every_batch())


@pages.get("/batches/<code>/roster")
@needs(Duty.PLAN)
def show(code: str) -> str:
    """The people of one batch: those the address asks for, fifty at a time."""
    batch = find_batch(code) or abort(404)
    look = wanting.read_look(request.args, batch.zone)
    after, before = request.args.get("after", ""), request.args.get("before", "")
    page = roster.page(batch.id, look.wanted, look.sort, after=after, before=before)
    if page is None:
        abort(404)
    counts = roster.counts(batch.id)
    capacity, taken = queries.seats(batch.id)
    if look.wanted.is_by_state_only:
        total = sum(counts[state] for state in look.wanted.states)
    else:
        total = roster.count(batch.id, look.wanted)
    return render_template(
        "console/roster/show.html",
        batch=batch,
        look=look,
        page=page,
        total=total,
        most=MOST,
        states=STATES,
        states_of=State,
        counts=counts,
        everybody=counts.total(),
        live=sum(counts[state] for state in LIVE),
        ticks_all=request.args.get("tick") == "all",
        free=capacity - taken,
        columns=wanting.COLUMNS,
        headings=[wanting.COLUMNS[name] for name in look.columns],
        choices=wanting,
        **_beside(batch, page, look),
    )


def _beside(batch: Batch, page: roster.Page, look: wanting.Look) -> dict[str, object]:
    """What stands in the rows beside the people's own columns, and above them."""
    is_first_look = not look.is_filtered or look.wanted.states == {State.REJECTED}
    return {
        "places": roster.places(batch.id, page.people),
        "bonds": queries.bonds(batch.id, page.people),
        "failed": roster.with_failed_letters(page.people),
        "questions": roster.questioned(batch.id, most=ASKING) if is_first_look else [],
    }
