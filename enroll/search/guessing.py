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


def guess(words: Sequence[Word]) -> tuple[Word, ...]:
    """The question with each word that no entry holds in its likeliest spelling.

    Likeliest is the nearest by letters put in, left out, changed or exchanged with their neighbour
    (optimal string alignment): one for words up to six letters, two for longer ones. Of several as
    near, the one that most entries hold. A word without any stays as it is, and so does a number:
    another year is no typing error.
    """
    have = {row.word: row for row in db.session.execute(sa.select(SearchWord.__table__))}
    stems = {row.stem for row in have.values()}
    spelt = sorted(have, key=lambda word: (-have[word].uses, word))
    return tuple(
        word
        if word.stem in stems or (word.is_begun and _begins_one(word, spelt))
        else _nearest(word, spelt, have)
        for word in words
    )


def _begins_one(word: Word, spelt: Sequence[str]) -> bool:
    return any(one.startswith(word.folded) for one in spelt)


def _nearest(word: Word, spelt: Sequence[str], have: dict[str, sa.Row]) -> Word:
    length = len(word.folded)
    if length < SHORTEST or any(one.isdigit() for one in word.folded):
        return word
    near = process.extract(
        word.folded, spelt, scorer=OSA.distance, score_cutoff=1 if length <= 6 else 2, limit=None
    )
    if not near:
        return word
    # `min` keeps the first of equals, and the words most used come first.
    best = min(near, key=lambda one: (one[1], one[2]))[0]
    return Word(best, have[best].stem)
