"""Brings a list of people into a batch: looked at first, then in the worker, each row exactly once.

Imported people are there on staff's word, like those registered by hand: enrolled while a seat is
free and nobody waits for it, else last on the waitlist.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from enroll.batches.facts import batch_facts
from enroll.db import db
from enroll.mail.outbox import drop
from enroll.phones import normal_phone
from enroll.refusal import Refused
from enroll.registrations import letters
from enroll.registrations.allocation import promote
from enroll.registrations.arriving import RegistrationClosed, WaitlistFull
from enroll.registrations.clashes import Clash
from enroll.registrations.import_fates import address_of, plain_fate
from enroll.registrations.import_rows import RosterImport, RosterImportRow
from enroll.registrations.import_states import IMPORT_MOVES, Fate, ImportState, RowState
from enroll.registrations.letters import PROMISED
from enroll.registrations.locking import lock_seating
from enroll.registrations.models import Registration
from enroll.registrations.states import LIVE, State
from enroll.registrations.tables import Line
from enroll.registrations.telephoning import Caller, enter_listed, refuse_out_of_time

AT_ONCE = 25  # rows in one transaction, under the batch's lock
KEPT = timedelta(days=30)


class NotSo(Refused):
    """The list is in no state for this; `state` says in which."""


def bring(
    *,
    batch_id: int,
    key: str,
    filename: str,
    lines: Sequence[Line],
    by_id: int,
    now: datetime,
) -> RosterImport:
    """Keep the rows of a file, to be looked at. The same `key` again answers the same list."""
    mine = sa.select(RosterImport).where(RosterImport.batch_id == batch_id, RosterImport.key == key)
    if (there := db.session.scalar(mine)) is not None:
        return there
    IMPORT_MOVES.check(None, ImportState.LOOKED_AT)
    made = RosterImport(
        batch_id=batch_id,
        key=key,
        state=ImportState.LOOKED_AT,
        filename=filename[:200],
        by_id=by_id,
        read_at=now,
    )
    db.session.add(made)
    db.session.flush()
    db.session.execute(
        sa.insert(RosterImportRow),
        [{"import_id": made.id, "state": RowState.WAITING, **line._asdict()} for line in lines],
    )
    return made


# ---------------------------------------------------------------- staff


def start(*, import_id: int, word: str, is_told: bool, now: datetime) -> bool:
    """Let the worker begin, or go on. Twice is fine: answers whether it changed. Refuses with `NotSo`."""
    made = _locked(import_id)
    if made.state is ImportState.RUNNING:
        return False
    _move(made, ImportState.RUNNING)
    made.word, made.is_told = word, is_told
    made.started_at = made.started_at or now
    made.ended_at = None
    db.session.flush()
    return True


def stop(*, import_id: int, now: datetime) -> bool:
    """No further row is taken. Twice is fine: answers whether it changed. Refuses with `NotSo`."""
    made = _locked(import_id)
    if made.state is ImportState.STOPPED:
        return False
    _move(made, ImportState.STOPPED)
    made.ended_at = now
    db.session.flush()
    return True


# ---------------------------------------------------------------- the worker


def running() -> tuple[int, int] | None:
    """The list that has run longest, and its batch; most of the time there is none."""
    row = db.session.execute(
        sa.select(RosterImport.id, RosterImport.batch_id)
        .where(RosterImport.state == ImportState.RUNNING)
        .order_by(RosterImport.id)
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def work_on(*, import_id: int, batch_id: int, consent_version: str, now: datetime) -> int:
    """Decide the next rows in one transaction; answers how many.

    Locks the batch exclusively, then the list: two workers take turns, and a killed one leaves whole
    rows only.
    """
    lock_seating(batch_id)
    made = _locked(import_id)
    if made.state is not ImportState.RUNNING:
        return 0
    rows = db.session.scalars(
        sa.select(RosterImportRow)
        .where(RosterImportRow.import_id == import_id, RosterImportRow.state == RowState.WAITING)
        .order_by(RosterImportRow.number)
        .limit(AT_ONCE)
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        fate, taken = _decide(made, row, consent_version, now)
        row.why, row.registration_id = fate.value, taken
        row.state = RowState.TAKEN if fate.is_taken else RowState.LEFT
    if len(rows) < AT_ONCE:
        _move(made, ImportState.DONE)
        made.ended_at = now
    db.session.flush()
    promote(batch_id=batch_id, now=now)
    return len(rows)


def _decide(
    made: RosterImport, row: RosterImportRow, consent_version: str, now: datetime
) -> tuple[Fate, int | None]:
    batch = batch_facts(made.batch_id)
    email = address_of(row)
    plain = plain_fate(row, email, is_late=False, here=_here(made, email), seen=_seen(made, email))
    if plain is not None:
        return plain, None
    caller = Caller(
        name=row.name[:120],
        phone=normal_phone(row.phone[:40]) if row.phone else "",
        email=email,
        background=row.background,
        message=row.message,
        consent_version=consent_version,
    )
    try:
        refuse_out_of_time(batch, now)
        with db.session.begin_nested():
            one = enter_listed(batch, caller, staff_id=made.by_id, now=now)
    except (RegistrationClosed, WaitlistFull, Clash) as refusal:
        return _REFUSED[type(refusal)], None
    if not made.is_told:
        about = letters.about(one.id)
        drop(about=about, kinds=list(PROMISED.values()), why="imported without letters")
    return (Fate.ENROLLED if one.state is State.CONFIRMED else Fate.WAITS), one.id


_REFUSED: dict[type[Refused], Fate] = {
    RegistrationClosed: Fate.TOO_LATE,
    WaitlistFull: Fate.LIST_FULL,
    Clash: Fate.CLASH,
}


def _here(made: RosterImport, email: str) -> set[str]:
    live = sa.exists().where(
        Registration.batch_id == made.batch_id,
        Registration.email == email,
        Registration.state.in_(LIVE),
    )
    return {email} if email and db.session.scalar(sa.select(live)) else set()


def _seen(made: RosterImport, email: str) -> set[str]:
    """Has this very list brought the address already?"""
    taken = (
        sa.exists()
        .where(RosterImportRow.import_id == made.id, RosterImportRow.state == RowState.TAKEN)
        .where(Registration.id == RosterImportRow.registration_id, Registration.email == email)
    )
    return {email} if email and db.session.scalar(sa.select(taken)) else set()


# ---------------------------------------------------------------- forgetting


def empty_old(*, now: datetime) -> int:
    """Empty the rows of lists that ended, or were only looked at, thirty days ago; answers how many lists."""
    at = sa.func.coalesce(RosterImport.ended_at, RosterImport.read_at)
    old = db.session.scalars(
        sa.select(RosterImport.id).where(
            RosterImport.emptied_at.is_(None),
            RosterImport.state != ImportState.RUNNING,
            at < now - KEPT,
        )
    ).all()
    for import_id in old:
        _empty(RosterImportRow.import_id == import_id)
        db.session.execute(
            sa.update(RosterImport).where(RosterImport.id == import_id).values(emptied_at=now)
        )
    return len(old)


def forget_rows(people: Sequence[Registration]) -> None:
    """Empty whatever lists still say of these people."""
    _empty(RosterImportRow.registration_id.in_([one.id for one in people]))
    emails = {one.email for one in people} | {one.letters_to for one in people if one.letters_to}
    _empty(sa.func.lower(RosterImportRow.email).in_(emails))


def _empty(which: sa.ColumnElement[bool]) -> None:
    nothing = dict.fromkeys(("name", "email", "phone", "background", "message"), "")
    db.session.execute(
        sa.update(RosterImportRow)
        .where(which)
        .values(**nothing)
        .execution_options(synchronize_session=False)
    )


def _locked(import_id: int) -> RosterImport:
    return db.session.get_one(RosterImport, import_id, populate_existing=True, with_for_update=True)


def _move(made: RosterImport, state: ImportState) -> None:
    if not IMPORT_MOVES.allows(made.state, state):
        raise NotSo(state=made.state)
    made.state = state
