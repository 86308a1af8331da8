"""What people would read if a verb were done to them now: the letters themselves, not written yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import current_app

from enroll.batches.deadlines import offered_until
from enroll.batches.facts import BatchFacts, batch_facts
from enroll.mail.models import Letter
from enroll.registrations.allocation import kept
from enroll.registrations.bulk import Verb, stand_before
from enroll.registrations.eligibility import comes_first
from enroll.registrations.letters import about, sessions_part, snapshot
from enroll.registrations.models import Registration
from enroll.registrations.relocating import WHY as MOVED
from enroll.registrations.replay import OUT_OF_TURN
from enroll.registrations.seats import count_free
from enroll.registrations.states import State

NO_LINK = "…"  # a real one is a secret between the letter and its reader


def specimens(
    verb: Verb, people: Sequence[Registration], *, reason: str, to_batch_id: int = 0, now: datetime
) -> list[tuple[Registration, Letter]]:
    """One letter of each kind that this would write, and who is the first to get it.

    `people` are those whom the verb is for, in the order they came.
    """
    if not people:
        return []
    if verb in (Verb.REJECT, Verb.CANCEL):
        return [_ending(verb, people[0], reason)]
    if verb is Verb.OFFER:
        return _offers(people, reason, now)
    room = seats_for(to_batch_id if verb is Verb.MOVE else people[0].batch_id)
    firsts = [people[0]] if room else []
    waiting = people[room] if len(people) > room else None
    if verb is Verb.ACCEPT:
        return _admissions(firsts, waiting, now)
    return _moves(firsts, waiting, batch_facts(to_batch_id), reason)


def _moves(
    firsts: Sequence[Registration], waiting: Registration | None, there: BatchFacts, reason: str
) -> list[tuple[Registration, Letter]]:
    told: dict[str, Any] = {"batch": there, "reason": reason}
    found = []
    for one in firsts:
        old = batch_facts(one.batch_id).title
        more = told | {"moved_from": old, "calendar": _dates(there)}
        found.append((one, _letter(one, "registration_confirmed", MOVED, **more)))
    if waiting is not None:
        old = batch_facts(waiting.batch_id).title
        letter = _letter(waiting, "registration_waitlisted", MOVED, keeps=old, **told)
        found.append((waiting, letter))
    return found


def _ending(verb: Verb, one: Registration, reason: str) -> tuple[Registration, Letter]:
    kind = "registration_rejected" if verb is Verb.REJECT else "registration_cancelled"
    is_over = one.state is State.CONFIRMED
    dates = _dates(batch_facts(one.batch_id), is_over=True) if is_over else None
    return one, _letter(one, kind, "", reason=reason, calendar=dates)


def _dates(batch: BatchFacts, *, is_over: bool = False) -> dict[str, object]:
    return sessions_part(batch, address=current_app.config["BASE_URL"], is_over=is_over)


def seats_for(batch_id: int) -> int:
    """How many seats are there for whoever comes next, if nobody there has a claim to them."""
    return count_free(batch_id) if comes_first(batch_id) else 0


def _admissions(
    firsts: Sequence[Registration], waiting: Registration | None, now: datetime
) -> list[tuple[Registration, Letter]]:
    why = "application accepted"
    found = []
    for one in firsts:
        batch = batch_facts(one.batch_id)
        until = kept(batch, batch.hold_hours, now)
        found.append((one, _letter(one, "registration_held", why, deadline_at=until)))
    if waiting is not None:
        batch = batch_facts(waiting.batch_id)
        is_known = waiting.address_confirmed_at is not None
        end = None if is_known else waiting.deadline_at or kept(batch, batch.hold_hours, now)
        letter = _letter(waiting, "registration_waitlisted", why, deadline_at=end)
        found.append((waiting, letter))
    return found


def _offers(
    people: Sequence[Registration], reason: str, now: datetime
) -> list[tuple[Registration, Letter]]:
    one = people[0]
    batch = batch_facts(one.batch_id)
    latest, hours = batch.begins_at, batch.offer_hours
    until = offered_until(now, hours=hours, zone=batch.tz, latest=latest)
    if until is None:
        return []
    before = stand_before(one.batch_id, people)
    why = f"{OUT_OF_TURN}{reason}" if before[one.id] else "offered by staff"
    letter = _letter(one, "registration_offered", why, deadline_at=until, reason=reason)
    return [(one, letter)]


def _letter(
    one: Registration,
    kind: str,
    why: str,
    *,
    batch: BatchFacts | None = None,
    deadline_at: datetime | None = None,
    **more: object,
) -> Letter:
    """The row as `letters.write` would queue it."""
    context = {
        "name": one.name if one.address_confirmed_at else "",
        "token": NO_LINK,
        "why": why,
        "deadline_at": deadline_at.isoformat() if deadline_at else None,
        "batch": snapshot(batch or batch_facts(one.batch_id)),
        **more,
    }
    return Letter(
        kind=kind,
        about=about(one.id),
        recipient=one.email,
        language=one.language,
        context=context,
        subscription="",
    )
