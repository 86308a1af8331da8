"""Is the process up; can it do its work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue

from enroll import clock
from enroll.db import db
from enroll.mail.beats import LATE, last_seen
from enroll.web import limiter

pages = Blueprint("health", __name__)
limiter.exempt(pages)


@pages.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers; nothing else is looked at."""
    return {"status": "up"}, 200, {"Cache-Control": "no-store"}


@pages.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Database reachable, migrations current, worker seen lately; 503 if one is not so."""
    checks = {"database": False, "migrations": False, "worker": False}
    try:
        seen_at = last_seen(clock.now())
        checks["database"] = True
        checks["migrations"] = _is_migrated()
        checks["worker"] = seen_at is not None and clock.now() - seen_at < LATE
    except sa.exc.SQLAlchemyError:
        current_app.logger.exception("not ready")
    is_ready = all(checks.values())
    answer = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return answer, 200 if is_ready else 503, {"Cache-Control": "no-store"}


def _is_migrated() -> bool:
    directory = current_app.extensions["migrate"].directory
    heads = ScriptDirectory(directory).get_heads()
    return set(MigrationContext.configure(db.session.connection()).get_current_heads()) == set(
        heads
    )
