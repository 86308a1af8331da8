"""What other programs read, version 1."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from enroll import clock
from enroll.registrations.queries import Prospect, coming

pages = Blueprint("api", __name__, url_prefix="/api/v1")


@pages.get("/batches")
def batches() -> ResponseReturnValue:
    """The coming batches with their seats; the shape is part of the contract."""
    return {"batches": [_as_json(found) for found in coming(clock.now())]}


def _as_json(found: Prospect) -> dict[str, object]:
    batch = found.batch
    return {
        "code": batch.code,
        "course": batch.course.slug,
        "title": batch.title,
        "starts_on": batch.starts_on.isoformat(),
        "ends_on": batch.ends_on.isoformat(),
        "capacity": found.capacity,
        "seats_left": found.seats_left,
        "waitlisted": found.waiting,
        "registration": found.window.value,
    }
