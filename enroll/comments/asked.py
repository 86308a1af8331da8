"""What waits for staff beside the queue: questions, appeals and reports, the longest waiting first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from enroll.comments.models import Comment, CommentEvent
from enroll.comments.records import Appeal, PrivateQuestion, Report
from enroll.comments.states import TURNED_DOWN, CommentState, QuestionState
from enroll.db import db

MOST = 50

_ASKED = (Comment.asked_at.is_not(None), Comment.state == CommentState.APPROVED)
_OPEN = PrivateQuestion.state == QuestionState.OPEN


class Asked(NamedTuple):
    """A published comment that asks the institute, and what it replies to."""

    comment: Comment
    answered: Comment | None


class OpenAppeal(NamedTuple):
    """An appeal, its comment with the reason given, and the decision it is made against."""

    appeal: Appeal
    comment: Comment
    decision: CommentEvent | None


class Reported(NamedTuple):
    """A comment that readers complain of: what they say, by the text that each of them saw."""

    comment: Comment
    texts: Mapping[str, Sequence[Report]]
    until: int  # the last report shown

    @property
    def reports(self) -> list[Report]:
        return [one for reports in self.texts.values() for one in reports]

    @property
    def has_changed(self) -> bool:
        """Does it say today what nobody has reported?"""
        return self.comment.body not in self.texts


def asked_openly() -> list[Asked]:
    """Comments that staff should answer, the longest waiting first."""
    other = aliased(Comment)
    rows = db.session.execute(
        sa.select(Comment, other)
        .outerjoin(other, other.id == Comment.reply_to_id)
        .where(*_ASKED)
        .order_by(Comment.asked_at, Comment.id)
        .limit(MOST)
    )
    return [Asked(row[0], row[1]) for row in rows]


def asked_privately() -> Sequence[PrivateQuestion]:
    """Open private questions: likely spam last, the longest waiting first."""
    return db.session.scalars(
        sa.select(PrivateQuestion)
        .options(joinedload(PrivateQuestion.author))
        .where(_OPEN)
        .order_by(PrivateQuestion.is_likely_spam, PrivateQuestion.id)
        .limit(MOST)
    ).all()


class Numbers(NamedTuple):
    """How many questions wait in all, also those that the lists leave off."""

    openly: int
    privately: int


def count_asked() -> Numbers:
    """How many wait for an answer."""
    openly = sa.select(sa.func.count()).select_from(Comment).where(*_ASKED)
    privately = sa.select(sa.func.count()).select_from(PrivateQuestion).where(_OPEN)
    return Numbers(db.session.scalar(openly) or 0, db.session.scalar(privately) or 0)


def question(number: int) -> PrivateQuestion | None:
    """One private question, with who asked."""
    return db.session.scalar(
        sa.select(PrivateQuestion)
        .options(joinedload(PrivateQuestion.author))
        .where(PrivateQuestion.id == number)
    )


def answers_to(comment: Comment) -> Sequence[Comment]:
    """What the institute has answered to this comment so far, the first answer first."""
    return db.session.scalars(
        sa.select(Comment)
        .where(
            Comment.parent_id == (comment.parent_id or comment.id),
            Comment.state == CommentState.APPROVED,
            Comment.reply_to_id == comment.id,
            Comment.staff_id.is_not(None),
        )
        .order_by(Comment.id)
    ).all()


def open_appeals() -> list[OpenAppeal]:
    """Appeals to be decided, the longest waiting first; two queries for any number."""
    rows = db.session.execute(
        sa.select(Appeal, Comment)
        .join(Comment, Comment.id == Appeal.comment_id)
        .options(joinedload(Comment.reason))
        .where(Appeal.decided_at.is_(None))
        .order_by(Appeal.id)
        .limit(MOST)
    ).all()
    decisions = _turned_down([row[1].id for row in rows])
    return [OpenAppeal(row[0], row[1], decisions.get(row[1].id)) for row in rows]


def open_reports() -> list[Reported]:
    """Reports nobody has closed, by comment, the longest waiting first."""
    rows = db.session.execute(
        sa.select(Report, Comment)
        .join(Comment, Comment.id == Report.comment_id)
        .where(Report.closed_at.is_(None))
        .order_by(Report.id)
        .limit(4 * MOST)
    )
    comments: dict[int, Comment] = {}
    texts: dict[int, dict[str, list[Report]]] = {}
    for report, comment in rows:
        comments[comment.id] = comment
        texts.setdefault(comment.id, {}).setdefault(report.body, []).append(report)
    return [
        Reported(
            comments[number],
            found,
            max(one.id for reports in found.values() for one in reports),
        )
        for number, found in texts.items()
    ]


def _turned_down(comment_ids: Collection[int]) -> dict[int, CommentEvent]:
    """Who turned each of these down, and when; the latest such decision."""
    events = db.session.scalars(
        sa.select(CommentEvent)
        .where(CommentEvent.comment_id.in_(comment_ids), CommentEvent.to_state.in_(TURNED_DOWN))
        .order_by(CommentEvent.id)
    )
    return {event.comment_id: event for event in events}
