"""Finds comments by their words, for moderators: also what nobody has published yet."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from enroll.comments.models import Comment
from enroll.comments.records import CommentWord
from enroll.db import db
from enroll.search.words import asked, tokens

MOST = 400  # different words of a comment that are kept


def index(comment: Comment) -> None:
    """Keep the words of this comment as it stands; those of an earlier text go."""
    db.session.execute(sa.delete(CommentWord).where(CommentWord.comment_id == comment.id))
    text = f"{comment.name} {comment.body}"
    words = sorted({token.word.stem[:80] for token in tokens(text)})[:MOST]
    rows = [{"word": word, "comment_id": comment.id} for word in words]
    if rows:
        db.session.execute(sa.insert(CommentWord), rows)


def holding(question: str, *, limit: int, start: int = 0) -> Sequence[int] | None:
    """Comments that hold all words of the question, the newest first; `None` if it has no word.

    The last word also finds what begins with it.
    """
    words = asked(question)
    if not words:
        return None
    found: sa.Select[tuple[int]] = sa.select(CommentWord.comment_id).distinct()
    *whole, last = words
    begun = last.stem.replace("\\", "").replace("%", "").replace("_", "")
    until = begun[:-1] + chr(ord(begun[-1]) + 1) if begun else begun
    found = found.where(CommentWord.word >= begun, CommentWord.word < until)
    for word in whole:
        other = sa.select(CommentWord.comment_id).where(CommentWord.word == word.stem)
        found = found.where(CommentWord.comment_id.in_(other))
    found = found.order_by(CommentWord.comment_id.desc()).limit(limit).offset(start)
    return db.session.scalars(found).all()
