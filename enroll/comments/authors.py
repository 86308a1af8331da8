"""Who writes: one row per address, the browsers that confirmed it, and whom we trust."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from enroll.comments.models import AuthorBrowser, Comment, CommentAuthor
from enroll.comments.states import TURNED_DOWN, CommentState
from enroll.db import db, dialect_name, insert_once

APPROVALS = 3  # so many published comments make an author trusted …
MEMORY = timedelta(days=90)  # … with none turned down in this time, in a browser this young


def author_for(*, email: str, language: str, now: datetime) -> CommentAuthor:
    """The author behind this address, made if need be. `email` is in its one spelling."""
    row = {
        "email": email,
        "language": language,
        "token": secrets.token_urlsafe(24),
        "created_at": now,
    }
    insert = insert_once(dialect_name(), CommentAuthor.__table__, CommentAuthor.email)
    db.session.execute(insert, row)
    return db.session.scalars(sa.select(CommentAuthor).where(CommentAuthor.email == email)).one()


def knows_browser(*, author_id: int, key: str, now: datetime) -> bool:
    """Did the browser with this key confirm the author's address within 90 days?"""
    if not key:
        return False
    found = sa.select(AuthorBrowser.id).where(
        AuthorBrowser.author_id == author_id,
        AuthorBrowser.key_hash == hashed(key),
        AuthorBrowser.confirmed_at > now - MEMORY,
    )
    return db.session.scalar(found) is not None


def remember_browser(*, author_id: int, key: str, now: datetime) -> None:
    """This browser has confirmed the address, now. `key` is the random secret in its cookie."""
    insert = insert_once(
        dialect_name(), AuthorBrowser.__table__, AuthorBrowser.author_id, AuthorBrowser.key_hash
    )
    row = {"author_id": author_id, "key_hash": hashed(key), "confirmed_at": now}
    db.session.execute(insert, row)
    db.session.execute(
        sa.update(AuthorBrowser)
        .where(AuthorBrowser.author_id == author_id, AuthorBrowser.key_hash == hashed(key))
        .values(confirmed_at=now)
        .execution_options(synchronize_session=False)
    )


def is_trusted(*, author_id: int, now: datetime) -> bool:
    """Three comments published, and none turned down in 90 days."""
    approved = sa.select(sa.func.count()).where(
        Comment.author_id == author_id, Comment.state == CommentState.APPROVED
    )
    return (db.session.scalar(approved) or 0) >= APPROVALS and not turned_down(
        Comment.author_id == author_id, now=now
    )


def turned_down(who: sa.ColumnElement[bool], *, now: datetime) -> int:
    """How many comments of these were turned down in 90 days, and still are."""
    return (
        db.session.scalar(
            sa.select(sa.func.count()).where(
                who, Comment.state.in_(TURNED_DOWN), Comment.decided_at > now - MEMORY
            )
        )
        or 0
    )


def hashed(key: str) -> str:
    """What is kept of a browser's key. Quick is fine: nobody guesses 192 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()
