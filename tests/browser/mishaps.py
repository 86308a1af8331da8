"""Sends every form of every page wrongly, as people do, and keeps the pages that say so.

The forms are found, not listed: a form added tomorrow is sent empty and full of rubbish, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from tests.serving import Visitor
from tests.visiting import Answer

RUBBISH = {
    "email": "asha at example",
    "tel": "call me",
    "number": "many",
    "date": "31.02.",
    "time": "noon",
    "datetime-local": "tomorrow",
    "url": "nowhere",
    "password": "x",
    "search": "",
}
LONG = "x" * 9000


class Shown(NamedTuple):
    """A page as it came back."""

    status: int
    html: str


class Form(NamedTuple):
    """A form that posts: where to, what it sends unseen, and the kinds of its visible fields."""

    action: str
    is_upload: bool
    hidden: list[tuple[str, str]]
    visible: list[tuple[str, str]]

    def empty(self) -> list[tuple[str, str]]:
        """Every field to type in blank, nothing ticked, nothing chosen."""
        choices = ("checkbox", "radio", "select", "file")
        return [*self.hidden, *((name, "") for name, kind in self.visible if kind not in choices)]

    def rubbish(self) -> list[tuple[str, str]]:
        """In every field what does not belong there."""
        kinds = [(name, kind) for name, kind in self.visible if kind != "file"]
        return [*self.hidden, *((name, RUBBISH.get(kind, LONG)) for name, kind in kinds)]


def forms_of(path: str, html: str) -> list[Form]:
    """The posting forms of a page that ask for something."""
    reader = _Reader(path)
    reader.feed(html)
    return [one for one in reader.forms if one.visible]


class Mishaps:
    """Walks from page to page as one visitor and remembers which form it has sent how."""

    def __init__(self, visitor: Visitor, routes: MapAdapter) -> None:
        self._visitor = visitor
        self._routes = routes
        self._sent: set[tuple[str, str]] = set()
        self.shown: dict[str, Shown] = {}
        self.broken: list[str] = []  # where we answered that we broke

    def walk(self, pages: Mapping[str, str]) -> None:
        """Open each page and send its forms; pages that answer something else are left alone."""
        for path in pages.values():
            answer = self._visitor.get(path)
            if answer.status == 200:
                self._send_all(path, forms_of(path, answer.text))

    def _send_all(self, path: str, forms: Iterable[Form]) -> None:
        for form in forms:
            target = urljoin(path, form.action) if form.action else path
            name = self._name(target)
            for how, fields in (("empty", form.empty()), ("rubbish", form.rubbish())):
                if name is None or (name, how) in self._sent:
                    continue
                self._sent.add((name, how))
                self.keep(f"{name} {how}", self._post(target, form, fields))

    def keep(self, name: str, answer: Answer) -> None:
        """Remember a page that says no."""
        if answer.status >= 500:
            self.broken.append(f"{name}: {answer.status}")
        if answer.status >= 400 and answer.headers.get_content_type() == "text/html":
            self.shown[name] = Shown(answer.status, answer.text)

    def _post(self, target: str, form: Form, fields: list[tuple[str, str]]) -> Answer:
        if form.is_upload:
            return self._upload(target, fields)
        grouped: dict[str, list[str]] = {}
        for name, value in fields:
            grouped.setdefault(name, []).append(value)
        return self._visitor.post(target, grouped)

    def _upload(self, target: str, fields: list[tuple[str, str]]) -> Answer:
        """Forms that take a file are read as if without one."""
        return self._visitor.post(target, dict(fields))

    def _name(self, target: str) -> str | None:
        """The endpoint the form leads to; none for what is not ours."""
        try:
            endpoint, _ = self._routes.match(urlsplit(target).path, method="POST")
        except HTTPException:
            return None
        return endpoint


class _Reader(HTMLParser):
    """Collects the forms that post, with their fields and the first button's own value."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._path = path
        self._open: Form | None = None
        self._has_button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._begin(given)
        elif self._open is not None and given.get("name"):
            self._take(self._open, tag, given)

    def _begin(self, given: dict[str, str]) -> None:
        self._open, self._has_button = None, False
        if given.get("method", "").lower() == "post":
            is_upload = "multipart" in given.get("enctype", "")
            self._open = Form(given.get("action", ""), is_upload, [], [])
            self.forms.append(self._open)

    def _take(self, form: Form, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text") if tag == "input" else tag
        if kind == "hidden":
            form.hidden.append((given["name"], given.get("value", "")))
        elif tag in ("input", "textarea", "select"):
            form.visible.append((given["name"], kind))
        elif tag == "button" and not self._has_button:
            self._has_button = True
            form.hidden.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
