"""Is the process up; can it do its work."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue

from enroll import clock
from enroll.db import db
from enroll.mail.models import WorkerBeat
from enroll.web import limiter

pages = Blueprint("health", __name__)
limiter.exempt(pages)

WORKER_IS_LATE = timedelta(seconds=30)


@pages.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers; nothing else is looked at."""
    return {"status": "up"}, 200, {"Cache-Control": "no-store"}


@pages.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Database reachable, migrations current, worker seen lately; 503 if one is not so."""
    checks = {"database": False, "migrations": False, "worker": False}
    try:
        seen_at = db.session.scalar(sa.select(sa.func.max(WorkerBeat.seen_at)))
        checks["database"] = True
        checks["migrations"] = _is_migrated()
        checks["worker"] = seen_at is not None and clock.now() - seen_at < WORKER_IS_LATE
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
