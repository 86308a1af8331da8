"""The words that always hold a comment: the shipped list, what staff add to it and what they take off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from enroll.comments.records import WordList
from enroll.comments.words import LISTED
from enroll.db import db
from enroll.refusal import Refused


class HasChanged(Refused):
    """Somebody else has changed the list since the page was shown."""


def latest() -> WordList | None:
    """What staff have kept last; `None` where nobody has changed anything."""
    return db.session.scalar(sa.select(WordList).order_by(WordList.id.desc()).limit(1))


def listed() -> tuple[str, ...]:
    """The words that hold a comment today; a trailing * stands for any ending."""
    kept = latest()
    if kept is None:
        return LISTED
    off = {_bare(word) for word in kept.off}
    return tuple(dict.fromkeys(word for word in (*LISTED, *kept.more) if _bare(word) not in off))


def keep_words(
    *, more: Iterable[str], off: Iterable[str], seen: int, by: str, now: datetime
) -> WordList:
    """Keep what is added to the shipped list, and what is taken off it; earlier lists stay.

    `seen` is the list that was on the page, 0 for none. Refuses if it changed (`HasChanged`).
    """
    newest = sa.select(WordList.id).order_by(WordList.id.desc()).limit(1).with_for_update()
    if (db.session.scalar(newest) or 0) != seen:
        raise HasChanged
    kept = WordList(more=_tidy(more), off=_tidy(off), made_at=now, by=by)
    db.session.add(kept)
    db.session.flush()
    return kept


def _tidy(words: Iterable[str]) -> list[str]:
    """One spelling of each, without what would match everything."""
    tidy = (" ".join(word.split()) for word in words)
    return list(dict.fromkeys(word for word in tidy if any(one.isalnum() for one in word)))


def _bare(word: str) -> str:
    return word.rstrip("*").strip().casefold()
