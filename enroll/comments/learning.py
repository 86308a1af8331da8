"""Learns words from what moderators decide, and un-learns exactly that when they change their mind."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from enroll.comments import bayes
from enroll.comments.judging import ALL
from enroll.comments.records import Lesson, WordCount
from enroll.db import db, dialect_name


def learn(*, comment_id: int, body: str, is_spam: bool) -> None:
    """This comment is one more example; what was learnt from it before is un-learnt."""
    unlearn(comment_id=comment_id)
    words = sorted(set(bayes.tokens(body)))
    db.session.add(Lesson(comment_id=comment_id, is_spam=is_spam, words=words))
    db.session.flush()
    _count(words, is_spam=is_spam, by=1)


def unlearn(*, comment_id: int) -> None:
    """Take back what was learnt from this comment, if anything was."""
    lesson = db.session.get(Lesson, comment_id, populate_existing=True, with_for_update=True)
    if lesson is not None:
        _count(lesson.words, is_spam=lesson.is_spam, by=-1)
        db.session.delete(lesson)
        db.session.flush()


def _count(words: Iterable[str], *, is_spam: bool, by: int) -> None:
    """Add to the counts of these words, in their order: two decisions never wait in a circle."""
    table = WordCount.__table__
    honest, spam = (0, by) if is_spam else (by, 0)
    if by > 0:
        insert = (postgresql if dialect_name() == "postgresql" else sqlite).insert(table)
        add = insert.on_conflict_do_update(
            index_elements=["word"],
            set_={
                "honest": table.c.honest + insert.excluded.honest,
                "spam": table.c.spam + insert.excluded.spam,
            },
        )
        rows = [{"word": word, "honest": honest, "spam": spam} for word in sorted({*words, ALL})]
        db.session.execute(add, rows)
        return
    db.session.execute(
        sa.update(WordCount)
        .where(WordCount.word.in_({*words, ALL}))
        .values(honest=WordCount.honest + honest, spam=WordCount.spam + spam)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        sa.delete(WordCount)
        .where(WordCount.word.in_(set(words)), WordCount.honest == 0, WordCount.spam == 0)
        .execution_options(synchronize_session=False)
    )
