"""Attacks stored as body and name, on every page and in every letter that shows them, without the policy."""

# ruff: noqa: F811 - fixtures are imported
from __future__ import annotations

import html
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, Route

from enroll.clock import now
from enroll.comments.models import Comment, CommentText
from enroll.comments.records import Appeal, PrivateQuestion, Report
from enroll.comments.reporting import Complaint
from enroll.comments.states import CommentState, QuestionState
from enroll.mail.rendering import render
from tests.browser.conftest import House
from tests.browser.planting import (
    author,
    bare,  # noqa: F401 - a fixture
    harm,
    inside,  # noqa: F401 - a fixture
    keep,
    plant,
)
from tests.browser.test_pages import sign_in
from tests.browser.walking import harm_anywhere, harm_in
from tests.comments.attacks import KNOWN
from tests.mail.samples import row
from tests.mail.samples_of_comments import COMMENT_SAMPLES

pytestmark = pytest.mark.browser
ATOM = "{http://www.w3.org/2005/Atom}"
SOME = KNOWN[::5]


@pytest.fixture
def desk(bare: Page, house: House, inside: None) -> Page:
    """The bare browser with a moderator signed in."""
    bare.goto("/staff/login")
    sign_in(bare, house)
    return bare


def test_attacks_do_no_harm_on_the_public_page(bare: Page, inside: None) -> None:
    plant("/batches/fnd-02", CommentState.APPROVED)
    found = [
        one
        for number in range(1, 6)
        for one in harm(bare, f"/batches/fnd-02?comments={number}", ".said")
    ]
    assert found == []


def test_nor_in_a_reader_of_the_feed(bare: Page, inside: None) -> None:
    unseen = [
        "a" * 80 + "\ufffe\uffff",
        "- " * 40 + "\ufffe",
        "&#xb;&#x202e;",
    ]  # forms refuse such names
    texts = [*KNOWN[:40], *unseen]
    plant("/batches/ops-02", CommentState.APPROVED, texts)
    feed = bare.request.get("/comments.atom?page=/batches/ops-02").text()
    entries = ElementTree.fromstring(feed).findall(f"{ATOM}entry")  # noqa: S314 - our own
    assert len(entries) == len(texts)
    drawn = [f"<div class='said'>{one.findtext(f'{ATOM}content')}</div>" for one in entries]
    bare.set_content("".join(drawn))
    assert bare.locator("body > .said").count() == len(texts)
    assert harm_in(bare, ".said") + harm_anywhere(bare) == []


def test_nor_in_the_queue_and_its_edit_view(desk: Page) -> None:
    page = "/courses/foundations"
    planted = [one.id for one in plant(page, CommentState.PENDING)]
    found, after = [], planted[0] - 1
    while after < planted[-1]:
        found += harm(desk, f"/staff/comments?page={page}&after={after}", ".words")
        after = int(desk.locator(".item").last.get_attribute("data-id") or planted[-1])
    for number in planted[::9]:
        found += harm(desk, f"/staff/comments/{number}", ".words")
        found += harm(desk, f"/staff/comments/{number}/remove", ".words")
    assert found == []


def test_nor_among_likely_spam(desk: Page) -> None:
    plant("/roles/business-analyst", CommentState.PENDING, SOME, is_likely_spam=True, doubt=9.0)
    found = harm(desk, "/staff/comments", ".spam-lines .words")
    assert desk.locator(".spam-lines > li").count() >= len(SOME) - 1
    assert found == []


def test_nor_where_texts_are_compared(desk: Page) -> None:
    for one in plant("/roles/ml-engineer", CommentState.PENDING, SOME[::4]):
        before = CommentText(
            comment_id=one.id,
            version=0,
            body=f"{one.body}\nand more",
            changed_at=now(),
            changed_by=one.name,
        )
        keep([before])
        assert harm(desk, f"/staff/comments/{one.id}", ".words") == []
        assert desk.locator(".differences li").count()
        assert desk.locator(".differences li :not(ins, del)").count() == 0


def test_nor_in_appeals_reports_and_questions(desk: Page) -> None:
    page, at = "/courses/ml-engineering", now()
    planted = plant(page, CommentState.REJECTED, SOME, "appealer")
    keep([Appeal(comment_id=one.id, text=one.body, made_at=at) for one in planted])
    told = plant(page, CommentState.APPROVED, SOME, "appealer", asked_at=at)
    keep([_report(one) for one in told])
    asked = keep([_question(text, QuestionState.OPEN) for text in SOME])
    found = harm(desk, "/staff/comments/appeals", ".words")
    found += harm(desk, "/staff/comments/reports", ".words")
    found += harm(desk, "/staff/questions", ".words")
    for one, question in zip(told[::6], asked[::6], strict=True):
        found += harm(desk, f"/comments/{one.id}/report", ".said")
        found += harm(desk, f"/staff/questions/comments/{one.id}", ".words")
        found += harm(desk, f"/staff/questions/private/{question.id}", ".words")
    assert found == []


def test_nor_on_the_author_s_own_pages(bare: Page, inside: None) -> None:
    page, mine = "/roles/ml-engineer", "/comments/mine/striker"
    plant(page, CommentState.REJECTED, SOME, "striker", note="<script>alert(1)</script>")
    fresh = [
        plant(page, CommentState.UNCONFIRMED, [text], "striker", confirm_token=f"token-{number}")
        for number, text in enumerate(SOME[::6])
    ]
    pending = plant(page, CommentState.PENDING, SOME[1::6], "striker")
    turned_down = plant(page, CommentState.REJECTED, SOME[2::6], "striker")
    keep([_question(text, QuestionState.ANSWERED, "striker") for text in SOME])
    found = harm(bare, mine, ".said")
    for number in range(len(fresh)):
        found += harm(bare, f"/comments/confirm/token-{number}", ".said")
    for one in pending:
        found += harm(bare, f"{mine}/{one.id}", "textarea")
        assert bare.locator("[name=body]").input_value().strip() == one.body.strip()
    for one in turned_down:
        found += harm(bare, f"{mine}/{one.id}/appeal", ".said")
    assert found == []


def test_nor_in_the_preview(bare: Page) -> None:
    found = []
    for text in KNOWN[::12]:
        bare.goto("/comments/write?page=/roles/ml-engineer")
        bare.fill("[name=body]", text)
        bare.fill("[name=name]", text[:80])
        bare.fill("[name=email]", "asha@example.org")
        bare.click("[name=preview]")
        found += harm_in(bare, ".said") + harm_anywhere(bare)
        assert bare.locator("[name=body]").input_value() == text
    assert found == []


def test_nor_in_any_letter(bare: Page, inside: None) -> None:
    found = []
    for sample in COMMENT_SAMPLES:
        for text in SOME[::3]:
            letter = row(sample.kind, _struck(sample.more, text))
            mail = message_from_bytes(render(letter), policy=policy.default)
            bare.set_content(mail.get_body(("html",)).get_content())
            found += harm_in(bare, ".said") + harm_anywhere(bare)
            assert bare.locator(".said a").count() == 0
            found += [one for one in _addresses(bare) if "evil" in one]
    assert found == []


@pytest.fixture
def struck(chromium: Browser, house: House) -> Iterator[Page]:
    """A browser that gets every page as if nothing in it had been escaped or sanitised."""

    def unescape(route: Route) -> None:
        route.fulfill(content_type="text/html", body=html.unescape(route.fetch().text()))

    context = chromium.new_context(bypass_csp=True, base_url=house.site.base_url)
    context.route("**/batches/*", unescape)
    context.route("**://*.example/**", lambda route: route.abort())
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.dismiss())
    yield page
    context.close()


def test_the_walk_finds_what_was_not_sanitised(struck: Page, inside: None) -> None:
    plant("/batches/mle-02", CommentState.APPROVED, KNOWN[25:60])
    struck.goto("/batches/mle-02", wait_until="domcontentloaded")
    assert len(harm_in(struck, ".said")) > 10
    assert len(harm_anywhere(struck)) > 10


# ---------------------------------------------------------------- what is planted


def _report(comment: Comment) -> Report:
    return Report(
        comment_id=comment.id,
        body=comment.body,
        reason=Complaint.OTHER,
        words=comment.body,
        made_at=now(),
    )


def _question(text: str, state: QuestionState, of: str = "asker") -> PrivateQuestion:
    return PrivateQuestion(
        page="/roles/ml-engineer",
        author_id=author(of),
        name=text[:80],
        body=text,
        answer=text if state is QuestionState.ANSWERED else "",
        state=state,
        created_at=now(),
    )


def _struck(context: dict[str, Any], text: str) -> dict[str, Any]:
    """The letter's context with an attack wherever a stranger's words stand."""
    theirs = {"body": text, "name": text[:80], "question": text, "answer": text, "note": text}
    return {
        key: _struck(value, text) if isinstance(value, dict) else theirs.get(key, value)
        for key, value in context.items()
    }


def _addresses(page: Page) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('a')].map(one => one.href)")
