"""What is published can be found at once; drafts, old words and old addresses cannot."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from flask import Flask
from flask.testing import FlaskClient

from enroll import clock
from enroll.catalog.documents import Kind
from enroll.catalog.editing import begin, publish, save
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.catalog.models import Manuscript
from enroll.db import atomically, db
from enroll.search.filling import keys
from enroll.search.finding import find
from enroll.search.kinds import Found


@pytest.fixture
def loaded(app: Flask) -> None:
    atomically(load_catalog, folder=SHIPPED, now=clock.now())


def addresses(question: str) -> list[str]:
    db.session.rollback()
    return [hit.address for hit in find(question, now=clock.now(), limit=100).hits]


def shipped(path: str) -> dict[str, Any]:
    return yaml.safe_load((Path(SHIPPED) / path).read_text())


def rewrite(kind: Kind, slug: str, document: dict[str, Any], *, public: bool = True) -> None:
    manuscript = db.session.scalar(
        sa.select(Manuscript).where(Manuscript.kind == kind, Manuscript.slug == slug)
    )
    made = atomically(
        save,
        manuscript_id=manuscript.id,
        base=manuscript.latest,
        document=document,
        by="staff 1",
        now=clock.now(),
    )
    if public:
        atomically(publish, manuscript_id=manuscript.id, number=made.number)


def test_everything_published_is_found_under_an_address_that_answers(
    loaded: None, client: FlaskClient
) -> None:
    kinds = {kind: keys(kind, "") for kind in Found}
    assert [len(kinds[kind]) > 1 for kind in Found] == [True, True, True, False, True]
    assert "Python for data" in client.get("/search?q=python").text
    for question in ("engineer", "data", "teamwork", "foundations"):
        for address in addresses(question):
            page = client.get(address)
            assert page.status_code == 200, address
            if "#" in address:
                assert f'id="{address.partition("#")[2]}"' in page.text


def test_a_changed_course_is_found_as_it_is_now(loaded: None) -> None:
    document = shipped("courses/foundations.yaml")
    changed = copy.deepcopy(document)
    changed["summary"] = "Now with **xylophones**."
    gone = changed["modules"].pop(0)
    changed["modules"][0]["topics"] = ["Glockenspiel"]
    rewrite(Kind.COURSE, "foundations", changed, public=False)
    assert addresses("xylophone") == addresses("glockenspiel") == []
    assert f"/courses/foundations#{gone['slug']}" in addresses(gone["title"])

    rewrite(Kind.COURSE, "foundations", changed | {"title": "Foundations of music"})
    assert addresses("xylophones") == ["/courses/foundations"]
    one = changed["modules"][0]["slug"]
    assert addresses("glockenspiel") == [f"/courses/foundations#{one}"]
    assert find("glockenspiel", now=clock.now()).hits[0].within == "Foundations of music"
    assert f"/courses/foundations#{gone['slug']}" not in addresses(gone["title"])

    rewrite(Kind.COURSE, "foundations", document)
    assert addresses("xylophones") == addresses("glockenspiel") == []


def test_a_course_at_another_address_is_found_only_there(loaded: None) -> None:
    rewrite(Kind.COURSE, "foundations", shipped("courses/foundations.yaml") | {"slug": "basics"})
    assert not [one for kind in Found for one in keys(kind, "foundations")]
    assert keys(Found.COURSE, "basics") == ["basics"]
    assert len(keys(Found.MODULE, "basics#")) == len(shipped("courses/foundations.yaml")["modules"])
    assert all("/foundations" not in one for one in addresses("first programs"))


def test_a_guide_and_its_prose_are_found_without_their_marks(loaded: None) -> None:
    guide = shipped("roles/business-analyst.yaml")
    guide["sections"][0]["body"] = "Play the [xylophone](https://example.org/hidden) **well**."
    rewrite(Kind.ROLE, "business-analyst", guide | {"slug": "analyst"})
    (hit,) = find("xylophone", now=clock.now()).hits
    assert hit.address == "/roles/analyst"
    assert "Play the xylophone well." in "".join(piece.text for piece in hit.snippet)
    assert addresses("hidden") == []
    assert keys(Found.GUIDE, "business") == []


def test_a_skill_that_leaves_the_list_is_not_found(loaded: None) -> None:
    listed = shipped("skills.yaml")
    more = {**listed["skills"][0], "slug": "xylophone", "name": "Xylophone", "topics": ["Mallets"]}
    rewrite(Kind.SKILLS, "skills", {**listed, "skills": [*listed["skills"], more]})
    assert addresses("mallets") == ["/skills/xylophone"]
    rewrite(Kind.SKILLS, "skills", listed)
    assert addresses("mallets") == addresses("xylophone") == []


def test_a_draft_is_never_found(loaded: None) -> None:
    draft = shipped("courses/foundations.yaml") | {"slug": "draft", "title": "Xylophone for all"}
    atomically(begin, kind=Kind.COURSE, document=draft, by="staff 1", now=clock.now())
    assert addresses("xylophone") == []
    assert keys(Found.COURSE, "draft") == []
