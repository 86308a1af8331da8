"""Which batches can be found: those that the list of coming batches shows, and as long as it does."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa

from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.catalog import indexing as catalog
from enroll.db import db
from enroll.search.filling import Entry, clear, count, drop, put
from enroll.search.kinds import Found


def index(batch: Batch) -> None:
    """Let a batch whose state, dates or words were just changed be found as it is now, or not at all."""
    if _is_coming(batch.state):
        put(_entry(batch))
    else:
        drop(Found.BATCH, batch.code)


def fill_anew() -> int:
    """Write everything that can be found anew: catalog and batches; answers how many entries."""
    clear()
    return _fill()


def fill_if_empty() -> int:
    """Fill a search that finds nothing yet: after an update from a version without one."""
    return 0 if count() else _fill()


def _fill() -> int:
    catalog.index_all()
    batches = db.session.scalars(sa.select(Batch).order_by(Batch.id))
    # The past ones are left out when somebody looks.
    put(*(_entry(batch) for batch in batches if _is_coming(batch.state)))
    return count()


def _is_coming(state: BatchState) -> bool:
    return state in (BatchState.TENTATIVE, BatchState.CONFIRMED_TO_RUN)


def _entry(batch: Batch) -> Entry:
    first = batch.starts_on
    words = (
        f"{first.day} {first:%B %Y}",
        batch.rhythm,
        "Online" if batch.is_online else batch.place,
        batch.teacher,
        batch.code,
    )
    return Entry(
        kind=Found.BATCH,
        key=batch.code,
        address=f"/batches/{batch.code}",
        title=batch.title,
        body=". ".join(word for word in words if word) + ".",
        until=max(batch.closes_at, _end_of_first_day(batch)),
    )


def _end_of_first_day(batch: Batch) -> datetime:
    following = batch.starts_on + timedelta(days=1)
    return datetime.combine(following, time(), batch.tz).astimezone(UTC)
