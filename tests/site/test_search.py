"""The page: what was found, marked and escaped; ways on where nothing was; never an error."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll import create_app
from enroll.db import atomically, db
from enroll.search.filling import put
from enroll.search.kinds import Found
from tests.search.test_finding import entry


def fill(*entries: object) -> None:
    atomically(put, *entries)


def test_each_hit_says_what_it_is_and_shows_the_place(client: FlaskClient) -> None:
    fill(
        entry("g", "Xylophone player", kind=Found.GUIDE, address="/roles/xylophonist"),
        entry("c", "Music", "Xylophones & <b>drums</b>."),
        entry("m", "Mallets", "For the xylophone.", kind=Found.MODULE, within="Music"),
        entry("s", "Xylophone", kind=Found.SKILL),
        entry("b", "Xylophone in May", kind=Found.BATCH),
    )
    page = client.get("/search?q=xylophone").text
    for word in ("Role guide", "Skill", "Course", "Module · Music", "Batch", "5 results"):
        assert word in page
    assert '<a href="/roles/xylophonist">Xylophone player</a>' in page
    assert "<mark>Xylophones</mark> &amp; &lt;b&gt;drums&lt;/b&gt;." in page
    assert '<meta name="robots" content="noindex">' in page
    assert 'value="xylophone"' in page
    assert "<title>xylophone – Search" in page


def test_nothing_found_leads_on(client: FlaskClient) -> None:
    page = client.get("/search?q=xylophone").text
    assert "Nothing found for “xylophone”." in page
    for way in ("/courses", "/batches", "/roles/ml-engineer"):
        assert page.count(f'href="{way}"') == 2  # in the header, and here
    empty = client.get("/search").text
    assert "Nothing found" not in empty
    assert 'role="search"' in empty


def test_a_correction_is_told(client: FlaskClient) -> None:
    fill(entry("c", "Xylophone"))
    page = client.get("/search?q=xylohpone").text
    assert "Nothing for “xylohpone”; showing results for <strong>xylophone</strong>." in page
    page = client.get("/search?q=xylophone+drum").text
    assert "No page holds all of these words." in page


def test_twenty_on_a_page_with_ways_to_the_next_and_back(client: FlaskClient) -> None:
    fill(*(entry(f"k{n:02}", f"Music {n:02}") for n in range(45)))
    seen: list[str] = []
    path = "/search?q=music"
    while path:
        page = client.get(path).text
        seen += re.findall(r">(Music \d\d)<", page)
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert seen == [f"Music {n:02}" for n in range(45)]
    assert 'rel="prev" href="/search?q=music&amp;page=2"' in page
    assert 'rel="prev"' not in client.get("/search?q=music").text
    assert client.get("/search?q=music&page=4").status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "4", "9" * 30, "x", ""])
def test_strange_page_numbers_break_nothing(client: FlaskClient, page: str) -> None:
    fill(entry("c", "Music"))
    assert client.get(f"/search?q=music&page={page}").status_code in (200, 404)


@pytest.mark.parametrize(
    "question", ["<script>alert(1)</script>", '"><img src=x>', "%ff%fe", "%00", "😀", "x" * 10_000]
)
def test_no_question_is_an_error_or_gets_onto_the_page_as_markup(
    client: FlaskClient, question: str
) -> None:
    answer = client.get(f"/search?q={question if question[0] == '%' else quote(question)}")
    assert answer.status_code in (200, 404)
    assert "<script>" not in answer.text
    assert "<img" not in answer.text


def test_the_number_of_queries_does_not_grow(app: Flask, client: FlaskClient) -> None:
    counts = {}
    asked: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for number in (1, 100):
        fill(*(entry(f"k{n}", f"Music {n}", "Words.", kind=Found.MODULE) for n in range(number)))
        for question in ("music", "muisc", "music+zzzzz", "zzzzz"):
            asked.clear()
            assert client.get(f"/search?q={question}").status_code == 200
            statements = [one for one in asked if "search_" in one]
            counts.setdefault(question, set()).add(len(statements))
    assert all(len(some) == 1 for some in counts.values()), counts
    assert max(max(some) for some in counts.values()) <= 6


def test_whoever_asks_without_end_is_slowed_down(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ENROLL_RATELIMIT_ENABLED", "true")
    app = create_app()
    client = app.test_client()
    codes = [client.get("/search").status_code for _ in range(125)]
    assert codes[:100] == [200] * 100
    assert codes[-1] == 429
    with app.app_context():
        db.engine.dispose()
