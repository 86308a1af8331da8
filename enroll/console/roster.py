"""Roster: who sits in a batch, who waits for it, and who has left."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import sqlalchemy as sa
from flask import Blueprint, abort, render_template

from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.console.guard import needs
from enroll.db import db
from enroll.registrations.models import Registration
from enroll.registrations.states import State

pages = Blueprint("roster", __name__, url_prefix="/staff")


@pages.get("/")
@needs(*Duty)
def index() -> str:
    """Every batch, the latest first. Signing in leads here, so any duty will do."""
    batches = db.session.scalars(sa.select(Batch).order_by(Batch.starts_on.desc(), Batch.code))
    return render_template("console/roster/index.html", batches=batches.all())


@pages.get("/batches/<code>/roster")
@needs(Duty.PLAN)
def show(code: str) -> str:
    """The people of one batch: the seated by seat, the waiting in their order, then the rest."""
    batch = db.session.scalar(sa.select(Batch).where(Batch.code == code)) or abort(404)
    people = _people(batch)
    places = count(1)
    return render_template(
        "console/roster/show.html",
        batch=batch,
        people=people,
        places={one.id: next(places) for one in people if one.state is State.WAITLISTED},
        seated=sum(one.state.is_seated for one in people),
    )


def _people(batch: Batch) -> Sequence[Registration]:
    waiting = sa.case((Registration.state.in_((State.WAITLISTED, State.APPLIED)), 0), else_=1)
    return db.session.scalars(
        sa.select(Registration)
        .where(Registration.batch_id == batch.id)
        .order_by(Registration.seat_number.nulls_last(), waiting, Registration.queue_number)
    ).all()
