"""What becomes of each row of a list, before it is done: read once, then row by row as seats run out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from enroll.batches.facts import batch_facts
from enroll.db import db
from enroll.forms import normal_address
from enroll.registrations.arriving import RegistrationClosed
from enroll.registrations.clashes import clashing_addresses
from enroll.registrations.eligibility import comes_first
from enroll.registrations.import_rows import RosterImport, RosterImportRow
from enroll.registrations.import_states import Fate, RowState
from enroll.registrations.models import Registration
from enroll.registrations.seats import count_free
from enroll.registrations.states import LIVE, State
from enroll.registrations.telephoning import refuse_out_of_time


class Foreseen(NamedTuple):
    """What would become of one row as things stand; `place` on the waitlist, if it waits."""

    row: RosterImportRow
    fate: Fate
    place: int | None


def foresee(made: RosterImport, now: datetime) -> list[Foreseen]:
    """The fate of each row that waits, as the worker would decide now: a constant number of queries."""
    batch = batch_facts(made.batch_id)
    rows = db.session.scalars(
        sa.select(RosterImportRow)
        .where(RosterImportRow.import_id == made.id)
        .order_by(RosterImportRow.number)
    ).all()
    live = sa.select(Registration.email).where(
        Registration.batch_id == made.batch_id, Registration.state.in_(LIVE)
    )
    waits = sa.select(sa.func.count()).where(
        Registration.batch_id == made.batch_id, Registration.state == State.WAITLISTED
    )
    try:
        refuse_out_of_time(batch, now)
        is_late = False
    except RegistrationClosed:
        is_late = True
    return list(
        _fates(
            rows,
            is_late=is_late,
            here=set(db.session.scalars(live)),
            clashing=clashing_addresses(made.batch_id),
            free=count_free(made.batch_id) if comes_first(made.batch_id) else 0,
            waiting=db.session.scalar(waits) or 0,
            limit=batch.waitlist_limit,
        )
    )


def _fates(
    rows: Sequence[RosterImportRow],
    *,
    is_late: bool,
    here: set[str],
    clashing: set[str],
    free: int,
    waiting: int,
    limit: int | None,
) -> Iterator[Foreseen]:
    """Row by row, as the seats run out. Pure but for the spelling of addresses."""
    seen: set[str] = set()
    for row in rows:
        if row.state is not RowState.WAITING:
            if row.state is RowState.TAKEN:
                seen.add(address_of(row))
            yield Foreseen(row, Fate(row.why), None)
            continue
        email = address_of(row)
        fate = plain_fate(row, email, is_late=is_late, here=here, seen=seen)
        place = None
        if fate is None and free > 0:
            fate = Fate.CLASH if email in clashing else Fate.ENROLLED
            free -= fate is Fate.ENROLLED
        elif fate is None:
            is_full = limit is not None and waiting >= limit
            fate = Fate.LIST_FULL if is_full else Fate.WAITS
            waiting += fate is Fate.WAITS
            place = waiting if fate is Fate.WAITS else None
        if fate.is_taken:
            seen.add(email)
        yield Foreseen(row, fate, place)


def plain_fate(
    row: RosterImportRow, email: str, *, is_late: bool, here: set[str], seen: set[str]
) -> Fate | None:
    """What needs no seat to be decided."""
    if not row.name or not any(one.isalpha() for one in row.name) or "\n" in row.name:
        return Fate.NO_NAME
    if not email:
        return Fate.NO_ADDRESS
    if email in seen:
        return Fate.TWICE
    if email in here:
        return Fate.HERE
    return Fate.TOO_LATE if is_late else None


def address_of(row: RosterImportRow) -> str:
    try:
        return normal_address(row.email)
    except ValueError:
        return ""


def counted_fates(foreseen: Sequence[Foreseen]) -> Counter[Fate]:
    """How many rows meet which fate."""
    return Counter(one.fate for one in foreseen)
