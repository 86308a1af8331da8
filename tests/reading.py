"""Reads pages as a test needs them: the hidden fields of a form, the text a person sees."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.values: dict[str, str] = {}
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given["name"]] = given.get("value", "")
        elif tag == "input" and given.get("name"):
            self.values[given["name"]] = given.get("value", "")
        elif tag == "textarea":
            self._area = given["name"]
            self.values[self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of the page's forms, the CSRF token among them."""
    parser = _Form()
    parser.feed(page)
    return parser.hidden


def typed_values(page: str) -> dict[str, str]:
    """What the visible fields of the page's forms hold."""
    parser = _Form()
    parser.feed(page)
    # A browser drops the line feed right after <textarea>.
    return {name: value.removeprefix("\n") for name, value in parser.values.items()}


class _Sent(_Form):
    """As `_Form`, with everything a browser would send: choices too, and only boxes that are ticked."""

    def __init__(self) -> None:
        super().__init__()
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") in ("checkbox", "radio") and "checked" not in given:
            return
        if tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select:
            if self._select not in self.values or "selected" in given:
                self.values[self._select] = given.get("value") or ""
        else:
            super().handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        if tag == "select":
            self._select = None


def as_sent(page: str) -> dict[str, str]:
    """All that a browser sends when a page's forms are sent unchanged."""
    parser = _Sent()
    parser.feed(page)
    typed = {name: value.removeprefix("\n") for name, value in parser.values.items()}
    return {**typed, **parser.hidden}


def own_link(letter: str) -> str:
    """The path of the first link to somebody's own page in a letter."""
    found = re.search(r"https?://[^/\s]+(/registrations/[\w-]+)", letter)
    assert found, letter
    return found[1]
