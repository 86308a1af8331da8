"""When a letter that could not be sent is tried again. Pure."""

from __future__ import annotations

from datetime import timedelta

# Minutes before each further try; together a little over 72 hours, the longest outage we sit out.
LADDER = (1, 2, 5, 10, 20, 30, 60, 120, 240, 360, 480, 720, 1080, 1200)
JITTER = 0.2


def next_try(attempts: int, luck: float) -> timedelta | None:
    """How long to wait after the given number of failed attempts; `None`: give up.

    `luck` in [0, 1) spreads the tries by a fifth either way, so that a thousand letters that failed
    together do not come back together.
    """
    if attempts > len(LADDER):
        return None
    return timedelta(minutes=LADDER[attempts - 1] * (1 - JITTER + 2 * JITTER * luck))
