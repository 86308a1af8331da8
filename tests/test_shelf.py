"""The shelf by itself: how long a page stays, who draws it, how much is kept. Time is a watch we turn."""

from __future__ import annotations

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask, abort, flash, get_flashed_messages, redirect, request, session
from werkzeug.test import Client

from enroll import logs
from enroll.holes import form_token, own
from enroll.languages import CHOSEN
from enroll.parcel import Parcel
from enroll.shelf import MOST_BYTES, MOST_PAGES, OLDEST, Shelf, shared


class Town:
    """A small application behind a shelf: its watch, what it drew, and a gate before the slow page."""

    def __init__(self, kept_for: float = 1.0) -> None:
        self.now = 100.0
        self.drawn: list[str] = []
        self.may_draw = threading.Event()
        self.is_drawing = threading.Event()
        self.app = Flask(__name__)
        self.app.config |= {
            "LANGUAGES": "en,de,hi", "SECRET_KEY": "for this test", "PAGES_KEPT": kept_for, "IS_PUBLIC": True,
            "PROPAGATE_EXCEPTIONS": False,
        }
        self.app.before_request(logs._start)
        self.app.after_request(logs._write)
        _lay_out(self)
        self.shelf = Shelf(self.app, watch=lambda: self.now)
        self.app.wsgi_app = self.shelf  # type: ignore[method-assign]

    def visitor(self) -> Client:
        return self.app.test_client()


def _lay_out(town: Town) -> None:
    @town.app.get("/page/<name>")
    @shared("order")
    def page(name: str) -> Any:
        town.drawn.append(request.full_path)
        if name == "none":
            abort(404)
        if name == "broken":
            raise RuntimeError("broken on purpose")
        if name == "old":
            return redirect("/page/new", 301)
        if name == "large":
            return "x" * 3_000_000
        return f"{name}, drawing {len(town.drawn)}, {request.environ.get(CHOSEN)}"

    @town.app.get("/slow")
    @shared()
    def slow() -> str:
        town.drawn.append("slow")
        town.is_drawing.set()
        assert town.may_draw.wait(20)
        return f"drawing {len(town.drawn)}"

    @town.app.get("/form")
    @shared()
    def form() -> str:
        town.drawn.append("form")
        own(lambda: "never printed")
        words = " ".join(get_flashed_messages())
        return f"<b>{form_token()}</b><i>{own(lambda: str(town.now))}</i>{words}"

    @town.app.get("/leaking")
    @shared()
    def leaking() -> str:
        town.drawn.append("leaking")
        session["seen"] = "me"
        return request.headers.get("Cookie", "no cookie")

    @town.app.get("/say/<words>")
    def say(words: str) -> str:
        flash(words)
        return "said"


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_page_is_drawn_once_a_second(town: Town) -> None:
    first = town.visitor().get("/page/a").text
    town.now += 0.99
    assert town.visitor().get("/page/a").text == first
    town.now += 0.02
    assert town.visitor().get("/page/a").text != first
    assert len(town.drawn) == 2


def test_one_draws_and_the_others_wait_for_it(town: Town) -> None:
    with ThreadPoolExecutor(8) as crowd:
        answers = [crowd.submit(lambda: town.visitor().get("/slow").text) for _ in range(8)]
        assert town.is_drawing.wait(20)
        town.may_draw.set()
        assert {one.result() for one in answers} == {"drawing 1"}


def test_while_one_draws_the_others_get_the_last_but_never_an_old_one(town: Town) -> None:
    town.may_draw.set()
    town.visitor().get("/slow")
    town.may_draw.clear()
    town.is_drawing.clear()
    began = town.now
    with ThreadPoolExecutor(2) as crowd:
        town.now = began + 1.2
        first = crowd.submit(lambda: town.visitor().get("/slow").text)
        assert town.is_drawing.wait(20)
        assert town.visitor().get("/slow").text == "drawing 1"  # at once
        town.now = began + OLDEST
        late = crowd.submit(lambda: town.visitor().get("/slow").text)
        town.may_draw.set()
        assert first.result() == "drawing 2"
        assert late.result() == "drawing 2"


def test_who_waited_longer_than_a_page_may_live_has_it_drawn_anew(town: Town) -> None:
    with ThreadPoolExecutor(2) as crowd:
        first = crowd.submit(lambda: town.visitor().get("/slow").text)
        assert town.is_drawing.wait(20)
        town.now += OLDEST + 1  # a drawing that takes that long
        second = crowd.submit(lambda: town.visitor().get("/slow").text)
        town.may_draw.set()
        assert first.result() == "drawing 1"
        assert second.result() == "drawing 2"
    assert town.visitor().get("/slow").text == "drawing 2"


def test_only_what_the_page_reads_of_an_address_tells_pages_apart(town: Town) -> None:
    first = town.visitor().get("/page/a?fbclid=me&order=oldest")
    assert town.visitor().get("/page/a?order=oldest&utm_source=x").text == first.text
    assert town.visitor().get("/page/a").text != first.text
    assert town.drawn == ["/page/a?order=oldest", "/page/a?"]


def test_languages_and_prefixes_are_pages_of_their_own(town: Town) -> None:
    pages = {
        town.visitor().get("/page/a", headers={"Accept-Language": language}, base_url=base).text
        for language in ("en", "hi") for base in ("http://localhost/", "http://localhost/hi")
    }
    assert len(pages) == 4


def test_errors_and_redirects_are_not_kept(town: Town) -> None:
    for path, status in (("/page/none", 404), ("/page/broken", 500), ("/page/old", 301)):
        town.drawn.clear()
        for _ in range(2):
            answer = town.visitor().get(path)
            assert answer.status_code == status
            assert "ETag" not in answer.headers
        assert len(town.drawn) == 2


def test_no_query_and_no_path_can_fill_the_memory(town: Town) -> None:
    for number in range(MOST_PAGES + 40):
        town.visitor().get(f"/page/a?order={number}")
        town.visitor().get("/page/hot")
    assert len(town.shelf._places) <= MOST_PAGES
    assert town.drawn.count("/page/hot?") == 1  # what people read stays
    for number in range(8):
        town.visitor().get(f"/page/large?order={number}")
    assert 0 < town.shelf._bytes <= MOST_BYTES
    kept = [one.page.parcel.size for one in town.shelf._places.values() if one.page]
    assert sum(kept) == town.shelf._bytes


def test_each_visitor_gets_a_token_and_a_session_of_their_own(town: Town) -> None:
    asha, bilal = town.visitor(), town.visitor()
    pages = {asha.get("/form").text, bilal.get("/form").text}
    assert len(pages) == 2
    assert town.drawn == ["form"]
    again = asha.get("/form")
    assert "Set-Cookie" not in again.headers
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert "ETag" not in again.headers
    assert "never" not in again.text


def test_a_message_is_shown_to_its_reader_and_nobody_else(town: Town) -> None:
    asha, bilal = town.visitor(), town.visitor()
    bilal.get("/form")
    asha.get("/say/welcome-asha")
    assert "welcome-asha" in asha.get("/form").text
    assert "welcome-asha" not in bilal.get("/form").text
    assert "welcome-asha" not in asha.get("/form").text


def test_a_page_that_writes_into_the_session_is_never_kept(town: Town) -> None:
    for _ in range(2):
        town.drawn.clear()
        client = town.visitor()
        client.set_cookie("secret", "of-asha")
        assert client.get("/leaking").text == "secret=of-asha"
        assert town.drawn == ["leaking", "leaking"]  # for all, then for this one


def test_a_browser_hears_that_nothing_changed(town: Town) -> None:
    for packing in ("", "gzip"):
        seen = town.visitor().get("/page/a", headers={"Accept-Encoding": packing})
        again = town.visitor().get(
            "/page/a", headers={"If-None-Match": seen.headers["ETag"], "Accept-Encoding": packing}
        )
        assert (again.status_code, again.data) == (304, b"")
        assert seen.headers["Cache-Control"] == "no-cache"
        assert "Cookie" in seen.headers["Vary"]
    town.now += 2
    assert town.visitor().get("/page/a", headers={"If-None-Match": seen.headers["ETag"]}).status_code == 200


def test_head_says_what_get_says(town: Town) -> None:
    got, head = town.visitor().get("/page/a"), town.visitor().head("/page/a")
    assert head.data == b""
    assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.8"])
def test_compressed_it_is_the_same_page(town: Town, accepted: str) -> None:
    client = town.visitor()
    client.get("/form")
    plain = client.get("/form").data
    packed = client.get("/form", headers={"Accept-Encoding": accepted})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain
    assert "Content-Encoding" not in client.get("/form", headers={"Accept-Encoding": "gzip;q=0"}).headers


def test_what_stands_in_a_hole_is_not_compressed() -> None:
    parcel = Parcel(["<p>secret-of-asha " * 50, "secret-of-asha</p>"])
    guess, other = parcel.gzip([b"secret-of-asha"]), parcel.gzip([b"0123456789abcd"])
    assert len(guess) == len(other)  # a right guess packs no better
    assert gzip.decompress(guess) == parcel.plain([b"secret-of-asha"])


def test_switched_off_each_page_is_drawn_for_each() -> None:
    town = Town(kept_for=0)
    assert town.visitor().get("/page/a").text != town.visitor().get("/page/a").text
