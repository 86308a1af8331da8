"""The activity log: every staff action writes one row, in the transaction of what was done.

A face names the colleague who acts; whatever is committed then takes the row along. So no verb and
no page can forget it, and what was rolled back was never logged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session

from enroll.accounts.models import Activity, Staff
from enroll.db import Moment, db, is_writing

_ACTOR = "actor"
LONGEST_FIELDS = 400
LONGEST_OBJECT = 200


@dataclass
class Actor:
    """Who acts in this request, on what, and from where; `staff_id` empty until it is proved who."""

    staff_id: int | None
    action: str
    object: str
    at: datetime
    fields: tuple[str, ...] = ()
    network: str = ""
    session_id: int | None = None
    is_written: bool = False  # in the transaction that runs
    is_logged: bool = False  # in one that was committed


def act_as(actor: Actor) -> None:
    """From now on this session's first commit writes down what this colleague does."""
    db.session.info[_ACTOR] = actor


def acting() -> Actor | None:
    """Who acts in this session, if anybody was named."""
    found: Actor | None = db.session.info.get(_ACTOR)
    return found


def proved(staff_id: int) -> None:
    """Whoever presses a button has just proved who they are: what it does is their own action."""
    if (actor := acting()) is not None:
        actor.staff_id = staff_id


def log_now() -> None:
    """Write the row although nothing else is written: for exports. Inside `atomically`."""
    if (actor := acting()) is not None and not actor.is_written:
        _write(db.session, actor)


def _log(session: Session) -> None:
    actor = session.info.get(_ACTOR)
    # Until somebody is proved, what is written (a counted try) is nobody's action.
    if actor is not None and actor.staff_id and not actor.is_written and is_writing():
        _write(session, actor)


def _write(session: Session | scoped_session[Any], actor: Actor) -> None:
    session.execute(
        sa.insert(Activity),
        {
            "at": actor.at,
            "staff_id": actor.staff_id,
            "action": actor.action,
            "object": actor.object[:LONGEST_OBJECT],
            "fields": ", ".join(actor.fields)[:LONGEST_FIELDS],
            "network": actor.network,
            "session_id": actor.session_id,
        },
    )
    actor.is_written = True


def _keep(session: Session) -> None:
    actor = session.info.get(_ACTOR)
    if actor is not None and actor.is_written:
        actor.is_logged = True


def _forget(session: Session) -> None:
    """What is rolled back takes its row along: the next try writes its own."""
    actor = session.info.get(_ACTOR)
    if actor is not None:
        actor.is_written = actor.is_logged


sa.event.listen(db.session, "before_commit", _log)
sa.event.listen(db.session, "after_commit", _keep)
sa.event.listen(db.session, "after_rollback", _forget)


# ---------------------------------------------------------------- reading


def find_activity(
    *,
    staff_id: int | None = None,
    action: str = "",
    object: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int,
) -> list[tuple[Activity, str]]:
    """Rows with the colleague's name, the latest first; `before` is the id to go on from.

    `object` finds everything at that address and below it; `until` is the first moment not wanted.
    """
    return [
        (row[0], row[1] or "")
        for row in db.session.execute(
            _query(staff_id, action, object, since, until, before).limit(limit)
        )
    ]


def all_activity(**wanted: Any) -> Iterator[tuple[Activity, str]]:
    """All rows of a search, the latest first, a thousand at a time."""
    before: int | None = None
    while rows := find_activity(**wanted, before=before, limit=1000):
        yield from rows
        before = rows[-1][0].id


def actions() -> list[str]:
    """Every action that was ever logged, by name: a walk over the index, not over the rows."""
    table = Activity.__table__
    first = sa.select(sa.func.min(table.c.action).label("action")).cte("steps", recursive=True)
    after = (
        sa.select(sa.func.min(table.c.action))
        .where(table.c.action > first.c.action)
        .scalar_subquery()
    )
    steps = first.union_all(sa.select(after).where(first.c.action.is_not(None)))
    found = db.session.scalars(sa.select(steps.c.action).where(steps.c.action.is_not(None)))
    return list(found)


def _query(
    staff_id: int | None,
    action: str,
    object: str,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
) -> sa.Select[Any]:
    query = sa.select(Activity, Staff.name).outerjoin(Staff, Staff.id == Activity.staff_id)
    if staff_id is not None:
        query = query.where(Activity.staff_id == staff_id)
    if action:
        query = query.where(Activity.action == action)
    if object:
        # A range, not LIKE: both databases use the index for it. "0" comes right after "/".
        query = query.where(
            sa.or_(
                Activity.object == object,
                sa.and_(Activity.object > f"{object}/", Activity.object < f"{object}0"),
            )
        )
    if since is not None:
        query = query.where(Activity.at >= since)
    if until is not None:
        query = query.where(Activity.at < until)
    if before is not None:
        query = query.where(Activity.id < before)
    return query.order_by(Activity.id.desc())


def last_done(actions: Collection[str]) -> dict[str, datetime]:
    """When one of these actions was last done, by the address it was done to."""
    at = sa.func.max(Activity.at, type_=Moment())
    query = sa.select(Activity.object, at).where(Activity.action.in_(actions))
    rows = db.session.execute(query.group_by(Activity.object))
    return {row.object: row[1] for row in rows}
