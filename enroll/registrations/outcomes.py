"""What a decision about a registration may come to: done, done before, or too late."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from enroll.refusal import Refused
from enroll.registrations.models import Registration


class DeadlinePassed(Refused):
    """The hold, offer or unconfirmed place ended at `at`, though the clock's move may still come."""


class HasEnded(Refused):
    """The registration is in an ended state, from which no verb leads back."""


class Outcome(NamedTuple):
    """The registration after a verb, and whether this very call changed it."""

    registration: Registration
    changed: bool


def refuse_if_over(registration: Registration, now: datetime) -> None:
    """Refuse with `HasEnded`, or with `DeadlinePassed` where only the clock's move is missing."""
    if not registration.state.is_live:
        raise HasEnded(state=registration.state)
    if registration.deadline_at is not None and registration.deadline_at <= now:
        raise DeadlinePassed(at=registration.deadline_at)
