"""Which letter follows which move, and what it is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from enroll.batches.facts import BatchFacts
from enroll.mail.outbox import post
from enroll.registrations.states import State

# A move into one of these promises the person one letter; the audit holds us to it.
PROMISED = {
    State.PENDING: "registration_held",
    State.WAITLISTED: "registration_waitlisted",
    State.OFFERED: "registration_offered",
    State.CONFIRMED: "registration_confirmed",
    State.WITHDRAWN: "registration_withdrawn",
    State.EXPIRED: "registration_expired",
}


def promised(source: State | None, target: State) -> str | None:
    """The kind of letter that this move promises. Who passes an offer knows: no letter."""
    if (source, target) == (State.OFFERED, State.WAITLISTED):
        return "registration_passed"
    return PROMISED.get(target)


def _snapshot(batch: BatchFacts) -> dict[str, object]:
    """The facts as JSON can hold them."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in batch._asdict().items()
    }


class Addressee(NamedTuple):
    """Whom a letter about a registration goes to.

    `name` is empty until the address is confirmed: no text that a stranger typed may reach an
    address by our hand.
    """

    registration_id: int
    email: str
    language: str
    token: str
    name: str


def write(
    *,
    kind: str,
    to: Addressee,
    batch: BatchFacts,
    deadline_at: datetime | None,
    why: str,
    event_id: int,
    now: datetime,
) -> None:
    """Queue the letter of one move. Its key holds the move's history row: one move, one letter."""
    about = f"registration:{to.registration_id}"
    post(
        kind=kind,
        about=about,
        recipient=to.email,
        language=to.language,
        context={
            "name": to.name,
            "token": to.token,
            "why": why,
            "deadline_at": deadline_at.isoformat() if deadline_at else None,
            "batch": _snapshot(batch),
        },
        dedupe_key=f"{about}:{kind.removeprefix('registration_')}:{event_id}",
        now=now,
    )
