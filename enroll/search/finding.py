"""Finds: the same entries in the same order on both databases, a constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from enroll.db import db, dialect_name
from enroll.search.guessing import guess
from enroll.search.kinds import Found
from enroll.search.models import LEXEMES, SearchEntry
from enroll.search.snippets import Piece, snippet
from enroll.search.words import Word, asked, spelt

PAGE = 20


@dataclass(frozen=True)
class Hit:
    """Something that was found. The snippet shows where; its pieces are plain text, not HTML."""

    kind: Found
    title: str
    within: str
    address: str
    snippet: Sequence[Piece]
    rank: int


@dataclass(frozen=True)
class Results:
    """The hits of one page, and what was looked for to find them."""

    hits: Sequence[Hit] = ()
    total: int = 0
    instead: str = ""  # the words looked for where nothing was found for those asked
    some_only: bool = False  # nothing holds all of the words; each hit holds some


def find(question: str, *, now: datetime, limit: int = PAGE, start: int = 0) -> Results:
    """What holds all the words of the question, best first; `question` may be any text at all.

    A word finds its other forms too, the last one also what begins with it. Where nothing holds all
    words, a mistyped one is corrected (`instead`); where that does not help, entries with some of
    them are found (`some_only`).
    """
    wanted = asked(question)
    if not wanted:
        return Results()
    if found := _look(wanted, now=now, limit=limit, start=start):
        return Results(*found)
    better = guess(wanted)
    instead = " ".join(map(spelt, better)) if better != wanted else ""
    if instead and (found := _look(better, now=now, limit=limit, start=start)):
        return Results(*found, instead=instead)
    if len(better) > 1:
        found = _look(better, every=False, now=now, limit=limit, start=start)
        if found:
            return Results(*found, instead=instead, some_only=True)
    return Results()


def _look(
    words: Sequence[Word], *, now: datetime, limit: int, start: int, every: bool = True
) -> tuple[list[Hit], int] | None:
    """The hits from `start` on, and how many there are in all; `None` if there are none."""
    shown = sa.or_(SearchEntry.until.is_(None), SearchEntry.until > now)
    where = sa.and_(_holds(words, every), shown)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(SearchEntry).where(where)) or 0
    if not total:
        return None
    rank = _rank(words).label("rank")
    rows = db.session.execute(
        sa.select(SearchEntry, rank)
        .where(where)
        .order_by(
            rank.desc(),
            _length(SearchEntry.title),
            *(_by_bytes(column) for column in (SearchEntry.kind, SearchEntry.key)),
        )
        .limit(limit)
        .offset(start)
    )
    return [_hit(entry, score, words) for entry, score in rows], total


def _hit(entry: SearchEntry, score: int, words: Sequence[Word]) -> Hit:
    return Hit(
        kind=entry.kind,
        title=entry.title,
        within=entry.within,
        address=entry.address,
        snippet=snippet(entry.body, words),
        rank=score,
    )


def _by_bytes(column: Any) -> sa.ColumnElement[Any]:
    """In the order that both databases share, whatever the language of the server."""
    text = sa.cast(column, sa.Text)
    return sa.collate(text, "C") if dialect_name() == "postgresql" else text


# ---------------------------------------------------------------- what each database is asked


def _holds(words: Sequence[Word], every: bool) -> sa.ColumnElement[bool]:
    """The condition that an entry holds all of these words, or any: the database's own index.

    A word is letters and digits only, so nothing a person types is ever an operator.
    """
    if dialect_name() == "postgresql":
        query = (" & " if every else " | ").join(_lexemes(word) for word in words)
        return sa.literal_column(LEXEMES).op("@@")(sa.cast(query, postgresql.TSQUERY))
    query = (" AND " if every else " OR ").join(_terms(word) for word in words)
    rows = sa.text("SELECT rowid FROM search_index WHERE search_index MATCH :query")
    return SearchEntry.id.in_(rows.bindparams(query=query).columns(sa.column("rowid")))


def _lexemes(word: Word) -> str:
    return f"('{word.stem}' | '{word.folded}':*)" if word.is_begun else f"'{word.stem}'"


def _terms(word: Word) -> str:
    return f'("{word.stem}" OR "{word.folded}"*)' if word.is_begun else f'"{word.stem}"'


# ---------------------------------------------------------------- which comes first


def _rank(words: Sequence[Word]) -> sa.ColumnElement[int]:
    """In whole numbers, so that both databases agree: a word counts, in the title ten times.

    How often the body holds it counts up to three times. What kind of thing it is decides between
    equals, then the shorter title.
    """
    weights = {kind: kind.weight for kind in Found}
    rank: Any = sa.case(weights, value=SearchEntry.kind, else_=0)
    for word in words:
        in_title, in_body = _in(SearchEntry.title_words, word), _in(SearchEntry.body_words, word)
        rank += sa.case((in_title, 100), else_=0)
        rank += sa.case((sa.or_(in_title, in_body), 200), else_=0)
        rank += 10 * _at_most(3, _times(SearchEntry.body_words, word))
    return sa.type_coerce(rank, sa.Integer())


def _in(column: Any, word: Word) -> sa.ColumnElement[bool]:
    found = column.contains(f" {word.stem} ")
    return sa.or_(found, column.contains(f" {word.folded}")) if word.is_begun else found


def _times(column: Any, word: Word) -> sa.ColumnElement[int]:
    """How often a text in stems holds this one."""
    without = sa.func.replace(column, f" {word.stem} ", " ", type_=sa.Text())
    return (_length(column) - _length(without)) // (len(word.stem) + 1)


def _length(text: Any) -> sa.ColumnElement[int]:
    return sa.func.length(text, type_=sa.Integer())


def _at_most(most: int, number: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.case((number > most, most), else_=number)
