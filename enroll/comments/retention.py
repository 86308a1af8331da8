"""Empties what has been kept long enough, and writes down that it was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from enroll.comments.editing import forget_text
from enroll.comments.letters import REPLIES
from enroll.comments.models import Comment, CommentAuthor
from enroll.comments.moving import lock, move
from enroll.comments.own import forget_author
from enroll.comments.records import PrivateQuestion, Report, Retention
from enroll.comments.states import CommentState, QuestionState
from enroll.db import db
from enroll.mail.models import Subscription

NETWORKS_KEPT = timedelta(days=30)
UNCONFIRMED_KEPT = timedelta(days=30)
AT_ONCE = 200


def clear_out(*, days: int, now: datetime) -> Retention | None:
    """Empty network hashes and unconfirmed comments after 30 days, and the addresses of authors who
    gave no sign for so many `days`: their published comments stay, with the name.

    At most 200 of each a run. Answers the record of it; `None` if there was nothing to do.
    """
    networks = _networks(now - NETWORKS_KEPT)
    unconfirmed = _unconfirmed(now)
    addresses = _addresses(now - timedelta(days=days), now)
    if not (networks or unconfirmed or addresses):
        return None
    done = Retention(at=now, networks=networks, addresses=addresses, unconfirmed=unconfirmed)
    db.session.add(done)
    db.session.flush()
    return done


def _networks(before: datetime) -> int:
    emptied = 0
    for table, at in (
        (Comment, Comment.created_at),
        (PrivateQuestion, PrivateQuestion.created_at),
        (Report, Report.made_at),
    ):
        old = sa.select(table.id).where(table.network.is_not(None), at < before).limit(AT_ONCE)
        done = db.session.scalars(
            sa.update(table)
            .where(table.id.in_(old))
            .values(network=None)
            .returning(table.id)
            .execution_options(synchronize_session=False)
        )
        emptied += len(done.all())
    return emptied


def _unconfirmed(now: datetime) -> int:
    before = now - UNCONFIRMED_KEPT
    old = db.session.scalars(
        sa.select(Comment.id)
        .where(Comment.state == CommentState.UNCONFIRMED, Comment.created_at < before)
        .order_by(Comment.id)
        .limit(AT_ONCE)
    ).all()
    gone = 0
    for number, comment in lock(old).items():
        if number in old and comment.state is CommentState.UNCONFIRMED:
            move(comment, CommentState.REMOVED, by="clock", why="nobody confirmed it", now=now)
            forget_text(comment)
            comment.name = comment.body = ""
            comment.network = comment.nonce = comment.confirm_token = None
            gone += 1
    questions = db.session.scalars(
        sa.update(PrivateQuestion)
        .where(
            PrivateQuestion.state == QuestionState.UNCONFIRMED, PrivateQuestion.created_at < before
        )
        .values(state=QuestionState.CLOSED, name="", body="", confirm_token=None, network=None)
        .returning(PrivateQuestion.id)
        .execution_options(synchronize_session=False)
    )
    return gone + len(questions.all())


def _addresses(before: datetime, now: datetime) -> int:
    """Authors without a sign since then; a live subscription or something undecided is one."""
    old: Sequence[CommentAuthor] = db.session.scalars(
        sa.select(CommentAuthor)
        .where(
            CommentAuthor.erased_at.is_(None),
            CommentAuthor.created_at < before,
            ~_has(Comment, Comment.created_at >= before),
            ~_has(Comment, Comment.state.in_([CommentState.PENDING, CommentState.RETURNED])),
            ~_has(PrivateQuestion, PrivateQuestion.created_at >= before),
            ~_has(PrivateQuestion, PrivateQuestion.state == QuestionState.OPEN),
            ~sa.exists().where(
                Subscription.email == CommentAuthor.email,
                Subscription.topic.startswith(REPLIES),
                Subscription.ended_at.is_(None),
            ),
        )
        .order_by(CommentAuthor.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for author in old:
        ids = db.session.scalars(sa.select(Comment.id).where(Comment.author_id == author.id)).all()
        forget_author(author, ids, now=now)
    return len(old)


def _has(table: type[Comment] | type[PrivateQuestion], which: sa.ColumnElement[bool]) -> sa.Exists:
    return sa.exists().where(table.author_id == CommentAuthor.id, which)
