"""Tables of the search: the entries, the words in them, and each database's own index over both."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enroll.db import Base, Moment, one_of
from enroll.search.kinds import Found

# What PostgreSQL indexes. Made of stems already: its own parser and dictionaries are not asked.
LEXEMES = (
    "(array_to_tsvector(string_to_array(btrim(title_words), ' '))"
    " || array_to_tsvector(string_to_array(btrim(body_words), ' ')))"
)

# The index of each database; the other one's it does not have.
OWN_INDEX = {"postgresql": "ix_search_entry_lexemes", "sqlite": "search_index"}


class SearchEntry(Base):
    """One thing that can be found."""

    __tablename__ = "search_entry"
    __table_args__ = (
        sa.UniqueConstraint("kind", "key"),
        sa.Index(OWN_INDEX["postgresql"], sa.text(LEXEMES), postgresql_using="gin").ddl_if(
            dialect="postgresql"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Found] = mapped_column(one_of(Found, "kind"))
    key: Mapped[str] = mapped_column(sa.String(200))
    address: Mapped[str] = mapped_column(sa.String(300))
    title: Mapped[str] = mapped_column(sa.String(300))
    within: Mapped[str] = mapped_column(sa.String(300))  # what it is a part of: shown, not sought
    also: Mapped[str] = mapped_column(
        sa.String(300)
    )  # other words for the title: sought, not shown
    body: Mapped[str] = mapped_column(sa.Text)
    title_words: Mapped[str] = mapped_column(sa.Text)  # see words.lined_up
    body_words: Mapped[str] = mapped_column(sa.Text)
    until: Mapped[datetime | None] = mapped_column(Moment)  # found only before then


class SearchWord(Base):
    """A word that some entry holds: what a mistyped one may have meant."""

    __tablename__ = "search_word"

    word: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    stem: Mapped[str] = mapped_column(sa.String(80))
    uses: Mapped[int]  # entries that hold it


# ---------------------------------------------------------------- FTS5, the index of SQLite

# `ascii`: everything that is not ASCII belongs to a word, so our words are never cut again.
INDEX = """
CREATE VIRTUAL TABLE search_index USING fts5(
    title_words, body_words, content='search_entry', content_rowid='id',
    tokenize='ascii', detail='none', prefix='2 3')"""

_ADD = """INSERT INTO search_index(rowid, title_words, body_words)
VALUES (NEW.id, NEW.title_words, NEW.body_words);"""
_REMOVE = """INSERT INTO search_index(search_index, rowid, title_words, body_words)
VALUES ('delete', OLD.id, OLD.title_words, OLD.body_words);"""

# Migrations write these out in their own words; a house test compares the two.
TRIGGERS = {
    "tr_search_entry_insert": f"""
CREATE TRIGGER tr_search_entry_insert AFTER INSERT ON search_entry
BEGIN {_ADD} END""",
    "tr_search_entry_delete": f"""
CREATE TRIGGER tr_search_entry_delete AFTER DELETE ON search_entry
BEGIN {_REMOVE} END""",
    "tr_search_entry_update": f"""
CREATE TRIGGER tr_search_entry_update AFTER UPDATE ON search_entry
BEGIN {_REMOVE} {_ADD} END""",
}

for _text in (INDEX, *TRIGGERS.values()):
    sa.event.listen(
        SearchEntry.__table__, "after_create", sa.DDL(_text).execute_if(dialect="sqlite")
    )
