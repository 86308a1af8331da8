"""A person who reads the page before them: follows its links and presses its buttons by their words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.message import Message
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

from tests.serving import Visitor, read_mailbox
from tests.visiting import Answer

T = TypeVar("T")

PATIENCE = 30.0  # seconds; how long it really took is printed, never asserted


class Form(NamedTuple):
    """A form on a page: where it goes, what is filled in already, the words on its button."""

    action: str
    hidden: dict[str, str]
    button: str


class _Page(HTMLParser):
    """The links and the posting forms of a page, each with the words a person sees on it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self._href: str | None = None
        self._words: list[str] = []
        self._action = ""
        self._hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._href, self._words = given.get("href", ""), []
        elif tag == "button":
            self._words = []
        elif tag == "form":
            self._action, self._hidden = given.get("action", ""), {}
        elif tag == "input" and given.get("type") == "hidden":
            self._hidden[given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        words = " ".join("".join(self._words).split())
        if tag == "a" and self._href is not None:
            self.links.append((self._href, words))
            self._href = None
        elif tag == "button":
            self.forms.append(Form(self._action, self._hidden, words))


class Walker:
    """One person with one browser. After each step, `page` is what they see and `path` where."""

    def __init__(self, base_url: str) -> None:
        self._visitor = Visitor(base_url)
        self.path = ""
        self.page = Answer(0, Message(), "")

    def open(self, path: str) -> Answer:
        """Type an address, or click it in a letter."""
        self.path, self.page = urlsplit(path).path, self._visitor.get(path)
        return self.page

    def follow(self, *words: str) -> Answer:
        """Click the first link that says these words, or any of several."""
        for href, said in self._read().links:
            if any(each in said for each in words):
                return self.open(urljoin(self.path, href))
        raise LookupError(f"no link says {words} on {self.path}:\n{self.text()}")

    def press(self, *words: str, **fields: str) -> Answer:
        """Press the first button that says these words, the form filled in; then go where sent.

        Returns the answer to the press itself; `page` is what it led to.
        """
        form = self.form(*words)
        return self._send(form, fields)

    def form(self, *words: str) -> Form:
        """The first form whose button says these words, or any of several."""
        for form in self._read().forms:
            if any(each in form.button for each in words):
                return form
        raise LookupError(f"no button says {words} on {self.path}:\n{self.text()}")

    def again(self, form: Form) -> Answer:
        """Send a form that was on an earlier page, as the Back button allows; then go where sent."""
        return self._send(form, {})

    def text(self) -> str:
        """The words on the page."""
        return " ".join(re.sub(r"<[^>]+>", " ", self.page.text).split())

    def _send(self, form: Form, fields: dict[str, str]) -> Answer:
        answer = self._visitor.post(urljoin(self.path, form.action), form.hidden | fields)
        self.page = answer
        if answer.location:
            self.open(answer.location)
        return answer

    def _read(self) -> _Page:
        reader = _Page()
        reader.feed(self.page.text)
        return reader


def until(look: Callable[[], T | None], what: str) -> T:
    """Look again and again until there is something; print how long it took, fail after `PATIENCE`."""
    began = time.monotonic()
    while (seen := look()) is None:
        assert time.monotonic() - began < PATIENCE, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.02)
    print(f"{what}: after {time.monotonic() - began:.2f} s")
    return seen


def letter_to(instance: Path, address: str, subject: str) -> str:
    """Wait for the letter to this address with these words in its subject; its plain text."""

    def look() -> str | None:
        for message in read_mailbox(instance):
            if message["To"] == address and subject in message["Subject"]:
                part = message.get_body(("plain",))
                return part.get_content() if part else ""
        return None

    return until(look, f"letter to {address}, “{subject}”")


def link_in(letter: str, base_url: str) -> str:
    """The personal link in a letter, whole; it must lead to this very site."""
    found = re.search(r"https?://\S+/registrations/[\w-]+", letter)
    assert found, letter
    assert found[0].startswith(base_url + "/"), found[0]
    return found[0]
