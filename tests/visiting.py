"""Somebody's browser, very small: cookies and forms; it follows no redirect."""

from __future__ import annotations

import http.client
from collections.abc import Iterable, Mapping
from email.message import Message
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import NamedTuple, Self
from urllib.parse import urlencode, urljoin, urlsplit


class Answer(NamedTuple):
    """What came back, redirects not followed."""

    status: int
    headers: Message
    text: str

    @property
    def location(self) -> str | None:
        """Where a redirect leads."""
        return self.headers.get("Location")


class Visitor:
    """One person. Not for use by two threads at once: their cookies would mix."""

    def __init__(self, base_url: str) -> None:
        self._host = urlsplit(base_url).netloc
        self._cookies: dict[str, str] = {}
        self._prepared: tuple[str, dict[str, str]] | None = None

    @property
    def cookies(self) -> Mapping[str, str]:
        """What the site has asked this browser to keep."""
        return self._cookies

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET; `path` may be a whole address, as a mail has it."""
        return self._ask("GET", path, None, headers)

    def post(
        self, path: str, fields: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """POST the fields as a form would; a list is several values of one field."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(fields, doseq=True), form | dict(headers or {}))

    def open_form(self, path: str, action: str | None = None) -> dict[str, str]:
        """GET the page; the hidden fields, csrf_token too, of its form that posts to `action`.

        Without `action`, the form that posts to the page itself.
        """
        page = self.get(path)
        if page.status != 200:
            raise LookupError(f"GET {path} answered {page.status}, not a form:\n{page.text[:2000]}")
        reader = _FormReader(path)
        reader.feed(page.text)
        wanted = urlsplit(action or path).path
        for target, hidden in reader.forms:
            if target == wanted:
                return hidden
        targets = [target for target, _ in reader.forms]
        raise LookupError(f"no form on {path} posts to {wanted}, only to {targets}")

    def prepare(self, code: str) -> Self:
        """Open the form of a batch, so that `submit` is one request: the storm's moment."""
        path = f"/batches/{code}/register"
        self._prepared = (path, self.open_form(path))
        return self

    def submit(self, **fields: object) -> Answer:
        """Send the form that `prepare` opened; may be called again, like a second click."""
        if self._prepared is None:
            raise LookupError("submit() needs prepare(code) before it")
        path, hidden = self._prepared
        return self.post(path, hidden | fields)

    def register(self, code: str, **fields: object) -> Answer:
        """Open the form and send it, as people do."""
        return self.prepare(code).submit(**fields)

    def _ask(
        self, method: str, path: str, body: str | None, headers: Mapping[str, str] | None
    ) -> Answer:
        """One request on a connection of its own: a kept one may be closed while we prepare."""
        parts = urlsplit(path)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {"Connection": "close", **(headers or {})}
        if self._cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        connection = http.client.HTTPConnection(self._host, timeout=60)
        try:
            connection.request(method, target, body, sent)
            got = connection.getresponse()
            text = got.read().decode(errors="replace")
        finally:
            connection.close()
        self._keep_cookies(got.headers.get_all("Set-Cookie") or [])
        return Answer(got.status, got.headers, text)

    def _keep_cookies(self, lines: Iterable[str]) -> None:
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                self._cookies.pop(name, None)
                if morsel.value and morsel["max-age"] != "0":
                    self._cookies[name] = morsel.value


class _FormReader(HTMLParser):
    """Collects the forms that post: where to, and their hidden fields."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._path = path
        self._open: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self._open = {}
            target = urljoin(self._path, given.get("action", ""))
            self.forms.append((urlsplit(target).path, self._open))
        elif tag == "input" and given.get("type") == "hidden" and self._open is not None:
            self._open[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
