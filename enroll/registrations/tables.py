"""Reads a table of people that somebody saved from a spreadsheet (RFC 4180, read kindly). Pure."""

from __future__ import annotations

import csv
import io
import unicodedata
from typing import NamedTuple

MOST_ROWS = 10_000
MOST_BYTES = 5_000_000
# Headings as people write them; compared without case, blanks and dashes.
HEADINGS = {
    "name": ("name", "fullname", "studentname", "participant", "student"),
    "email": ("email", "emailaddress", "mail", "emailid", "eaddress"),
    "phone": ("phone", "telephone", "mobile", "phonenumber", "mobilenumber", "contact", "tel"),
    "background": ("background", "occupation", "currentrole", "job", "profession"),
    "message": ("message", "comment", "comments", "note", "notes", "remarks"),
}
LONGEST = {"name": 400, "email": 400, "phone": 100, "background": 200, "message": 2000}


class Unreadable(Exception):
    """No table of people; `why` is one of: empty, text, headings, long, rows."""

    def __init__(self, why: str, **facts: object) -> None:
        super().__init__(why)
        self.why, self.facts = why, facts


class Line(NamedTuple):
    """One person of the table, as typed but for white space and control characters."""

    number: int
    name: str
    email: str
    phone: str
    background: str
    message: str


def read_table(data: bytes) -> list[Line]:
    """The people of a file: UTF-8, UTF-16 or Windows-1252; commas, semicolons or tabs between.

    Empty lines are left out. Raises `Unreadable`.
    """
    if len(data) > MOST_BYTES:
        raise Unreadable("long")
    text = _decoded(data)
    if not text.strip():
        raise Unreadable("empty")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error:
        raise Unreadable("text") from None
    if len(rows) > MOST_ROWS + 1:
        raise Unreadable("rows", rows=len(rows) - 1)
    columns = _columns(rows[0])
    found = []
    for number, row in enumerate(rows[1:], start=2):
        cells = {
            name: _clean(row[at], LONGEST[name]) if at is not None and at < len(row) else ""
            for name, at in columns.items()
        }
        if any(cells.values()):
            found.append(Line(number=number, **cells))
    if not found:
        raise Unreadable("empty")
    return found


def _decoded(data: bytes) -> str:
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if is_wide else ["utf-8-sig", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise Unreadable("text")
        return text
    raise Unreadable("text")


def _delimiter(text: str) -> str:
    """What stands most often between the headings."""
    head = text.lstrip("\r\n").split("\n", 1)[0]
    return max(",;\t", key=head.count)


def _columns(head: list[str]) -> dict[str, int | None]:
    words = ["".join(one for one in cell.casefold() if one.isalnum()) for cell in head]
    found = {
        name: next((at for at, word in enumerate(words) if word in spelt), None)
        for name, spelt in HEADINGS.items()
    }
    if found["name"] is None or found["email"] is None:
        raise Unreadable("headings", headings=", ".join(cell.strip() for cell in head)[:200])
    return found


def _clean(cell: str, longest: int) -> str:
    plain = "".join(
        one if unicodedata.category(one) not in ("Cc", "Cf", "Cn") or one in "\n\t" else ""
        for one in cell.replace("\r\n", "\n")
    )
    # A guard against formulas that an earlier export wrote.
    plain = plain[1:] if plain[:2] in ("'=", "'+", "'-", "'@") else plain
    return unicodedata.normalize("NFC", plain).strip()[:longest]
