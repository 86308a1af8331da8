"""Content in Cyrillic letters: what still has Latin ones on a page is no content, but our own word.

Only what people wrote is marked. Codes, slugs, tokens and addresses stay: they are the same in every
language, and `names` are those that may be read on a page.
"""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

_LATIN = "abcdefghijklmnopqrstuvwxyz"
_CYRILLIC = "абцдефгхийклмнопярстувшхуз"
_LETTERS = str.maketrans(_LATIN + _LATIN.upper(), _CYRILLIC + _CYRILLIC.upper())
# What a browser or a program reads, not a person: addresses, and where Markdown's links lead.
_KEPT = re.compile(r"(\]\([^)]*\)|https?://\S+|\S+@\S+)")
# What JSON may hold besides prose: slugs, keys, codes, times, tokens, zones, the level of a coverage.
_NAME = re.compile(r"[a-z0-9_.:+/-]*|[IRM]|[\w-]{24,}|[A-Z]{3}|\d{4}.*|[A-Z]\w+/[\w/]+|[A-Z]+")

WRITTEN = {
    "skill": ("name", "summary", "topics"),
    "role_guide": (
        *("title", "summary", "history", "salary", "ladder", "certifications", "sections"),
    ),
    "course": (
        *("title", "summary", "body", "audience", "prerequisites", "outcomes", "device"),
        "data_needed",
    ),
    "module": ("title", "summary", "topics"),
    "batch": (
        *("title", "rhythm", "place", "teacher", "criteria", "missed", "payment", "refund"),
    ),
    "session": ("topic", "teacher", "place"),
    "registration": ("name", "background", "message"),
    "staff": ("name",),
    "manuscript_version": ("document",),
    "search_entry": ("title", "within", "body"),
    "moderation_reason": ("title", "text"),
    "comment": ("name", "body"),
    "comment_finding": ("facts",),
    "comment_text": ("body",),
    "appeal": ("text",),
    "report": ("body", "words"),
    "private_question": ("name", "body", "answer"),
    "note": ("text",),
    "message": ("subject", "text"),
    "word_count": ("word",),
}
# Here a person or the program has the word: a person's is a name with capitals, or a whole sentence.
SOMETIMES = {
    **dict.fromkeys(("registration_event", "comment_event"), ("by_whom", "why")),
    **dict.fromkeys(("manuscript_version", "roster_act", "session_notice"), ("by_whom",)),
    "comment_text": ("changed_by",),
}
_BY_PEOPLE = re.compile(r"[A-Z][a-z]+ [A-Z]|.*\.$")
NAMED = {
    **dict.fromkeys(("skill", "role_guide", "course", "module", "manuscript"), "slug"),
    "batch": "code",
}


def mark(text: str) -> str:
    """The same text in other letters."""
    parts = _KEPT.split(text)
    parts[::2] = [part.translate(_LETTERS) for part in parts[::2]]
    return "".join(parts)


def mark_all(value: Any) -> Any:
    """Every piece of prose in lists and dictionaries, at any depth."""
    if isinstance(value, dict):
        return {key: mark_all(one) for key, one in value.items()}
    if isinstance(value, list):
        return [mark_all(one) for one in value]
    return mark(value) if isinstance(value, str) and not _NAME.fullmatch(value) else value


def mark_database(path: Path) -> set[str]:
    """Mark everything people wrote; the names that stay."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.create_function("mark", 1, _mark_column)
        connection.create_function("mark_people", 1, _mark_people)
        guards = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        connection.execute("BEGIN")
        for name, _sql in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for table, columns in WRITTEN.items():
            changes = ", ".join(f"{column} = mark({column})" for column in columns)
            connection.execute(f"UPDATE {table} SET {changes}")
        for table, columns in SOMETIMES.items():
            changes = ", ".join(f"{column} = mark_people({column})" for column in columns)
            connection.execute(f"UPDATE {table} SET {changes}")
        for _name, sql in guards:
            connection.execute(sql)
        connection.execute("COMMIT")
        return {
            name
            for table, column in NAMED.items()
            for (name,) in connection.execute(f"SELECT {column} FROM {table}")
        }


def _mark_column(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.dumps(mark_all(json.loads(value)), ensure_ascii=False)
    except ValueError:  # a text, not JSON
        return mark(value)


def _mark_people(value: object) -> object:
    return mark(value) if isinstance(value, str) and _BY_PEOPLE.match(value) else value
