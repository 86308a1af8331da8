"""Two moderators in two processes, the same comment, the same moment: one decision, one letter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll import clock
from enroll.comments import moderation
from enroll.comments.models import Comment, CommentEvent
from enroll.comments.moderation import Outcome, Seen
from enroll.comments.states import CommentState, Verb
from enroll.db import WRITING, atomically, db
from enroll.mail.models import Letter
from tests.comments import acting

pytestmark = pytest.mark.storm


def press(comment_id: int, version: int, verb: Verb, staff_id: int, by: str) -> str:
    decision = atomically(
        moderation.decide,
        verb=verb,
        seen=[Seen(comment_id, version)],
        staff_id=staff_id,
        by=by,
        note="Because.",
        now=clock.now(),
    )
    return decision.results[0].outcome.value


def naive(comment_id: int, version: int, verb: Verb, staff_id: int, by: str) -> str:
    """Look, then decide: what must not be done."""
    state = db.session.scalar(sa.select(Comment.state).where(Comment.id == comment_id))
    db.session.rollback()
    if state is not CommentState.PENDING:
        return Outcome.CONFLICT.value
    db.session.connection(execution_options=WRITING)
    db.session.execute(sa.update(Comment).where(Comment.id == comment_id).values(state=verb.target))
    db.session.commit()
    return Outcome.DONE.value


@pytest.fixture
def waiting(app: Flask, now: datetime, rounds: int) -> list[tuple[int, int]]:
    comments = [acting.confirmed(f"Words number {n} of a race.", now=now) for n in range(rounds)]
    return [(one.id, one.version) for one in comments]


def test_one_decision_and_one_letter(
    app: Flask, waiting: list[tuple[int, int]], race: Callable[..., list[Any]]
) -> None:
    staff = acting.moderator("a@example.org"), acting.moderator("b@example.org")
    db.session.rollback()
    seen: Counter[str] = Counter()
    for comment_id, version in waiting:
        one = partial(press, comment_id, version, Verb.APPROVE, staff[0], "A")
        other = partial(press, comment_id, version, Verb.REJECT, staff[1], "B")
        answers = race(one, other)
        seen.update(answers)
        assert sorted(answers) == [Outcome.CONFLICT.value, Outcome.DONE.value]
        decided = sa.select(CommentEvent).where(
            CommentEvent.comment_id == comment_id, CommentEvent.act_id.is_not(None)
        )
        assert len(db.session.scalars(decided).all()) == 1
        told = sa.select(Letter).where(
            Letter.about == f"comment:{comment_id}", Letter.kind != "comment_confirm"
        )
        assert len(db.session.scalars(told).all()) == 1
        db.session.rollback()
    assert seen[Outcome.DONE.value] == len(waiting)


def test_looking_first_lets_both_decide(
    app: Flask, waiting: list[tuple[int, int]], race: Callable[..., list[Any]]
) -> None:
    """The negative control: without compare-and-set two decide about one comment."""
    staff = acting.moderator()
    db.session.rollback()
    both = 0
    for comment_id, version in waiting:
        one = partial(naive, comment_id, version, Verb.APPROVE, staff, "A")
        other = partial(naive, comment_id, version, Verb.REJECT, staff, "B")
        both += race(one, other) == [Outcome.DONE.value] * 2
    assert both
