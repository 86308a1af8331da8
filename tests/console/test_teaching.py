"""Writing what we teach: drafts, previews, two editors at once, history, restoring, old addresses."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from enroll import clock
from enroll.catalog import editing
from enroll.catalog.documents import Kind
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.catalog.models import Manuscript, Version
from enroll.console.teaching import differences
from enroll.db import atomically, db
from tests.console.acting import said, text
from tests.contents import contents
from tests.reading import as_sent

# The rules behind these pages are tested on both databases, with the verbs.
pytestmark = pytest.mark.either_database

EVIL = """<script>alert(1)</script> [press](javascript:alert(1)) <img src=x onerror=alert(1)>

| a | b |
|---|
| broken | table | with | cells

**bold**
"""


@pytest.fixture(autouse=True)
def shipped(app: Flask) -> None:
    atomically(load_catalog, folder=SHIPPED, now=clock.now())


def found(kind: Kind, slug: str) -> Manuscript:
    db.session.rollback()
    one = db.session.query(Manuscript).filter_by(kind=kind, slug=slug).one()
    db.session.refresh(one)
    return one


def at(kind: Kind = Kind.COURSE, slug: str = "foundations") -> str:
    return f"/staff/teaching/{found(kind, slug).id}"


def opened(client: FlaskClient, page: str) -> dict[str, Any]:
    """The form as the browser would send it back unchanged."""
    seen = client.get(page)
    assert seen.status_code == 200
    return as_sent(seen.text)


def send(client: FlaskClient, page: str, do: str = "save", **changes: Any) -> TestResponse:
    return client.post(page, data={**opened(client, page), **changes, "do": do})


def latest(one: Manuscript) -> dict[str, Any]:
    return db.session.get_one(Version, (one.id, one.latest)).document


def test_saving_what_was_not_changed_makes_no_version(planner: FlaskClient) -> None:
    for kind, slug in ((Kind.COURSE, "foundations"), (Kind.COURSE, "mlops"), (Kind.ROLE, "ml-engineer")):
        answer = send(planner, at(kind, slug))
        assert answer.status_code == 303, text(answer.text)
        assert found(kind, slug).latest == 1


def test_what_one_needs_is_written_published_read_and_taken_back(
    planner: FlaskClient, client: FlaskClient
) -> None:
    needs = {"hours_beside": "3", "device": "A computer.\r\nNo phone.", "data_needed": "5 GB a week."}
    assert send(planner, at(), "publish", **needs).status_code == 303
    page = text(client.get("/courses/foundations").text)
    for words in ("3 of these hours", "A computer. No phone.", "5 GB a week."):
        assert words in page, words
    document = latest(found(Kind.COURSE, "foundations"))
    assert (document["hours_beside"], document["device"]) == (3, "A computer.\nNo phone.")
    refused = send(planner, at(), "publish", hours_beside="9")
    assert refused.status_code == 422
    assert "some of the hours a week" in text(refused.text)
    nothing = dict.fromkeys(needs, "")
    assert send(planner, at(), "publish", **nothing).status_code == 303
    page = text(client.get("/courses/foundations").text)
    assert "Beside class" not in page
    assert "What you need Internet" not in page


def test_a_draft_is_not_public_until_it_is_published(planner: FlaskClient, client: FlaskClient) -> None:
    page = at()
    told = said(planner, send(planner, page, title="Foundations of IT", body="We *begin* slowly."))
    assert told == "Saved as a draft."
    assert "Foundations of IT" not in client.get("/courses/foundations").text
    assert "version 2 is a newer draft" in text(planner.get("/staff/teaching").text)
    assert said(planner, send(planner, page, do="publish")) == "Published."
    public = client.get("/courses/foundations").text
    assert "Foundations of IT" in public
    assert "We <em>begin</em> slowly." in public
    assert found(Kind.COURSE, "foundations").published == 2


def test_modules_are_added_moved_and_left_out(planner: FlaskClient, client: FlaskClient) -> None:
    page = at()
    before = latest(found(Kind.COURSE, "foundations"))
    new = {
        "modules-5-title": "One more",
        "modules-5-slug": "one-more",
        "modules-5-hours": "3",
        "modules-5-summary": "New.",
        "modules-5-topics": "This\r\n\r\n That ",
        "modules-5-position": "0",
        "modules-1-leave_out": "y",
        "modules-0-slug": "first-steps",
    }
    assert send(planner, page, do="publish", **new).status_code == 303
    modules = latest(found(Kind.COURSE, "foundations"))["modules"]
    slugs = [module["slug"] for module in modules]
    assert slugs[:2] == ["one-more", "first-steps"]
    assert "tables-and-files" not in slugs
    assert modules[0]["topics"] == ["This", "That"]
    assert modules[1]["coverage"] == before["modules"][0]["coverage"]  # by what it was called
    assert client.get("/courses/foundations").text.index("One more") > 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"weeks": "many"}, "weeks"),
        ({"title": ""}, "title"),
        ({"slug": "Not A Slug"}, "slug"),
        ({"modules-0-hours": ""}, "modules 1, hours"),
        ({"modules-1-slug": "first-programs"}, "modules 2"),
        ({"level": "Wizard"}, "level"),
        ({"title": "x" * 5000}, "title"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_typed_is_lost(
    planner: FlaskClient, changes: dict[str, str], sentence: str
) -> None:
    page, before = at(), contents()
    words = "A long text that nobody wants to write again."
    answer = send(planner, page, do="publish", body=words, **changes)
    assert answer.status_code == 422
    assert sentence in text(answer.text).split("There is a problem")[1][:400]
    typed = as_sent(answer.text)
    assert typed["body"].strip() == words
    assert all(typed[name] == value for name, value in changes.items() if name != "level")
    assert contents() == before


def test_facts_are_yaml_and_a_slip_names_its_line(planner: FlaskClient, client: FlaskClient) -> None:
    page = at(Kind.ROLE, "ml-engineer")
    facts = opened(planner, page)["facts"]
    broken = facts.replace("currency: USD", "currency: [USD")
    answer = send(planner, page, facts=broken)
    assert answer.status_code == 422
    assert re.search(r"Facts, line \d+:", text(answer.text))
    assert "currency: [USD" in html.unescape(answer.text)
    odd = facts.replace("currency: USD", "currency: dollars")
    assert "salary, currency" in text(send(planner, page, facts=odd).text)
    fine = facts.replace("Chief Data Officer", "Chief of Data")
    assert send(planner, page, do="publish", facts=fine).status_code == 303
    assert "Chief of Data" in client.get("/roles/ml-engineer").text
    unknown = facts.replace("- teamwork", "- telepathy")
    refused = send(planner, page, do="publish", facts=unknown)
    assert refused.status_code == 409
    assert "There is no skill “telepathy” in the list." in text(refused.text)


def test_without_its_token_nothing_is_saved_and_nothing_lost(planner: FlaskClient) -> None:
    page = at()
    fields = opened(planner, page) | {"csrf_token": "", "title": "Kept", "do": "save"}
    answer = planner.post(page, data=fields)
    assert answer.status_code == 422
    assert as_sent(answer.text)["title"] == "Kept"
    assert found(Kind.COURSE, "foundations").latest == 1


# ---------------------------------------------------------------- preview, and what staff may write


def test_a_preview_saves_nothing(planner: FlaskClient) -> None:
    before = contents()
    answer = send(planner, at(), do="preview", body="# Not a heading\n\nsome *words*")
    assert answer.status_code == 200
    assert "<em>words</em>" in answer.text
    assert contents() == before


def harmless(page: str) -> None:
    assert "<script>alert" not in page
    assert "onerror=" not in re.sub(r"&lt;.*?&gt;", "", page)
    assert not re.search(r"<[^>]*javascript:", page)
    assert "<strong>bold</strong>" in page


def test_a_script_does_no_harm_in_preview_nor_in_public(
    planner: FlaskClient, client: FlaskClient
) -> None:
    page = at()
    token = opened(planner, page)["csrf_token"]
    shown = planner.post("/staff/teaching/preview", data={"csrf_token": token, "text": EVIL})
    harmless(shown.text)
    answer = send(planner, page, do="preview", body=EVIL)
    section = answer.text.split('id="preview-title"')[1].split("</section>")[0]
    harmless(section)
    assert send(planner, page, do="publish", body=EVIL, summary="Short.").status_code == 303
    harmless(client.get("/courses/foundations").text)


def test_the_preview_wants_its_token_and_a_planner(
    planner: FlaskClient, client: FlaskClient, moderator: FlaskClient
) -> None:
    assert planner.post("/staff/teaching/preview", data={"text": "x"}).status_code == 400
    assert moderator.get("/staff/teaching").status_code == 403


# ---------------------------------------------------------------- two editors


def test_the_second_editor_sees_both_and_loses_nothing(
    planner: FlaskClient, other: FlaskClient
) -> None:
    page = at()
    mine = opened(other, page)
    send(planner, page, title="Theirs")
    answer = other.post(page, data={**mine, "title": "Mine", "body": "My text.", "do": "save"})
    assert answer.status_code == 409
    told = text(answer.text)
    assert "Meera Pillai saved version 2 while you were writing." in told
    assert "added: title: Theirs" in re.sub(r"[+−]\s*", "", told)
    typed = as_sent(answer.text)
    assert (typed["title"], typed["body"].strip(), typed["base"]) == ("Mine", "My text.", "2")
    assert other.post(page, data={**typed, "do": "publish"}).status_code == 303
    one = found(Kind.COURSE, "foundations")
    assert (one.latest, one.published) == (3, 3)
    assert latest(one)["title"] == "Mine"


def test_of_two_at_once_one_is_saved_and_one_is_asked(
    app: Flask, planner: FlaskClient, other: FlaskClient
) -> None:
    page = at()
    forms = [
        (browser, opened(browser, page) | {"title": f"By number {number}", "do": "save"})
        for number, browser in enumerate((planner, other))
    ]
    barrier = Barrier(2)

    def press(browser: FlaskClient, fields: dict[str, Any]) -> int:
        barrier.wait()
        return browser.post(page, data=fields).status_code

    with ThreadPoolExecutor(2) as pool:
        codes = sorted(pool.map(lambda pair: press(*pair), forms))
    assert codes == [303, 409]
    assert found(Kind.COURSE, "foundations").latest == 2


# ---------------------------------------------------------------- the grid


def test_the_mapping_is_set_in_a_grid(planner: FlaskClient, client: FlaskClient) -> None:
    page = at() + "/grid"
    seen = opened(planner, page)
    assert seen["first-programs.programming-languages"] == "I"
    assert seen["tables-and-files.data-analysis"] == "I+"
    assert seen["first-programs.teamwork"] == ""
    answer = planner.post(page, data={**seen, "first-programs.teamwork": "M+"})
    assert said(planner, answer) == "The mapping is saved as a draft."
    module = latest(found(Kind.COURSE, "foundations"))["modules"][0]
    assert {"skill": "teamwork", "level": "M", "assessed": True} in module["coverage"]
    unchanged = planner.post(page, data=opened(planner, page))
    assert unchanged.status_code == 303
    assert found(Kind.COURSE, "foundations").latest == 2
    assert "Taught in depth" in text(client.get("/staff/curriculum").text)


def test_two_grids_at_once(planner: FlaskClient, other: FlaskClient) -> None:
    page = at() + "/grid"
    mine = opened(other, page) | {"first-programs.teamwork": "R"}
    planner.post(page, data=opened(planner, page) | {"first-programs.communication": "I"})
    answer = other.post(page, data=mine)
    assert answer.status_code == 409
    assert as_sent(answer.text)["first-programs.teamwork"] == "R"
    assert "saved version 2 meanwhile" in text(answer.text)
    odd = other.post(page, data=opened(other, page) | {"first-programs.teamwork": "XXL"})
    assert odd.status_code == 303  # what is no choice changes nothing
    assert found(Kind.COURSE, "foundations").latest == 2


# ---------------------------------------------------------------- history


def test_the_history_shows_differences_and_restores(planner: FlaskClient) -> None:
    page = at()
    send(planner, page, title="Second", do="publish")
    send(planner, page, title="Third")
    listed = text(planner.get(page + "/versions").text)
    assert re.search(r"Version 3 .* Meera Pillai edited Latest draft Version 2 .* Public", listed)
    shown = planner.get(page + "/versions/3").text
    assert "<ins>title: Third</ins>" in shown
    assert "<del>title: Second</del>" in shown
    far = planner.get(page + "/versions/3?with=1").text
    assert "<del>title: IT Foundations</del>" in far
    old = page + "/versions/1"
    answer = planner.post(old + "/restore", data=as_sent(planner.get(old).text))
    assert said(planner, answer) == "Version 1 is the latest draft now."
    one = found(Kind.COURSE, "foundations")
    assert (one.latest, one.published) == (4, 2)
    assert latest(one)["title"] == "IT Foundations"
    fields = as_sent(planner.get(page + "/versions/2").text) | {"base": "1"}
    stale = planner.post(old + "/restore", data=fields)
    assert "saved another version meanwhile" in said(planner, stale)
    for odd in ("/versions/0", "/versions/99"):
        assert planner.get(page + odd).status_code == 404


def test_differences_say_only_what_is_near() -> None:
    before = {"a": [str(n) for n in range(100)]}
    after = {"a": ["x" if n == 50 else str(n) for n in range(100)]}
    found = differences(before, after)
    assert sum(sign == "+" for sign, _line in found) == 1
    assert len(found) < 12


# ---------------------------------------------------------------- new pages and old addresses


def test_something_new_begins_as_a_draft(planner: FlaskClient, client: FlaskClient) -> None:
    form = opened(planner, "/staff/teaching")
    fields = form | {"kind": "course", "title": "Data Basics", "slug": "data-basics"}
    answer = planner.post("/staff/teaching", data=fields)
    assert answer.status_code == 303
    assert client.get("/courses/data-basics").status_code == 404
    again = planner.post("/staff/teaching", data=fields)
    assert again.status_code == 409
    assert as_sent(again.text)["title"] == "Data Basics"
    assert planner.post("/staff/teaching", data=fields | {"slug": "Big Data"}).status_code == 422
    more = {
        "summary": "Basics.",
        "audience": "Everybody",
        "prerequisites": "Nothing",
        "outcomes": "Something",
        "modules-0-title": "One",
        "modules-0-slug": "one",
        "modules-0-hours": "2",
        "modules-0-summary": "First.",
        "modules-0-topics": "Tables",
    }
    done = send(planner, answer.location, do="publish", **more)
    assert done.status_code == 303, text(done.text)
    assert "Data Basics" in client.get("/courses/data-basics").text
    role = planner.post(
        "/staff/teaching", data=form | {"kind": "role", "title": "Tester", "slug": "tester"}
    )
    assert role.status_code == 303
    assert planner.get(role.location).status_code == 200


def test_an_old_address_leads_to_the_new_one(planner: FlaskClient, client: FlaskClient) -> None:
    send(planner, at(), do="publish", slug="it-foundations")
    moved = client.get("/courses/foundations")
    assert (moved.status_code, moved.location) == (301, "/courses/it-foundations")
    # Another course still names it by the old word.
    assert "/courses/it-foundations" in client.get("/courses/ml-engineering").text
    taken = send(planner, at(Kind.COURSE, "mlops"), do="publish", slug="it-foundations")
    assert taken.status_code == 409
    assert "has the address “it-foundations” already" in text(taken.text)
    send(planner, at(Kind.COURSE, "it-foundations"), do="publish", slug="foundations")
    assert client.get("/courses/foundations").status_code == 200
    assert client.get("/courses/it-foundations").location == "/courses/foundations"
    send(planner, at(Kind.ROLE, "business-analyst"), do="publish", slug="analyst")
    assert client.get("/roles/business-analyst").location == "/roles/analyst"
    assert "/roles/analyst" in client.get("/roles/ml-engineer").text


def test_publishing_twice_is_publishing_once(app: Flask) -> None:
    one = found(Kind.COURSE, "mlops")
    assert atomically(editing.publish, manuscript_id=one.id, number=1) is False
    with pytest.raises(editing.Overtaken):
        atomically(
            editing.save,
            manuscript_id=one.id,
            base=7,
            document={},
            by="x",
            now=clock.now(),
        )
