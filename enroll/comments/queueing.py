"""What moderators see: the queue with evidence and context, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from enroll.comments.evidence import Finding
from enroll.comments.indexing import holding
from enroll.comments.models import (
    Comment,
    CommentEvent,
    CommentFinding,
    CommentText,
    ModerationAct,
)
from enroll.comments.records import Report
from enroll.comments.states import TURNED_DOWN, CommentState
from enroll.db import db

ROWS, SPAM_ROWS = 25, 50
FOUND = 200  # the newest comments that hold the words sought


class Filter(NamedTuple):
    """What the moderator wants to see; kept in the address of the page."""

    state: CommentState | None = CommentState.PENDING  # None: whatever became of it
    page: str = ""
    rule: str = ""
    author: int = 0
    words: str = ""

    @property
    def is_queue(self) -> bool:
        """The plain queue: look-alikes together, likely spam apart."""
        return self == Filter()


class Record(NamedTuple):
    """What became of an author's comments."""

    published: int = 0
    turned_down: int = 0
    waiting: int = 0


class Row(NamedTuple):
    """A comment as the queue shows it. `alike` stand for it; `until` is the last of them."""

    comment: Comment
    findings: Sequence[Finding]
    record: Record
    answered: Comment | None
    alike: int
    until: int


class Queue(NamedTuple):
    """The rows of one page; how many there are in all; where the next page begins."""

    rows: Sequence[Row]
    total: int
    more: int | None


def queue(wanted: Filter, *, likely_spam: bool | None, after: int = 0, limit: int = ROWS) -> Queue:
    """Comments for moderators from one id on. Waiting ones oldest first, others newest first.

    `likely_spam` picks one part of the plain queue; there, of look-alikes only the first is shown.
    """
    where = _where(wanted, likely_spam)
    oldest_first = wanted.state is CommentState.PENDING
    found = (
        sa.select(Comment)
        .options(joinedload(Comment.author), joinedload(Comment.claimed_by))
        .where(*where)
        .order_by(Comment.id if oldest_first else Comment.id.desc())
        .limit(limit + 1)
    )
    if after:
        found = found.where(Comment.id > after if oldest_first else Comment.id < after)
    if wanted.is_queue:
        found = found.where(~_earlier_alike())
    comments = list(db.session.scalars(found))
    more = comments[limit - 1].id if len(comments) > limit else None
    total = db.session.scalar(sa.select(sa.func.count()).select_from(Comment).where(*where)) or 0
    return Queue(dress(comments[:limit], together=wanted.is_queue), total, more)


def dress(comments: Sequence[Comment], *, together: bool = False) -> list[Row]:
    """Comments with all that helps to decide about them; four queries for any number."""
    ids = [one.id for one in comments]
    findings = findings_of(ids)
    records = _records({one.author_id for one in comments if one.author_id})
    answered = _answered({one.reply_to_id for one in comments if one.reply_to_id})
    alike = _alike([one.likeness for one in comments]) if together else {}
    return [
        Row(
            comment=one,
            findings=findings[one.id],
            record=records[one.author_id or 0],
            answered=answered.get(one.reply_to_id or 0),
            alike=alike.get(one.likeness, (1, one.id))[0] - 1,
            until=alike.get(one.likeness, (1, one.id))[1],
        )
        for one in comments
    ]


def findings_of(comment_ids: Collection[int]) -> Mapping[int, list[Finding]]:
    """What the rules found in each of these as it last was judged, the weightiest first."""
    rows = db.session.execute(
        sa.select(
            CommentFinding.comment_id,
            CommentFinding.version,
            CommentFinding.rule,
            CommentFinding.weight,
            CommentFinding.holds,
            CommentFinding.facts,
        )
        .where(CommentFinding.comment_id.in_(comment_ids))
        .order_by(CommentFinding.version.desc(), CommentFinding.weight.desc())
    )
    found: dict[int, list[Finding]] = defaultdict(list)
    latest: dict[int, int] = {}
    for row in rows:
        if latest.setdefault(row.comment_id, row.version) == row.version:
            found[row.comment_id].append(Finding(row.rule, row.weight, row.holds, row.facts))
    return found


class Told(NamedTuple):
    """Everything about one comment."""

    row: Row
    history: Sequence[CommentEvent]
    texts: Sequence[CommentText]
    reports: Sequence[Report]


def tell(comment_id: int) -> Told | None:
    """One comment with its whole history, earlier texts and reports."""
    comment = db.session.scalar(
        sa.select(Comment)
        .options(
            joinedload(Comment.author),
            joinedload(Comment.claimed_by),
            joinedload(Comment.reason),
            joinedload(Comment.staff),
        )
        .where(Comment.id == comment_id)
    )
    if comment is None:
        return None
    return Told(
        dress([comment])[0],
        db.session.scalars(
            sa.select(CommentEvent)
            .where(CommentEvent.comment_id == comment_id)
            .order_by(CommentEvent.id)
        ).all(),
        db.session.scalars(
            sa.select(CommentText)
            .where(CommentText.comment_id == comment_id)
            .order_by(CommentText.version)
        ).all(),
        db.session.scalars(
            sa.select(Report).where(Report.comment_id == comment_id).order_by(Report.id)
        ).all(),
    )


def last_event(comment_id: int) -> CommentEvent | None:
    """The latest move of a comment: who was faster."""
    return db.session.scalar(
        sa.select(CommentEvent)
        .where(CommentEvent.comment_id == comment_id)
        .order_by(CommentEvent.id.desc())
        .limit(1)
    )


class LastAct(NamedTuple):
    """A moderator's latest press that can still be undone."""

    id: int
    verb: str
    at: datetime
    count: int


def last_act(*, staff_id: int, since: datetime) -> LastAct | None:
    """What this moderator did last, if it was since then and is not undone."""
    act = db.session.scalar(
        sa.select(ModerationAct)
        .where(ModerationAct.staff_id == staff_id)
        .order_by(ModerationAct.id.desc())
        .limit(1)
    )
    if act is None or act.undone_at is not None or act.at < since:
        return None
    events = sa.select(sa.func.count()).where(CommentEvent.act_id == act.id)
    return LastAct(act.id, act.verb, act.at, db.session.scalar(events) or 0)


def pages_waiting() -> Sequence[str]:
    """The pages under which something waits."""
    waiting = (
        sa.select(Comment.page)
        .where(Comment.state == CommentState.PENDING)
        .distinct()
        .order_by(Comment.page)
        .limit(100)
    )
    return db.session.scalars(waiting).all()


def _where(wanted: Filter, likely_spam: bool | None) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if wanted.state is not None:
        where.append(Comment.state == wanted.state)
    if likely_spam is not None:
        where.append(Comment.is_likely_spam == likely_spam)
    if wanted.page:
        where.append(Comment.page == wanted.page)
    if wanted.author:
        where.append(Comment.author_id == wanted.author)
    if wanted.rule:
        fired = sa.select(CommentFinding.comment_id).where(CommentFinding.rule == wanted.rule)
        where.append(Comment.id.in_(fired))
    if wanted.words:
        where.append(Comment.id.in_(holding(wanted.words, limit=FOUND) or []))
    return where


def _earlier_alike() -> sa.Exists:
    """Does the same wait already, written earlier?"""
    other = aliased(Comment)
    return sa.exists().where(
        other.likeness == Comment.likeness,
        other.state == CommentState.PENDING,
        other.id < Comment.id,
    )


def _alike(likenesses: Collection[str]) -> dict[str, tuple[int, int]]:
    """How many wait with each of these fingerprints, and the last one's id."""
    rows = db.session.execute(
        sa.select(Comment.likeness, sa.func.count(), sa.func.max(Comment.id))
        .where(Comment.likeness.in_(likenesses), Comment.state == CommentState.PENDING)
        .group_by(Comment.likeness)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _records(author_ids: Collection[int]) -> Mapping[int, Record]:
    rows = db.session.execute(
        sa.select(Comment.author_id, Comment.state, sa.func.count())
        .where(Comment.author_id.in_(author_ids))
        .group_by(Comment.author_id, Comment.state)
    )
    found: dict[int, Record] = defaultdict(Record)
    for author_id, state, number in rows:
        record = found[author_id]
        if state is CommentState.APPROVED:
            found[author_id] = record._replace(published=number)
        elif state in TURNED_DOWN:
            found[author_id] = record._replace(turned_down=record.turned_down + number)
        elif state is CommentState.PENDING:
            found[author_id] = record._replace(waiting=number)
    return found


def _answered(comment_ids: Collection[int]) -> dict[int, Comment]:
    rows = db.session.scalars(sa.select(Comment).where(Comment.id.in_(comment_ids)))
    return {one.id: one for one in rows}
