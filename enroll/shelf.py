"""The shelf: public pages are drawn once a second and handed to everybody, each visitor's own put in.

A page on the shelf is drawn from its key alone: by the whole application, for a request that has no
cookie, no header and no word in its address beyond what the key says. So nothing of anybody can be in
it. Whoever has more in the session than the token of forms (staff, a message to be shown once) is
served past the shelf.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

from flask import Flask
from flask.sessions import SecureCookieSession, SessionMixin
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header, parse_etags
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from enroll.holes import HOLES, TOKEN, Hole
from enroll.languages import CHOSEN, language_of
from enroll.logs import WITHIN, write_line
from enroll.parcel import Parcel

View = TypeVar("View", bound=Callable[..., Any])

OLDEST = 1.75  # seconds a page may have been there when it is handed out; people are promised two
MOST_PAGES = 256
MOST_BYTES = 16_000_000
# What is said anew each time.
_OURS = {"Content-Length", "Cache-Control"}


def shared(*names: str) -> Callable[[View], View]:
    """Mark a view whose page is the same for everybody; of the query it reads only these names."""

    def mark(view: View) -> View:
        view.shared_names = frozenset(names)  # type: ignore[attr-defined]
        return view

    return mark


class Key(NamedTuple):
    """All that a page on the shelf may depend on."""

    scheme: str
    host: str
    prefix: str
    path: str
    query: str
    language: str
    visitor: str  # whence a request comes, while only this machine is answered


class Page(NamedTuple):
    """A page as it was drawn: when that began, under which route, what is sent, whether it may stay."""

    began: float
    route: str
    status: str
    headers: list[tuple[str, str]]
    parcel: Parcel
    holes: list[Hole]
    may_stay: bool


class _Place:
    """Where the pages of one key lie, one after the other."""

    def __init__(self) -> None:
        self.drawing = threading.Lock()
        self.page: Page | None = None


class Shelf:
    """Stands before the application and keeps what it draws for everybody."""

    def __init__(
        self,
        app: Flask,
        watch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watch = watch
        self._app = app
        self._inner = app.wsgi_app
        self._kept_for = float(app.config["PAGES_KEPT"])
        self._lock = threading.Lock()
        self._places: OrderedDict[Key, _Place] = OrderedDict()
        self._bytes = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        began = time.perf_counter()
        if self._kept_for > 0 and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            session = self._session(environ)
            key = self._key(environ) if session is not None else None
            page = self._find(key) if key else None
            if session is not None and page:
                status, headers, body = self._answer(page, session, environ)
                start_response(status, headers)
                write_line(f"{environ['REQUEST_METHOD']} {page.route}", status[:3], began)
                return [body]
        return self._inner(environ, start_response)

    # ------------------------------------------------------------ who gets which

    def _session(self, environ: dict[str, Any]) -> SessionMixin | None:
        """The visitor's session, if nothing is in it but the token of forms."""
        if f"{self._app.config['SESSION_COOKIE_NAME']}=" not in environ.get("HTTP_COOKIE", ""):
            return SecureCookieSession()
        request = self._app.request_class(environ)
        session = self._app.session_interface.open_session(self._app, request)
        return session if session is not None and session.keys() <= {TOKEN} else None

    def _key(self, environ: dict[str, Any]) -> Key | None:
        """What the page depends on; none if this is no page for everybody."""
        visitor = f"{environ.get('REMOTE_ADDR', '')} {environ.get('HTTP_X_FORWARDED_FOR', '')}"
        key = Key(
            scheme=environ["wsgi.url_scheme"],
            host=environ.get("HTTP_HOST", ""),
            prefix=environ.get("SCRIPT_NAME", ""),
            path=environ.get("PATH_INFO", ""),
            query=environ.get("QUERY_STRING", ""),
            language=language_of(environ, self._app),
            visitor="" if self._app.config["IS_PUBLIC"] else visitor,
        )
        if key in self._places:
            return key
        names = self._names(environ)
        if names is None:
            return None
        pairs = parse_qsl(key.query, keep_blank_values=True)
        return key._replace(query=urlencode([pair for pair in pairs if pair[0] in names]))

    def _names(self, environ: dict[str, Any]) -> frozenset[str] | None:
        """What the page at this address reads of the query; none if no shared page is there."""
        try:
            endpoint, _given = self._app.url_map.bind_to_environ(environ).match(method="GET")
        except HTTPException:
            return None
        return getattr(self._app.view_functions[str(endpoint)], "shared_names", None)

    # ------------------------------------------------------------ keeping

    def _find(self, key: Key) -> Page | None:
        """The page, begun at the most OLDEST seconds ago or after this call.

        One draws it, and meanwhile the others get the last one, or wait where that is too old.
        """
        asked = self._watch()
        place = self._place(key)
        page = place.page
        if page and asked - page.began < self._kept_for:
            return page
        may_get_last = page is not None and asked - page.began < OLDEST
        if not place.drawing.acquire(blocking=not may_get_last):
            return page
        try:
            page = place.page
            if page and (page.began >= asked or self._watch() - page.began < self._kept_for):
                return page
            page = self._draw(key)
            if page and page.may_stay:
                self._put(key, place, page)
            return page
        finally:
            place.drawing.release()

    def _place(self, key: Key) -> _Place:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            while len(self._places) > MOST_PAGES:
                self._drop_oldest()
        return place

    def _put(self, key: Key, place: _Place, page: Page) -> None:
        with self._lock:
            if self._places.get(key) is place:  # else pushed off while it was drawn
                self._bytes += page.parcel.size - (place.page.parcel.size if place.page else 0)
                place.page = page
            while self._bytes > MOST_BYTES:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        _key, place = self._places.popitem(last=False)
        self._bytes -= place.page.parcel.size if place.page else 0
        place.page = None

    def _draw(self, key: Key) -> Page | None:
        """What the application answers to the key; none if that turns out to be somebody's own."""
        began = self._watch()
        holes: dict[str, Hole] = {}
        route: list[str] = []
        environ = _request_for(key) | {HOLES: holes, WITHIN: route}
        response = Response.from_app(self._inner, environ, buffered=True)
        if "Set-Cookie" in response.headers or response.cache_control.no_store:
            return None
        response.vary.update(("Accept-Language", "Accept-Encoding", "Cookie"))
        text = response.get_data(as_text=True)
        marks = re.findall("|".join(holes), text) if holes else []
        return Page(
            began=began,
            route="".join(route),
            status=response.status,
            headers=[pair for pair in response.headers if pair[0] not in _OURS],
            parcel=Parcel(re.split("|".join(holes), text) if holes else [text]),
            holes=[holes[mark] for mark in marks],
            may_stay=response.status_code == 200,
        )

    # ------------------------------------------------------------ handing out

    def _answer(
        self, page: Page, session: SessionMixin, environ: dict[str, Any]
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        """What is sent: with each visitor's own in the holes, or "unchanged" where there are none."""
        headers = list(page.headers)
        packed = parse_accept_header(environ.get("HTTP_ACCEPT_ENCODING"))["gzip"] > 0
        filling = [hole(session).encode() for hole in page.holes]
        body = page.parcel.gzip(filling) if packed else page.parcel.plain(filling)
        if packed:
            headers.append(("Content-Encoding", "gzip"))
        if filling:
            headers.append(("Cache-Control", "private, no-cache"))
            headers += self._cookie(session)
        else:
            headers.append(("Cache-Control", "no-cache"))
            if page.may_stay:
                tag = f"{page.parcel.digest}-gzip" if packed else page.parcel.digest
                headers.append(("ETag", f'"{tag}"'))
                if parse_etags(environ.get("HTTP_IF_NONE_MATCH")).contains_weak(tag):
                    kept = [one for one in headers if not one[0].startswith("Content-")]
                    return "304 NOT MODIFIED", kept, b""
        headers.append(("Content-Length", str(len(body))))
        return page.status, headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else body

    def _cookie(self, session: SessionMixin) -> list[tuple[str, str]]:
        """The session of somebody new, for whom a form's token was just made."""
        if not session.modified:
            return []
        carrier = self._app.response_class()
        self._app.session_interface.save_session(self._app, session, carrier)
        return [("Set-Cookie", one) for one in carrier.headers.getlist("Set-Cookie")]


def _request_for(key: Key) -> dict[str, Any]:
    """A request that says what the key says, and nothing else."""
    address, _, forwarded = key.visitor.partition(" ")
    environ = EnvironBuilder(query_string=key.query).get_environ()
    environ |= {
        "wsgi.url_scheme": key.scheme,
        "wsgi.multithread": True,
        "HTTP_HOST": key.host,
        CHOSEN: key.language,
        "SCRIPT_NAME": key.prefix,
        "PATH_INFO": key.path,
        "REMOTE_ADDR": address,
    }
    if forwarded:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    return environ
