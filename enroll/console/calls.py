"""Whom to telephone, because they have no mailbox, and what to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from enroll.console.telling import words_to_say
from enroll.db import db
from enroll.mail.models import Letter
from enroll.mail.telephone import Task, tasks_about, untold
from enroll.registrations.letters import about
from enroll.registrations.models import Registration


class Call(NamedTuple):
    """One thing to tell one person."""

    one: Registration
    task: Task
    say: str


def calls_to_make() -> list[Call]:
    """What is still to be told to anybody, the oldest first: two queries."""
    tasks = [task for task in untold() if task.about.startswith("registration:")]
    ids = {int(task.about.partition(":")[2]) for task in tasks}
    rows = db.session.scalars(
        sa.select(Registration)
        .options(joinedload(Registration.batch))
        .where(Registration.id.in_(ids))
    )
    return _calls({about(one.id): one for one in rows}, tasks)


def calls_to(one: Registration) -> list[Call]:
    """What this person is still to be told."""
    tasks = tasks_about([about(one.id)])
    return _calls({about(one.id): one}, [task for task in tasks if task.is_open])


def last_words(one: Registration) -> str:
    """What the latest letter to this person says, in the words one speaks; sent or not."""
    letter = db.session.execute(
        sa.select(Letter.kind, Letter.context)
        .where(Letter.about == about(one.id))
        .order_by(Letter.id.desc())
        .limit(1)
    ).one_or_none()
    return words_to_say(letter.kind, letter.context) if letter else ""


def _calls(people: dict[str, Registration], tasks: Sequence[Task]) -> list[Call]:
    return [
        Call(people[task.about], task, words_to_say(task.kind, task.context))
        for task in tasks
        if task.about in people
    ]
