"""Typing errors: the word that a question may have meant, for both databases alike."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from rapidfuzz import process
from rapidfuzz.distance import OSA

from enroll.db import db
from enroll.search.models import SearchWord
from enroll.search.words import Word

SHORTEST = 4  # letters: below, every word resembles another
LONG = 7  # letters of a word in which two errors are forgiven


def guess(words: Sequence[Word]) -> tuple[Word, ...]:
    """The question with each word that no entry holds in its likeliest spelling.

    Likeliest is the nearest by letters put in, left out, changed or exchanged with their neighbour
    (optimal string alignment): one for words up to six letters, two for longer ones. Of several as
    near, the one that most entries hold. A word without any stays as it is, and so does a number:
    another year is no typing error.
    """
    strange = [word for word in _unheard(words) if _may_be_mistyped(word)]
    if not strange:
        return tuple(words)
    alike = sa.or_(*(_as_long_as(word) for word in strange))
    query = sa.select(SearchWord.word, SearchWord.stem, SearchWord.uses).where(alike)
    have = {word: (stem, uses) for word, stem, uses in db.session.execute(query)}
    return tuple(_nearest(word, have) if word in strange else word for word in words)


def _unheard(words: Sequence[Word]) -> list[Word]:
    """Those that no entry holds and none begins with."""
    stems = set(
        db.session.scalars(
            sa.select(SearchWord.stem).where(SearchWord.stem.in_([word.stem for word in words]))
        )
    )
    unheard = [word for word in words if word.stem not in stems]
    if unheard and unheard[-1].is_begun:
        begun = SearchWord.word.startswith(unheard[-1].folded, autoescape=True)
        if db.session.scalar(sa.select(SearchWord.word).where(begun).limit(1)):
            unheard.pop()
    return unheard


def _may_be_mistyped(word: Word) -> bool:
    return len(word.folded) >= SHORTEST and not any(one.isdigit() for one in word.folded)


def _errors(word: Word) -> int:
    return 2 if len(word.folded) >= LONG else 1


def _as_long_as(word: Word) -> sa.ColumnElement[bool]:
    length, most = len(word.folded), _errors(word)
    return sa.func.length(SearchWord.word).between(length - most, length + most)


def _nearest(word: Word, have: dict[str, tuple[str, int]]) -> Word:
    near = process.extract(
        word.folded, have.keys(), scorer=OSA.distance, score_cutoff=_errors(word), limit=None
    )
    if not near:
        return word
    best = min(near, key=lambda one: (one[1], -have[one[0]][1], one[0]))[0]
    return Word(best, have[best][0])
