"""What strangers type, as safe HTML: a small part of CommonMark, parsed by a library, cleaned by another.

For pages, for letters (nothing to click) and as plain text. Neither raw HTML nor pictures nor headings
exist here; what looks like them is shown as the characters that were typed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

# They turn the direction of all that follows, on other people's lines too.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
# Nesting deeper than this is shown as typed: no honest comment has it, parsing it takes long, and
# what lies deeper than `NESTING` the parser would leave out.
_DEEP = re.compile(
    r"^(?:(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])[ \t]*){6,}|(?: {32}|[ >]*\t{8}))", re.MULTILINE
)
_CROWDED = re.compile(r"([*_`\[\]!<&\\~(])\1{11,}")
NESTING = 100

_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": NESTING})
_markdown.disable(["heading", "lheading", "image", "html_block", "html_inline", "hr", "reference"])
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "code", "pre", "a"}
_page = nh3.Cleaner(
    tags=_TAGS,
    attributes={"a": {"href"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="nofollow ugc noopener",
)
_letter = nh3.Cleaner(tags=_TAGS - {"a"}, attributes={})


@lru_cache(512)
def to_html(text: str) -> Markup:
    """A comment for a page. Links may be followed, but do not vouch for where they lead."""
    return Markup(_page.clean(_rendered(text)))  # noqa: S704 - sanitised on this line


@lru_cache(128)
def to_mail(text: str) -> Markup:
    """A comment for a letter: nobody can phish through the institute's own address."""
    return Markup(_letter.clean(_rendered(text)))  # noqa: S704 - sanitised on this line


def to_text(text: str) -> str:
    """A comment as plain text, as it was typed, without what turns the direction of a line."""
    return _TURNING.sub("", text)


def _rendered(text: str) -> str:
    plain = _TURNING.sub("", text)
    if _DEEP.search(plain) or _CROWDED.search(plain):
        lines = (escape(line) for line in plain.splitlines())
        return f"<p>{'<br>'.join(lines)}</p>"
    return str(_markdown.render(_printable(plain)))


def _printable(text: str) -> str:
    """Without control characters; line feeds and tabs stay."""
    return "".join(
        one for one in text if one in "\n\t\r" or unicodedata.category(one) not in ("Cc", "Cs")
    )
