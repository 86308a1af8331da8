"""Roster: who sits in a batch, who waits for it, and who has left."""

from __future__ import annotations

from itertools import count

from flask import Blueprint, abort, render_template

from enroll.accounts.duties import Duty
from enroll.batches.queries import every_batch, find_batch
from enroll.console.guard import needs
from enroll.registrations.queries import roster
from enroll.registrations.states import State

pages = Blueprint("roster", __name__, url_prefix="/staff")


@pages.get("/")
@needs(*Duty)
def index() -> str:
    """Every batch, the latest first. Signing in leads here, so any duty will do."""
    return render_template("console/roster/index.html", batches=every_batch())


@pages.get("/batches/<code>/roster")
@needs(Duty.PLAN)
def show(code: str) -> str:
    """The people of one batch: the seated by seat, the waiting in their order, then the rest."""
    batch = find_batch(code) or abort(404)
    people = roster(batch.id)
    places = count(1)
    return render_template(
        "console/roster/show.html",
        batch=batch,
        people=people,
        places={one.id: next(places) for one in people if one.state is State.WAITLISTED},
        seated=sum(one.state.is_seated for one in people),
    )
