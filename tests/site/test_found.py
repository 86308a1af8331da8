"""Found by search: the map of the site is true, and every page says once and well what it is."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta
from html.parser import HTMLParser

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll import clock, create_app
from enroll.accounts.duties import Duty
from enroll.accounts.models import Activity
from enroll.batches.models import Batch
from enroll.catalog.models import Course, RoleGuide, Skill
from enroll.db import atomically, db
from enroll.demo import load_demo
from enroll.site.sitemap import PLANS
from tests.accounts.people import colleague
from tests.comments import acting
from tests.house.test_routes import PUBLIC, rules

pytestmark = pytest.mark.either_database

MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


class Head(HTMLParser):
    """What a search engine reads first."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.title = ""
        self.said: dict[str, str] = {}
        self.canonical = ""
        self._in_title = False
        self.feed(page.split("<body")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in_title = tag == "title"
        if tag == "meta" and ("name" in given or "property" in given):
            self.said[given.get("name") or given["property"]] = given["content"]
        if tag == "link" and given.get("rel") == "canonical":
            self.canonical = given["href"]

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"


@pytest.fixture
def town(app: Flask) -> None:
    load_demo()
    db.session.remove()


def mapped(client: FlaskClient) -> dict[str, str | None]:
    """The site map as paths with their dates."""
    root = ET.fromstring(client.get("/sitemap.xml").text)  # noqa: S314 - our own answer
    found = {}
    for one in root.iter(f"{MAP}url"):
        address = one.findtext(f"{MAP}loc") or ""
        found["/" + address.split("/", 3)[3]] = one.findtext(f"{MAP}lastmod")
    assert len(found) == len(list(root))
    return found


def test_every_page_on_the_map_is_there_is_itself_and_may_be_found(
    town: None, client: FlaskClient
) -> None:
    for path, changed in mapped(client).items():
        answer = client.get(path)
        head = Head(answer.text)
        assert answer.status_code == 200, path
        assert head.canonical == f"http://127.0.0.1:8000{path}"
        assert "robots" not in head.said, path
        assert "X-Robots-Tag" not in answer.headers, path
        if changed:
            assert datetime.fromisoformat(changed) <= clock.now(), path


def test_every_page_that_may_be_found_is_on_the_map(
    app: Flask, town: None, client: FlaskClient
) -> None:
    slugs = {
        "/roles/<slug>": list(db.session.scalars(sa.select(RoleGuide.slug))),
        "/courses/<slug>": list(db.session.scalars(sa.select(Course.slug))),
        "/skills/<slug>": list(db.session.scalars(sa.select(Skill.slug))),
        "/batches/<code>": ["fnd-01"],
        "/batches/<code>/register": ["fnd-01"], "/batches/<code>/registered": ["fnd-01"],
        "/batches/<code>/noted": ["fnd-01"],
    }
    db.session.remove()
    on_map = mapped(client)
    for rule in rules(app):
        if rule.rule not in PUBLIC or "GET" not in rule.methods:
            continue
        if rule.arguments and rule.rule not in slugs:
            continue  # somebody's own, by a token or a number
        for slug in slugs.get(rule.rule, [""]):
            path = re.sub("<.*?>", slug, rule.rule)
            answer = client.get(path)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                head = Head(answer.text)
                said = head.said.get("robots") or answer.headers.get("X-Robots-Tag", "")
                # Forms stand for the page they belong to.
                may_be_found = "noindex" not in said and head.canonical.endswith(f":8000{path}")
                assert may_be_found == (path in on_map), path


def test_titles_and_descriptions_are_each_pages_own_and_of_a_length_that_is_shown(
    town: None, client: FlaskClient
) -> None:
    titles: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    for path in mapped(client):
        head = Head(client.get(path).text)
        description = head.said["description"]
        assert 10 <= len(head.title) <= 65, (path, head.title)
        assert 50 <= len(description) <= 160, (path, len(description), description)
        assert titles.setdefault(head.title, path) == path
        assert descriptions.setdefault(description, path) == path
        assert head.said["og:title"] == head.title
        assert head.said["og:description"] == description


def test_the_map_knows_when_a_page_changed(town: None, client: FlaskClient) -> None:
    before = mapped(client)
    assert all(before[path] for path in ("/", "/courses", "/roles/ml-engineer"))
    comment = acting.published("Said today.", page="/roles/ml-engineer")
    said_at = comment.published_at
    colleague(Duty.PLAN)
    soon = clock.now() + timedelta(minutes=1)

    def note() -> None:
        for action, where in ((PLANS[0], "batches/fnd-01/edit"), ("roster.show", "batches/ml-01/roster")):
            db.session.add(Activity(at=soon, action=action, object=where))

    atomically(note)
    db.session.remove()
    after = mapped(client)
    assert datetime.fromisoformat(after["/roles/ml-engineer"] or "") == said_at.replace(microsecond=0)
    assert datetime.fromisoformat(after["/batches/fnd-01"] or "") == soon.replace(microsecond=0)
    changed = {path for path in after if after[path] != before[path]}
    assert changed == {"/", "/courses", "/batches", "/batches/fnd-01", "/roles/ml-engineer"}


def test_each_language_of_a_page_is_on_the_map_and_knows_the_others(
    app: Flask, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENROLL_LANGUAGES", "en_GB,hi")
    client = create_app().test_client()
    root = ET.fromstring(client.get("/sitemap.xml").text)  # noqa: S314 - our own answer
    entries = {one.findtext(f"{MAP}loc"): one for one in root.iter(f"{MAP}url")}
    for path in ("/courses", "/hi/courses", "/en-gb/courses"):
        entry = entries[f"http://127.0.0.1:8000{path}"]
        links = {
            one.attrib["hreflang"]: one.attrib["href"].removeprefix("http://127.0.0.1:8000")
            for one in entry.iter("{http://www.w3.org/1999/xhtml}link")
        }
        assert links == {"en-gb": "/en-gb/courses", "hi": "/hi/courses", "x-default": "/courses"}
        head = Head(client.get(path).text)
        assert head.canonical == f"http://127.0.0.1:8000{path}"


def test_the_map_asks_as_many_questions_for_many_pages_as_for_few(
    town: None, client: FlaskClient
) -> None:
    asked: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        client.get("/sitemap.xml")
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    batches = db.session.scalar(sa.select(sa.func.count()).select_from(Batch)) or 0
    assert len([one for one in asked if one.startswith("SELECT")]) <= 12 < batches + 20
