"""The writers: what the entries are, and which words they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from enroll.db import db, dialect_name
from enroll.search.kinds import Found
from enroll.search.models import SearchEntry, SearchWord
from enroll.search.words import clean, lined_up, vocabulary

AT_ONCE = 300  # rows of one statement: SQLite counts its parameters
LONGEST_BODY = 100_000  # characters of a text that are found
_LOCK = 0x5EA7C4  # one writer of words at a time, or two could wait for each other

_entries = SearchEntry.metadata.tables[SearchEntry.__tablename__]
_words = SearchWord.metadata.tables[SearchWord.__tablename__]


T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something that can be found under `address`; with `until`, only before that moment.

    `within` names what it is a part of, for the reader: it is shown and not searched. `also` is
    sought and not shown: other words for the title.
    """

    kind: Found
    key: str
    address: str
    title: str
    body: str
    within: str = ""
    also: str = ""
    until: datetime | None = None


def put(*entries: Entry) -> None:
    """Let these be found as they are now, in place of what had their kind and key before.

    Twice changes nothing. Locks the search against other writers until the transaction ends.
    """
    _lock()
    for some in _portions(entries):
        wanted = {(one.kind, one.key): _columns(one) for one in some}
        have = {(row["kind"], row["key"]): row for row in _rows(wanted)}
        new = [row for name, row in wanted.items() if name not in have]
        changed = [
            {"entry": have[name]["id"], **row}
            for name, row in wanted.items()
            if name in have and row != {column: have[name][column] for column in row}
        ]
        if new:
            db.session.execute(sa.insert(_entries), new)
        if changed:
            _update(changed)
        old = {row["entry"] for row in changed}
        _count(_held(new + changed, 1), _held(have.values(), -1, only=old))


def drop(kind: Found, *keys: str) -> None:
    """Let these not be found any more; what is not there is no matter. Locks as `put` does."""
    _lock()
    for some in _portions(keys):
        rows = _rows((kind, key) for key in some)
        _count(_held(rows, -1))
        db.session.execute(
            sa.delete(_entries).where(_entries.c.id.in_([row["id"] for row in rows]))
        )


def keys(kind: Found, beginning: str) -> Sequence[str]:
    """The keys of this kind that begin like this."""
    return db.session.scalars(
        sa.select(SearchEntry.key).where(
            SearchEntry.kind == kind, SearchEntry.key.startswith(beginning, autoescape=True)
        )
    ).all()


def count() -> int:
    """How many entries there are, past batches among them."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(_entries)) or 0


def clear() -> None:
    """Let nothing be found: the first step of filling everything anew."""
    _lock()
    db.session.execute(sa.delete(_entries))
    db.session.execute(sa.delete(_words))
    if dialect_name() == "sqlite":  # whatever was wrong with the index ends here
        db.session.execute(sa.text("INSERT INTO search_index(search_index) VALUES ('rebuild')"))


def _lock() -> None:
    if dialect_name() == "postgresql":
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _portions(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


def _columns(entry: Entry) -> dict[str, Any]:
    title, body = clean(entry.title), clean(entry.body)[:LONGEST_BODY]
    return vars(entry) | {
        "title": title,
        "body": body,
        "within": clean(entry.within),
        "also": clean(entry.also),
        "title_words": lined_up(f"{title} {clean(entry.also)}"),
        "body_words": lined_up(body),
    }


def _rows(names: Iterable[tuple[Found, str]]) -> Sequence[sa.RowMapping]:
    by_kind: dict[Found, list[str]] = {}
    for kind, key in names:
        by_kind.setdefault(kind, []).append(key)
    return [
        row
        for kind, some in by_kind.items()
        for row in db.session.execute(
            sa.select(_entries).where(_entries.c.kind == kind, _entries.c.key.in_(some))
        ).mappings()
    ]


def _update(rows: list[dict[str, Any]]) -> None:
    same = _entries.c.id == sa.bindparam("entry")
    # On the connection: as a statement of its own, with rows that are nobody's objects.
    db.session.connection().execute(
        sa.update(_entries)
        .where(same)
        .values({name: sa.bindparam(name) for name in rows[0] if name != "entry"}),
        rows,
    )


def _held(
    rows: Iterable[Mapping[Any, Any]], sign: int, only: set[int] | None = None
) -> Iterator[tuple[tuple[str, str], int]]:
    for row in rows:
        if only is None or row["id"] in only:
            for word in vocabulary(row["title"], row["also"], row["body"]).items():
                yield word, sign


def _count(*changes: Iterable[tuple[tuple[str, str], int]]) -> None:
    """Keep how many entries hold each word; a word that none holds any more goes."""
    uses: Counter[tuple[str, str]] = Counter()
    for some in changes:
        for word, number in some:
            uses[word] += number
    rows: list[dict[str, Any]] = [
        {"word": word, "stem": stem, "uses": number}
        for (word, stem), number in sorted(uses.items())
        if number
    ]
    if not rows:
        return
    insert = (postgresql if dialect_name() == "postgresql" else sqlite).insert(_words)
    db.session.connection().execute(
        insert.on_conflict_do_update(
            index_elements=[_words.c.word], set_={"uses": _words.c.uses + insert.excluded.uses}
        ),
        rows,
    )
    if any(row["uses"] < 0 for row in rows):
        db.session.execute(sa.delete(_words).where(_words.c.uses <= 0))
