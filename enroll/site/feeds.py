"""What programs read again and again: calendars, the feed of batches."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from enroll import clock
from enroll.batches import queries as batches
from enroll.batches.calendar import sessions_calendar, starts_calendar
from enroll.registrations import personal as own
from enroll.registrations.queries import coming
from enroll.web import personal

pages = Blueprint("feeds", __name__)


@pages.get("/batches.ics")
def every_start() -> ResponseReturnValue:
    """When batches begin, the coming ones."""
    now = clock.now()
    found = batches.with_sessions([one.batch.id for one in coming(now)])
    name = current_app.config["INSTITUTE_NAME"]
    return _as_calendar(starts_calendar(found, name=name, base_url=_base(), now=now))


@pages.get("/batches/<code>.ics")
def sessions(code: str) -> ResponseReturnValue:
    """All sessions of one batch."""
    found = batches.listing(code) or abort(404)
    batch, address = found.batch, f"{_base()}/batches/{code}"
    return _as_calendar(sessions_calendar(batch, batch.sessions, address=address, now=clock.now()))


@pages.get("/registrations/<token>.ics")
def own_sessions(token: str) -> ResponseReturnValue:
    """The sessions of whoever has a seat, by the secret link; empty for everybody else."""
    personal()
    mine = own.by_token(token) or abort(404)
    (batch,) = batches.with_sessions([mine.batch_id])
    sessions = batch.sessions if mine.state.is_seated else []
    address = f"{_base()}/batches/{batch.code}"
    return _as_calendar(sessions_calendar(batch, sessions, address=address, now=clock.now()))


@pages.get("/batches.atom")
def feed() -> ResponseReturnValue:
    """The coming batches as Atom (RFC 4287), the one that opened last first."""
    now = clock.now()
    opened = [one.batch for one in coming(now) if one.batch.opens_at <= now]
    opened.sort(key=lambda batch: batch.opens_at, reverse=True)
    updated = max((batch.opens_at for batch in opened), default=datetime(2026, 1, 1, tzinfo=UTC))
    text = render_template("site/feeds/batches.xml", batches=opened, base=_base(), updated=updated)
    return Response(text, mimetype="application/atom+xml")


def _base() -> str:
    return str(current_app.config["BASE_URL"])


def _as_calendar(text: bytes) -> Response:
    return Response(text, mimetype="text/calendar")
