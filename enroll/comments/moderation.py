"""What moderators decide, about one comment or many at once, and how it is undone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from enroll.comments import letters
from enroll.comments.models import Comment, CommentEvent, ModerationAct
from enroll.comments.moving import asks, lock, move, teach
from enroll.comments.records import Appeal
from enroll.comments.states import (
    COMMENT_MOVES,
    TURNED_DOWN,
    CommentState,
    Verb,
)
from enroll.db import db
from enroll.refusal import Refused

CLAIM = timedelta(minutes=10)
AT_ONCE = 500  # look-alikes decided with one press; the rest is a row again


class NoReason(Refused):
    """Turning a comment down needs a reason that its author can read."""


class Seen(NamedTuple):
    """A comment as the moderator saw it. `alike_until`: decide its look-alikes up to this id too."""

    comment_id: int
    version: int
    alike_until: int | None = None


class Outcome(StrEnum):
    """What became of one comment of a decision."""

    DONE = "done"
    ALREADY = "already"  # it stands so already: pressed twice, or a colleague thought the same
    CONFLICT = "conflict"  # somebody was faster, or the author changed the text
    APPEALED = "appealed"  # its author has asked for another pair of eyes: decided there
    GONE = "gone"  # taken back or removed meanwhile


class Result(NamedTuple):
    """The outcome for one comment."""

    comment_id: int
    outcome: Outcome


class Decision(NamedTuple):
    """One press of a button: its number, for undo (None if nothing changed), and each result."""

    act_id: int | None
    results: list[Result]

    def count(self, outcome: Outcome) -> int:
        return sum(one.outcome is outcome for one in self.results)


def decide(
    *,
    verb: Verb,
    seen: Sequence[Seen],
    staff_id: int,
    by: str,
    now: datetime,
    reason_id: int | None = None,
    note: str = "",
) -> Decision:
    """Decide about comments, each compare-and-set on the version the moderator saw.

    Locks them, and the threads they belong to, in the order of their ids. One that changed meanwhile
    is left alone and reported; the others are decided. `by` is the moderator's name, for the history.
    Refuses to turn down without a reason (`NoReason`).
    """
    if verb.needs_reason and reason_id is None and not note:
        raise NoReason
    versions = _with_alike(seen)
    comments = lock(versions)
    appealed = _appealed(versions)
    act = ModerationAct(staff_id=staff_id, verb=verb.value, at=now)
    db.session.add(act)
    db.session.flush()
    results, shown = [], {one.comment_id for one in seen}
    for comment_id, version in versions.items():
        comment = comments.get(comment_id)
        outcome = judge_chance(comment, version, verb, appealed)
        if outcome is Outcome.DONE and comment is not None:
            comment.reason_id, comment.note = reason_id, note
            # Of look-alikes one example is enough: five hundred would drown all other words.
            carry_out(comment, verb, act, by=by, teaches=comment_id in shown)
        results.append(Result(comment_id, outcome))
    if not any(one.outcome is Outcome.DONE for one in results):
        db.session.delete(act)
        db.session.flush()
        return Decision(None, results)
    return Decision(act.id, results)


def carry_out(comment: Comment, verb: Verb, act: ModerationAct, *, by: str, teaches: bool) -> None:
    """A moderator's decision with all that follows: history, lesson, letters."""
    now = act.at
    is_first = comment.published_at is None
    event = move(
        comment,
        verb.target,
        by=by,
        why=f"moderator: {verb}",
        now=now,
        staff_id=act.staff_id,
        act_id=act.id,
    )
    comment.decided_at = now
    comment.first_decided_at = comment.first_decided_at or now
    if teaches:
        teach(comment)
    letters.drop_decisions(comment.id)
    letters.tell_decision(comment, verb, event_id=event.id, now=now)
    if verb is Verb.APPROVE and is_first:
        letters.tell_replies(comment, now=now)
        if asks(comment):  # a moderator may have put it on the list before
            comment.asked_at = comment.asked_at or now


def undo(*, act_id: int, staff_id: int, by: str, now: datetime) -> Decision | None:
    """Take back one press of a button as a whole; `None` if that was done before.

    Each comment returns to where it was, unless somebody has moved it since (a conflict). Letters
    not sent yet are dropped, lessons un-learnt.
    """
    act = db.session.get(ModerationAct, act_id, populate_existing=True, with_for_update=True)
    if act is None or act.undone_at is not None:
        return None
    events = db.session.scalars(
        sa.select(CommentEvent).where(CommentEvent.act_id == act_id).order_by(CommentEvent.id)
    ).all()
    comments = lock([event.comment_id for event in events])
    results = []
    for event in events:
        comment = comments[event.comment_id]
        if comment.version != event.version or event.from_state is None:
            results.append(Result(comment.id, Outcome.CONFLICT))
            continue
        _put_back(comment, event.from_state, staff_id=staff_id, by=by, now=now)
        results.append(Result(comment.id, Outcome.DONE))
    act.undone_at = now
    db.session.flush()
    return Decision(None, results)


def _put_back(
    comment: Comment, target: CommentState, *, staff_id: int, by: str, now: datetime
) -> None:
    move(comment, target, by=by, why="undone", now=now, staff_id=staff_id)
    letters.drop_decisions(comment.id)
    if target not in TURNED_DOWN:
        undecided = sa.delete(Appeal).where(
            Appeal.comment_id == comment.id, Appeal.decided_at.is_(None)
        )
        db.session.execute(undecided)
    if target is CommentState.PENDING:
        comment.published_at = comment.decided_at = comment.asked_at = None
        comment.first_decided_at = None
        comment.reason_id, comment.note = None, ""
    teach(comment)


def claim(
    *, comment_ids: Collection[int], staff_id: int, now: datetime, until: timedelta = CLAIM
) -> int:
    """Say that this moderator reads these just now; answers how many were free. Nobody is kept out."""
    free = sa.or_(
        Comment.claimed_until.is_(None),
        Comment.claimed_until <= now,
        Comment.claimed_by_id == staff_id,
    )
    claimed = db.session.scalars(
        sa.update(Comment)
        .where(Comment.id.in_(comment_ids), Comment.state == CommentState.PENDING, free)
        .values(claimed_by_id=staff_id, claimed_until=now + until)
        .returning(Comment.id)
        .execution_options(synchronize_session=False)
    )
    return len(claimed.all())


def judge_chance(
    comment: Comment | None, version: int, verb: Verb, appealed: Collection[int] = ()
) -> Outcome:
    """May this be decided as it was seen? A wish that is fulfilled already is no conflict."""
    if comment is None or not (
        COMMENT_MOVES.allows(comment.state, verb.target) or comment.state is verb.target
    ):
        return Outcome.GONE
    if comment.state is verb.target:
        return Outcome.ALREADY
    if comment.id in appealed:
        return Outcome.APPEALED
    return Outcome.DONE if comment.version == version else Outcome.CONFLICT


def _with_alike(seen: Sequence[Seen]) -> dict[int, int]:
    """Versions by id: what was seen, and the pending look-alikes that its row stood for."""
    versions = {one.comment_id: one.version for one in seen}
    for one in seen:
        if one.alike_until is None:
            continue
        likeness = sa.select(Comment.likeness).where(Comment.id == one.comment_id)
        alike = db.session.execute(
            sa.select(Comment.id, Comment.version)
            .where(
                Comment.likeness == likeness.scalar_subquery(),
                Comment.state == CommentState.PENDING,
                Comment.id <= one.alike_until,
            )
            .order_by(Comment.id)
            .limit(AT_ONCE)
        )
        for row in alike:
            versions.setdefault(row.id, row.version)
    return dict(sorted(versions.items()))


def _appealed(comment_ids: Collection[int]) -> set[int]:
    open_appeals = sa.select(Appeal.comment_id).where(
        Appeal.comment_id.in_(comment_ids), Appeal.decided_at.is_(None)
    )
    return set(db.session.scalars(open_appeals))
