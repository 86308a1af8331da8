"""Reads comments from a WordPress export (WXR 1.0 to 1.2), a file of any size, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from enroll.refusal import Refused

_BLOCK = re.compile(r"(?i)<\s*/?\s*(?:p|div|blockquote|ul|ol|pre|h\d)\b[^>]*>")
_BREAK = re.compile(r"(?i)<\s*br\s*/?\s*>")
_LINK = re.compile(r"""(?is)<a\s[^>]*href\s*=\s*["']([^"']*)["'][^>]*>(.*?)</a>""")
_TAG = re.compile(r"<[^>]*>")
CHUNK = 1 << 16


class BadFile(Refused):
    """Not a WordPress export that can be read; `why` says where it ends."""


class Foreign(NamedTuple):
    """One comment of the export. `approved` is WordPress's own word: 1, 0, spam, trash."""

    number: int
    parent: int
    path: str
    name: str
    email: str
    at: datetime
    approved: str
    kind: str
    body: str


def read(file: Path) -> Iterator[Foreign]:
    """The comments of the file, in its order. Raises `BadFile`.

    A document type is refused: entities could make one line into gigabytes, or read other files.
    """
    parser = XMLPullParser(["start", "end"])
    try:
        with file.open("rb") as source:
            while chunk := source.read(CHUNK):
                if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                    raise BadFile(why="it declares a document type")
                parser.feed(chunk)
                yield from _finished(parser)
        parser.close()
    except ParseError as error:
        raise BadFile(why=str(error)) from None


def _finished(parser: XMLPullParser) -> Iterator[Foreign]:
    for event, element in parser.read_events():
        if event == "end" and _local(element) == "item":
            path = urlsplit(_text(element, "link")).path.rstrip("/")
            for child in element:
                if _local(child) == "comment":
                    yield _comment(child, path)
            element.clear()


def _comment(element: Element, path: str) -> Foreign:
    return Foreign(
        number=_number(element, "comment_id"),
        parent=_number(element, "comment_parent"),
        path=path,
        name=_text(element, "comment_author"),
        email=_text(element, "comment_author_email"),
        at=_moment(_text(element, "comment_date_gmt")),
        approved=_text(element, "comment_approved"),
        kind=_text(element, "comment_type"),
        body=plain(_text(element, "comment_content")),
    )


def plain(html: str) -> str:
    """HTML as the small part of Markdown that comments know: words, lines, addresses of links."""
    text = _LINK.sub(lambda link: f"{link[2]} ({link[1]})" if link[1] != link[2] else link[1], html)
    text = _BREAK.sub("\n", _BLOCK.sub("\n\n", text))
    lines = (line.strip() for line in unescape(_TAG.sub("", text)).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element, name: str) -> str:
    for child in element:
        if _local(child) == name:
            return (child.text or "").replace("\0", "").strip()
    return ""


def _number(element: Element, name: str) -> int:
    text = _text(element, name)
    return int(text) if text.isascii() and text.isdecimal() else 0


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)
