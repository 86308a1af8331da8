"""What strangers type, as safe HTML: a small part of CommonMark, parsed by a library, cleaned by another.

For pages, for letters (nothing to click) and as plain text. Neither raw HTML nor pictures nor headings
exist here; what looks like them is shown as the characters that were typed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

# What nobody sees: it turns the direction of all that follows, hides a word from a reader's eye, or
# (control characters, U+FFFE, U+FFFF) makes a feed no XML. The joiners stay: Hindi and emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
# Between the words of a link these leave nothing to see either.
_BLANK = re.compile("[\\s\u00ad\u034f\u115f\u1160\u17b4\u17b5\u200c\u200d\u2800\u3164\uffa0]+")
_LEADING = re.compile("https?://[^/]|mailto:.", re.IGNORECASE)

# Beyond these a text is shown as typed; no honest comment goes so far. What lies deeper, the parser
# would leave out; and at each quote it looks through all lines after it: many take long together.
NESTING = 24
QUOTES = 40
_MARKS = re.compile(r"(?:[ \t>]|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))*")  # matches every line


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        """Only what stays a link when cleaned; the rest stays as typed, its address in sight."""
        return bool(_LEADING.match(url)) and "href" in _page.clean(f'<a href="{escape(url)}">')


_markdown = _Markdown("commonmark", {"html": False, "breaks": True, "maxNesting": NESTING})
_markdown.disable(["heading", "lheading", "image", "html_block", "html_inline", "hr", "reference"])
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "code", "pre", "a"}
# "5. …" answers somebody's fifth question. "*": else the cleaner lets `title` and `lang` through.
_NUMBER: dict[str, set[str]] = {"ol": {"start"}, "*": set()}


def _digits(_tag: str, attribute: str, value: str) -> str | None:
    return None if attribute == "start" and not re.fullmatch("[0-9]{1,9}", value) else value


_page = nh3.Cleaner(
    tags=_TAGS,
    attributes={"a": {"href"}, **_NUMBER},
    attribute_filter=_digits,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="nofollow ugc noopener",
)
_letter = nh3.Cleaner(tags=_TAGS - {"a"}, attributes=_NUMBER, attribute_filter=_digits)


@lru_cache(512)
def to_html(text: str) -> Markup:
    """A comment for a page. Links may be followed, but do not vouch for where they lead."""
    return Markup(_page.clean(_rendered(text)))  # noqa: S704 - sanitised on this line


@lru_cache(128)
def to_mail(text: str) -> Markup:
    """A comment for a letter: nobody can phish through the institute's own address."""
    return Markup(_letter.clean(_rendered(text)))  # noqa: S704 - sanitised on this line


def to_text(text: str) -> str:
    """A comment as plain text, as it was typed, without what nobody sees."""
    return _UNSEEN.sub("", text)


def _rendered(text: str) -> str:
    plain = to_text(text)
    tokens = [] if _quotes(plain) > QUOTES else _markdown.parse(plain)
    if not tokens or any(one.nesting == 1 and one.level >= NESTING - 1 for one in tokens):
        lines = (escape(line) for line in plain.splitlines())
        return f"<p>{'<br>'.join(lines)}</p>"
    drawn: str = _markdown.renderer.render(tokens, _markdown.options, {})
    return to_text(drawn)  # once more: an entity or a %-escape may have brought them back


def _quotes(text: str) -> int:
    """How many quotes begin in it, each counted as often as it is deep."""
    starts = (_MARKS.match(line) for line in text.splitlines())
    deep = [start[0].count(">") for start in starts if start]
    return sum(now for before, now in pairwise([0, *deep]) if now > before)


def _mend_links(state: StateCore) -> None:
    """Nobody can press, or judge, a link that leads nowhere, or one without words."""
    for block in state.tokens:
        mended: list[Token] = []
        start = 0
        for token in block.children or []:
            if token.type == "link_open":
                start = len(mended)
            elif token.type == "link_close" and not mended[start].attrs["href"]:
                mended[start] = _words("[")
                token = _words("]()")
            elif token.type == "link_close" and _is_blank(mended[start + 1 :]):
                mended.append(_words(str(mended[start].attrs["href"])))
            mended.append(token)
        if block.children:
            block.children = mended


def _words(text: str) -> Token:
    return Token("text", "", 0, content=text)


def _is_blank(tokens: list[Token]) -> bool:
    return not any(_BLANK.sub("", to_text(token.content)) for token in tokens)


_markdown.core.ruler.push("mend_links", _mend_links)
