"""Takes what a visitor writes: held until the address is confirmed and a moderator has read it."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from enroll.comments import authors, letters
from enroll.comments.editing import forget_text
from enroll.comments.evidence import FormToken
from enroll.comments.indexing import index
from enroll.comments.judging import Sent, freeze, lately
from enroll.comments.likeness import likeness
from enroll.comments.models import Comment, CommentAuthor, CommentFinding
from enroll.comments.moving import asks, count_reply, lock, move, write_event
from enroll.comments.states import COMMENT_MOVES, CommentState
from enroll.comments.tickets import Ticket
from enroll.db import Again, db, dialect_name, insert_once
from enroll.mail.outbox import was_asked
from enroll.mail.subscriptions import subscribe
from enroll.refusal import Refused


class NoSuchThread(Refused):
    """The comment to be answered is not there any more, or stands under another page."""


class TooMany(Refused):
    """This network has sent more in an hour than people write."""


class Post(NamedTuple):
    """What a visitor sends. `email` in its one spelling; `browser` is the key in its cookie, or empty."""

    page: str
    name: str
    email: str
    body: str
    language: str
    ticket: Ticket
    reply_to: int | None = None
    wants_replies: bool = False
    trap_filled: bool = False
    network: str | None = None
    allowed: int | None = None  # comments this network may send in an hour
    browser: str = ""


def post(*, post: Post, now: datetime) -> Comment:
    """Keep a comment. What the rules doubt is held, never refused; every rule runs.

    It is `unconfirmed` until the mailed link was used, unless this browser confirmed the address
    within 90 days: then `pending`, or at once `approved` where the author is trusted and no rule
    holds it. The same form sent twice with the same words is the same comment. Refuses an answer
    to what is not published (`NoSuchThread`), and a flood (`TooMany`).
    """
    if post.allowed is not None and lately(post.network, now) >= post.allowed:
        raise TooMany
    parent_id = _thread_of(post)
    author = authors.author_for(email=post.email, language=post.language, now=now)
    first = _first_of(post.ticket.nonce)
    if first is not None and (first.author_id, first.body) == (author.id, post.body):
        return first
    says = FormToken.REPLAYED if first is not None else post.ticket.says
    comment = _insert(post, author, parent_id, nonce=None if first else post.ticket.nonce, now=now)
    sent = Sent(says, post.ticket.seconds, post.trap_filled)
    is_held = freeze(comment, sent, now=now)
    index(comment)
    knows = authors.knows_browser(author_id=author.id, key=post.browser, now=now)
    if not knows:
        comment.confirm_token = secrets.token_urlsafe(24)
        letters.ask_to_confirm(comment, author, now=now)
        write_event(comment, None, by="visitor", why="posted", now=now)
        return comment
    _arrive(comment, author, is_held=is_held, source=None, now=now)
    return comment


def confirm(*, token: str, browser: str, now: datetime) -> Comment | None:
    """Whoever the address belongs to says "this is mine"; `browser` is remembered for 90 days.

    Answers the comment, as it is now; `None` if the link is not known any more. A second press is a
    success. Only this comment is confirmed: somebody else may have typed the address into another.
    """
    found = db.session.scalar(sa.select(Comment.id).where(Comment.confirm_token == token))
    if found is None:
        return None
    comment = lock([found])[found]
    author = db.session.get_one(CommentAuthor, comment.author_id)
    author.confirmed_at = author.confirmed_at or now
    authors.remember_browser(author_id=author.id, key=browser, now=now)
    was_asked(about=letters.about(comment.id))
    if comment.state is CommentState.UNCONFIRMED:
        is_held = any_holds(comment)
        _arrive(comment, author, is_held=is_held, source=CommentState.UNCONFIRMED, now=now)
    return comment


def disown(*, token: str, now: datetime) -> bool:
    """Whoever the address belongs to says "I did not write this": it is emptied. False: unknown link."""
    found = db.session.scalar(sa.select(Comment.id).where(Comment.confirm_token == token))
    if found is None:
        return False
    comment = lock([found])[found]
    if comment.state is CommentState.UNCONFIRMED:
        move(comment, CommentState.WITHDRAWN, by="address", why="not written by them", now=now)
        forget_text(comment)
        comment.name = comment.body = ""
    return True


def any_holds(comment: Comment) -> bool:
    """Does a rule's finding about the present text hold it?"""
    latest = sa.select(sa.func.max(CommentFinding.version)).where(
        CommentFinding.comment_id == comment.id
    )
    held = sa.select(CommentFinding.id).where(
        CommentFinding.comment_id == comment.id,
        CommentFinding.version == latest.scalar_subquery(),
        CommentFinding.holds,
    )
    return db.session.scalar(held.limit(1)) is not None


def _arrive(
    comment: Comment,
    author: CommentAuthor,
    *,
    is_held: bool,
    source: CommentState | None,
    now: datetime,
) -> None:
    """The address is known to be the author's: to the moderators, or at once to the page."""
    if comment.wants_replies:
        topic = letters.replies_topic(comment.parent_id or comment.id)
        subscribe(email=author.email, topic=topic, now=now)
    is_free = not is_held and authors.is_trusted(author_id=author.id, now=now)
    target = CommentState.APPROVED if is_free else CommentState.PENDING
    why = "trusted author" if is_free else "waits for a moderator"
    if source is None:
        _begin_in(comment, target, why=why, now=now)
    else:
        move(comment, target, by="author", why=why, now=now)
    if is_free:
        comment.asked_at = now if asks(comment) else None
        letters.tell_replies(comment, now=now)


def _begin_in(comment: Comment, target: CommentState, *, why: str, now: datetime) -> None:
    """A comment that never was unconfirmed: its history begins where it stands."""
    COMMENT_MOVES.check(None, target)
    comment.state = target
    comment.queued_at = now
    if target is CommentState.APPROVED:
        comment.published_at = now
        count_reply(comment, None, target)
    write_event(comment, None, by="author", why=why, now=now)


def _thread_of(post: Post) -> int | None:
    """The comment that begins the thread; threads are two levels deep."""
    if post.reply_to is None:
        return None
    answered = db.session.get(Comment, post.reply_to, populate_existing=True)
    if (
        answered is None
        or answered.page != post.page
        or answered.state is not CommentState.APPROVED
    ):
        raise NoSuchThread
    root_id = answered.parent_id or answered.id
    lock([root_id])
    return root_id


def _first_of(nonce: str | None) -> Comment | None:
    """What was sent with this form before."""
    if nonce is None:
        return None
    return db.session.scalar(sa.select(Comment).where(Comment.nonce == nonce))


def _insert(
    post: Post, author: CommentAuthor, parent_id: int | None, *, nonce: str | None, now: datetime
) -> Comment:
    """One row; where two presses of one button meet, the second waits and then meets the first."""
    row = {
        "page": post.page,
        "parent_id": parent_id,
        "reply_to_id": post.reply_to,
        "author_id": author.id,
        "name": post.name,
        "body": post.body,
        "state": CommentState.UNCONFIRMED,
        "created_at": now,
        "likeness": likeness(post.body),
        "network": post.network,
        "nonce": nonce,
        "wants_replies": post.wants_replies,
    }
    insert = insert_once(dialect_name(), Comment.__table__, Comment.nonce).returning(Comment.id)
    comment_id = db.session.scalar(insert, row)
    if comment_id is None:
        raise Again
    return db.session.get_one(Comment, comment_id)
