"""Which letter follows which move, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from enroll.batches.facts import BatchFacts
from enroll.batches.models import BatchSession
from enroll.db import db
from enroll.mail.outbox import drop, post
from enroll.registrations.states import LIVE, State

# A move into one of these promises the person one letter; the audit holds us to it.
PROMISED = {
    State.APPLIED: "registration_applied",
    State.PENDING: "registration_held",
    State.WAITLISTED: "registration_waitlisted",
    State.OFFERED: "registration_offered",
    State.CONFIRMED: "registration_confirmed",
    State.REJECTED: "registration_rejected",
    State.WITHDRAWN: "registration_withdrawn",
    State.CANCELLED: "registration_cancelled",
    State.EXPIRED: "registration_expired",
}
# Moves by these hands are told in the letter of the move they belong to, or to nobody at all.
SILENT = frozenset({"transfer", "wish", "call-off", "erasure", "reconsidered"})

# What asks for something, and dies unsent when it can no longer be done; what only holds good
# while the registration lives.
REMINDER = "reminder"
ADDRESS_NEWS = "address_corrected"
DATED_NEWS = ("batch_undecided", "batch_rescheduled", "batch_joining")
STAFF_MESSAGE = "staff_message"
BATCH_CHANGED = "batch_changed"
SESSION_CHANGED = "session_changed"
BATCH_NEWS = ("batch_confirmed_to_run", BATCH_CHANGED, SESSION_CHANGED, *DATED_NEWS)


def promised(source: State | None, target: State, by: str) -> str | None:
    """The kind of letter that this move promises; a history row that stays in its state has none."""
    if by in SILENT or source is target:
        return None
    if (source, target) == (State.OFFERED, State.WAITLISTED):
        return "registration_passed"
    return PROMISED[target]


def snapshot(batch: BatchFacts) -> dict[str, object]:
    """The facts as JSON can hold them."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in batch._asdict().items()
    }


class Addressee(NamedTuple):
    """Whom a letter about a registration goes to.

    `name` is empty until the address is confirmed: no text that a stranger typed may reach an
    address by our hand. Until then its letters count as unasked for.
    """

    registration_id: int
    email: str
    language: str
    token: str
    name: str


def about(registration_id: int) -> str:
    """How a letter names the registration it speaks of."""
    return f"registration:{registration_id}"


def reminders_topic(registration_id: int) -> str:
    """What somebody ends who wants no more reminders about this registration."""
    return f"reminders:{registration_id}"


def about_queue(batch_id: int) -> str:
    """How a letter to staff names the queue it lists: it holds what people must be able to erase."""
    return f"queue:{batch_id}"


def write(
    *,
    kind: str,
    to: Addressee,
    batch: BatchFacts,
    deadline_at: datetime | None,
    why: str,
    key: object,
    now: datetime,
    more: Mapping[str, Any] | None = None,
    subscription: str = "",
) -> None:
    """Queue one letter about a registration.

    `key` tells two letters of a kind apart; for a move it is the move's history row: one move, one
    letter. `more` is what only this kind is told.
    """
    subject = about(to.registration_id)
    post(
        kind=kind,
        about=subject,
        recipient=to.email,
        language=to.language,
        context={
            "name": to.name,
            "token": to.token,
            "why": why,
            "deadline_at": deadline_at.isoformat() if deadline_at else None,
            "batch": snapshot(batch),
            **(more or {}),
        },
        dedupe_key=f"{subject}:{kind.removeprefix('registration_')}:{key}",
        is_unasked=not to.name,
        subscription=subscription,
        now=now,
    )


def drop_outdated(registration_id: int, source: State, target: State) -> None:
    """Letters not sent yet die with the thing they speak of, when `source` is left for `target`."""
    kinds = [REMINDER]
    if source is State.OFFERED and target is not State.CONFIRMED:
        kinds.append(PROMISED[State.OFFERED])
    if target not in LIVE:
        kinds += [PROMISED[state] for state in LIVE]
        kinds += ["registration_passed", ADDRESS_NEWS, STAFF_MESSAGE, *BATCH_NEWS]
    drop(about=about(registration_id), kinds=kinds, why=f"{source} no more")


def sessions_part(
    batch: BatchFacts, *, address: str, is_over: bool = False, only: int | None = None
) -> dict[str, object]:
    """Sessions for a calendar (RFC 5545): published, or taken out again under the same UIDs.

    All that take place, or the `only` one. SEQUENCE counts the changes of the batch and of the
    session, so that it never falls for any UID, and is odd for what is taken out.
    """
    which = (
        BatchSession.cancelled_at.is_(None) if only is None else BatchSession.id == only,
        BatchSession.batch_id == batch.id,
    )
    rows = db.session.scalars(
        sa.select(BatchSession).where(*which).order_by(BatchSession.starts_at)
    ).all()
    return {
        "method": "CANCEL" if is_over else "PUBLISH",
        "sequence": _sequence(batch, 0, is_over=is_over),
        "name": batch.title,
        "zone": batch.zone,
        "events": [_dated(batch, row, address, is_over=is_over) for row in rows],
    }


def _dated(
    batch: BatchFacts, session: BatchSession, address: str, *, is_over: bool
) -> dict[str, object]:
    return {
        "uid": f"session-{session.id}@{address.split('/')[2]}",
        "sequence": _sequence(batch, session.sequence, is_over=is_over),
        "starts_at": session.starts_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
        "summary": session.topic or batch.title,
        "location": session.place or batch.place,
        "url": f"{address}/batches/{batch.code}",
    }


def _sequence(batch: BatchFacts, changes: int, *, is_over: bool) -> int:
    return 2 * (batch.sequence + changes) + (1 if is_over else 0)
