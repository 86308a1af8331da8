"""As many comments as anybody will have, written straight into the tables."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import sqlalchemy as sa

from enroll.comments.models import Comment, CommentAuthor, CommentEvent, CommentFinding, CommentText
from enroll.comments.records import CommentWord
from enroll.comments.states import CommentState
from enroll.db import db

GUIDE = "/roles/ml-engineer"
WORDS = [
    "course",
    "batch",
    "evening",
    "fee",
    "laptop",
    "python",
    "teacher",
    "module",
    "exam",
    "start",
    "week",
    "seat",
    "mentor",
    "career",
]
RULES = ["words", "contacts", "learnt", "duplicate", "language", "form", "too_fast", "links"]
FACTS = {
    "count": 1,
    "matches": [],
    "chance": 0.9,
    "words": [],
    "language": "de",
    "form": "old",
    "seconds": 1,
    "letters": 9,
}
AT_ONCE = 5000


def fill(number: int, *, now: datetime) -> None:
    """So many comments by a quarter as many authors: a tenth under the guide, the rest on 400 pages.

    One in twenty waits for a moderator, one in a hundred of all is likely spam, and a third replies.
    What is there stays. A verb.
    """
    first_author = (db.session.scalar(sa.select(sa.func.max(CommentAuthor.id))) or 0) + 1
    first = (db.session.scalar(sa.select(sa.func.max(Comment.id))) or 0) + 1
    authors = max(1, number // 4)
    _insert(
        CommentAuthor,
        (
            {
                "id": first_author + n,
                "email": f"writer{first_author + n}@example.org",
                "language": "en",
                "token": f"t{first_author + n}",
                "created_at": now,
                "confirmed_at": now,
            }
            for n in range(authors)
        ),
    )
    rows = [_row(n, first, first_author + n % authors, number, now) for n in range(number)]
    _insert(Comment, (row for row in rows if row["parent_id"] is None))
    _insert(Comment, (row for row in rows if row["parent_id"] is not None))
    _insert(
        CommentFinding,
        (
            {
                "comment_id": row["id"],
                "version": 1,
                "rule_set": 1,
                "rule": RULES[n % 8],
                "weight": 1.5,
                "holds": True,
                "facts": FACTS,
            }
            for n, row in enumerate(rows)
            if n % 2 or row["state"] is not CommentState.APPROVED
        ),
    )
    _insert(
        CommentWord,
        (
            {"word": word, "comment_id": row["id"]}
            for n, row in enumerate(rows)
            for word in _words(n)
        ),
    )
    _insert(
        CommentEvent,
        (
            {
                "comment_id": row["id"],
                "from_state": None,
                "to_state": row["state"],
                "version": 1,
                "at": now,
                "by": "author",
                "why": "imported",
            }
            for row in rows
        ),
    )
    _insert(
        CommentText,
        (
            {
                "comment_id": row["id"],
                "version": 1,
                "body": row["body"],
                "changed_at": now,
                "changed_by": "author",
            }
            for row in rows[::4]
        ),
    )
    _count_up()


def _row(n: int, first: int, author: int, number: int, now: datetime) -> dict[str, object]:
    waits, is_spam = n % 20 == 7, n % 100 == 7
    is_reply = n % 3 == 1 and n > 3 and not waits
    root = n - n % 3 if is_reply and (n - n % 3) % 20 != 7 else None
    page = GUIDE if (root or n) // 3 % 10 == 0 else f"/courses/c{(root or n) // 3 % 400}"
    return {
        "id": first + n,
        "page": page,
        "author_id": author,
        "name": f"Writer {n}",
        "parent_id": first + root if root is not None else None,
        "reply_to_id": first + root if root is not None else None,
        "body": "How about " + " ".join(_words(n)) + "?",
        "likeness": f"l{n if n % 40 else n // 400}",
        "state": CommentState.PENDING if waits else CommentState.APPROVED,
        "is_likely_spam": is_spam,
        "replies": 1 if n % 3 == 0 and n + 1 < number and (n + 1) % 20 != 7 and n > 3 else 0,
        "created_at": now - timedelta(minutes=number - n),
        "queued_at": now - timedelta(minutes=number - n),
        "published_at": None if waits else now,
        "rule_set": 1,
        "asked_at": now if n % 500 == 3 else None,
    }


def _words(n: int) -> list[str]:
    return sorted({WORDS[n % 14], WORDS[n // 14 % 14], f"word{n % 997}", f"rare{n}"})


def _insert(table: type, rows: object) -> None:
    source = iter(rows)  # type: ignore[call-overload]
    while chunk := list(itertools.islice(source, AT_ONCE)):
        db.session.execute(sa.insert(table), chunk)


def _count_up() -> None:
    """Numbers were given by hand: PostgreSQL's own counters go on after them."""
    if db.session.connection().dialect.name == "postgresql":
        for table in ("comment", "comment_author"):
            db.session.execute(
                sa.text(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608
                )
            )
