"""Prose of the staff: CommonMark as safe HTML."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_prose = MarkdownIt("commonmark", {"html": False}).enable("table")
_cleaner = nh3.Cleaner(
    tags={
        "p",
        "ul",
        "ol",
        "li",
        "strong",
        "em",
        "a",
        "h3",
        "h4",
        "blockquote",
        "code",
        "pre",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
        "hr",
    },
    attributes={"a": {"href"}},
    url_schemes={"http", "https", "mailto", "tel"},
)


@lru_cache(256)
def markdown(text: str) -> Markup:
    """CommonMark from staff as safe HTML."""
    return Markup(_cleaner.clean(_prose.render(text)))  # noqa: S704 - sanitised on this line
