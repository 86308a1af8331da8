"""What today's rules would have done with yesterday's comments, against what moderators decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from enroll.comments.evidence import RULE_SET, holds
from enroll.comments.judging import find
from enroll.comments.models import Comment
from enroll.comments.states import CommentState
from enroll.db import db

DECIDED = (CommentState.APPROVED, CommentState.REJECTED, CommentState.SPAM)


class Replay(NamedTuple):
    """`outcomes` counts (held today, decided then); `rules` counts (rule, decided then)."""

    rule_set: int
    outcomes: Counter[tuple[bool, str]]
    rules: Counter[tuple[str, str]]
    differ: list[int]  # spam that would be published, honest comments that would newly be held


def replay(*, since: datetime) -> Replay:
    """Judge every comment decided that was written since then; writes nothing.

    The circumstances are those frozen at the time; what the classifier knows is of today.
    """
    outcomes: Counter[tuple[bool, str]] = Counter()
    rules: Counter[tuple[str, str]] = Counter()
    differ: list[int] = []
    for comment in _decided(since):
        findings = find(comment.name, comment.body, comment.circumstances)
        is_held = holds(findings)
        outcomes[is_held, comment.state.value] += 1
        for rule in {one.rule for one in findings}:
            rules[rule, comment.state.value] += 1
        if is_held is (comment.state is CommentState.APPROVED):
            differ.append(comment.id)
    return Replay(RULE_SET, outcomes, rules, differ)


def _decided(since: datetime) -> Iterator[Comment]:
    rows = db.session.scalars(
        sa.select(Comment)
        .where(
            Comment.created_at >= since,
            Comment.state.in_(DECIDED),
            Comment.staff_id.is_(None),
            Comment.rule_set > 0,
        )
        .order_by(Comment.id)
        .execution_options(yield_per=500)
    )
    yield from (one for one in rows if one.circumstances)
