"""What is told on the telephone instead of written: one task per letter, ticked by whom and when."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from enroll.db import db, dialect_name, insert_once
from enroll.mail.models import Letter, PhoneTask
from enroll.mail.states import BY_TELEPHONE, NO_MAILBOX, LetterState

MOST = 100


class Task(NamedTuple):
    """One thing to tell somebody, or told: what the letter says and whom it is about."""

    id: int
    letter_id: int
    about: str
    kind: str
    context: dict[str, Any]
    written_at: datetime
    told_at: datetime | None
    told_by: str
    is_over: bool  # nobody needs to be told any more

    @property
    def is_open(self) -> bool:
        """Is somebody still to be told?"""
        return self.told_at is None and not self.is_over


def make_task(letter_id: int) -> None:
    """Somebody is to be told this letter; once, however often it is asked for."""
    insert = insert_once(dialect_name(), PhoneTask.__table__, PhoneTask.letter_id)
    db.session.execute(insert, {"letter_id": letter_id})


def untold(*, limit: int = MOST) -> Sequence[Task]:
    """What is still to be told, the oldest first."""
    return _tasks(_is_open(), limit=limit)


def tasks_about(about_in: Collection[str]) -> Sequence[Task]:
    """All there was and is to tell about these things, the oldest first."""
    return _tasks(Letter.about.in_(about_in), limit=None)


def tick(*, task_id: int, about: str, by: str, now: datetime) -> bool | None:
    """The person has been told. Twice is fine: answers whether this very press ticked it.

    `None` where this thing has no such task.
    """
    task = db.session.scalar(
        sa.select(PhoneTask)
        .join(Letter, Letter.id == PhoneTask.letter_id)
        .where(PhoneTask.id == task_id, Letter.about == about)
        .with_for_update(of=PhoneTask)
        .execution_options(populate_existing=True)
    )
    if task is None:
        return None
    if task.told_at is not None:
        return False
    task.told_at, task.told_by = now, by
    db.session.flush()
    return True


def tick_reached(*, letter_id: int, by: str, now: datetime) -> bool | None:
    """Whom this letter did not reach was reached by telephone, or needs it no more. Twice is fine:
    answers whether this very press ticked it.

    `None` where there is no such letter, or nothing is known to be wrong with it.
    """
    lost = [LetterState.FAILED, LetterState.UNKNOWN]
    found = sa.select(Letter.id).where(Letter.id == letter_id, Letter.state.in_(lost))
    if db.session.scalar(found) is None:
        return None
    make_task(letter_id)
    ticked = db.session.scalars(
        sa.update(PhoneTask)
        .where(PhoneTask.letter_id == letter_id, PhoneTask.told_at.is_(None))
        .values(told_at=now, told_by=by)
        .returning(PhoneTask.id)
        .execution_options(synchronize_session=False)
    )
    return bool(ticked.all())


def was_reached() -> sa.ColumnElement[bool]:
    """Of a letter in a query: was its reader reached by telephone?"""
    return sa.exists().where(PhoneTask.letter_id == Letter.id, PhoneTask.told_at.is_not(None))


def tick_all(*, about: str, by: str, now: datetime) -> None:
    """The person is on the telephone and hears all of it."""
    letters = sa.select(Letter.id).where(Letter.about == about, Letter.last_error == BY_TELEPHONE)
    db.session.execute(
        sa.update(PhoneTask)
        .where(PhoneTask.letter_id.in_(letters), PhoneTask.told_at.is_(None))
        .values(told_at=now, told_by=by)
        .execution_options(synchronize_session=False)
    )


def letters_to_nobody() -> Iterator[str]:
    """What the audit asks: was anything ever sent to who has no mailbox, or not made a task?"""
    task = sa.exists().where(PhoneTask.letter_id == Letter.id)
    waits = Letter.state.in_([LetterState.QUEUED, LetterState.CLAIMED])  # the worker makes the task
    is_right = sa.and_(Letter.state == LetterState.SUPPRESSED, task)
    wrong = sa.select(Letter.id, Letter.state).where(
        Letter.recipient.endswith(f"@{NO_MAILBOX}"), ~is_right, ~waits
    )
    for row in db.session.execute(wrong):
        yield f"letter {row.id}: {row.state.value}, but nobody has that mailbox, and nobody is told"


def _is_open() -> sa.ColumnElement[bool]:
    return sa.and_(PhoneTask.told_at.is_(None), Letter.last_error == BY_TELEPHONE)


def _tasks(condition: sa.ColumnElement[bool], *, limit: int | None) -> Sequence[Task]:
    rows = db.session.execute(
        sa.select(
            PhoneTask.id,
            PhoneTask.letter_id,
            Letter.about,
            Letter.kind,
            Letter.context,
            Letter.written_at,
            PhoneTask.told_at,
            PhoneTask.told_by,
            Letter.last_error != BY_TELEPHONE,
        )
        .join(Letter, Letter.id == PhoneTask.letter_id)
        .where(condition)
        .order_by(PhoneTask.id)
        .limit(limit)
    )
    return [Task(*row) for row in rows]
