"""Reads a page in the pseudo-language on marked content and says which words nobody translated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html.parser import HTMLParser
from zoneinfo import available_timezones

READ = {"alt", "title", "aria-label", "aria-description", "aria-valuetext", "placeholder", "label"}
BUTTONS = {"submit", "button", "reset"}
TOLD = {"description", "og:title", "og:description", "og:site_name", "og:image:alt"}
UNREAD = {"script", "style", "textarea", "code", "kbd", "pre"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
_WORD = re.compile(r"[A-Za-z]{2,}")
_QUOTED = re.compile(r"“[^”]*”")  # somebody's words, of whatever language
_PLACE = re.compile(r"^[a-z_, \d]+: (?=⟦)")  # in a document, as its file names it: title: …
_FILLER = re.compile(r"x{20,}")  # what tests type where too much is typed
# Addresses of mail and pages, e.g. asha@example.org and /batches; what has them is no sentence.
_ADDRESSES = re.compile(r"\S+@\S+|https?://\S+|(?<!\w)/[\w./-]+")
_ZONES = re.compile("|".join(sorted((re.escape(one) for one in available_timezones()
                                     if "/" in one), key=len, reverse=True)))


def untranslated(html: str, names: Iterable[str]) -> list[str]:
    """The texts of a page with words in them that are neither translated nor content."""
    reader = _Reader()
    reader.feed(html)
    return [" ".join(text.split()) for text in reader.texts if foreign(text, names)]


def foreign(text: str, names: Iterable[str]) -> bool:
    """Whether a text has English in it besides names, addresses and time zones."""
    text = _ZONES.sub(" ", text.strip().replace(" ", "_")).replace("_", " ")
    for spared in (_PLACE, _ADDRESSES, _QUOTED, _FILLER, _any_of(frozenset(names))):
        text = spared.sub(" ", text)
    return bool(_WORD.search(text))


@lru_cache
def _any_of(names: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(map(re.escape, names), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(longest_first)})(?![\w-])")


class _Reader(HTMLParser):
    """Collects what a person sees or hears, outside of what is in another language by its own word."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent: list[bool] = [False]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        silent = self._silent[-1] or tag in UNREAD or (tag != "html" and "lang" in given)
        if not silent:
            self.texts += [text for name, text in given.items() if name in READ]
            if tag == "input" and given.get("type") in BUTTONS:
                self.texts.append(given.get("value", ""))
            if tag == "meta" and TOLD & {given.get("name"), given.get("property")}:
                self.texts.append(given.get("content", ""))
        if tag not in VOID:
            self._silent.append(silent)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and len(self._silent) > 1:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent[-1]:
            self.texts.append(data)
