"""Prose of the staff: CommonMark as safe HTML."""

from __future__ import annotations

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from enroll import languages

_OURS = re.compile(r'(<a href=")/(?!/|static/)')
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


def markdown(text: str) -> Markup:
    """CommonMark from staff as safe HTML; its links to our pages stay in the page's language."""
    return _markdown(text, languages.root())


@lru_cache(512)
def _markdown(text: str, root: str) -> Markup:
    html = _cleaner.clean(_prose.render(text))
    return Markup(_OURS.sub(rf"\1{root}/", html) if root else html)  # noqa: S704 - sanitised above
