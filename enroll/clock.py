"""The only place that reads the clock; everything below the edge takes `now` as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment: time zone aware, UTC, to the microsecond."""
    return datetime.now(UTC)
