"""The queue in a real browser: by keyboard, and without any script; and attacks that wait in it."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from enroll import create_app
from enroll.comments.models import Comment
from enroll.comments.states import CommentState
from enroll.db import atomically, db
from enroll.mail.rendering import render
from tests.browser.conftest import House, Open
from tests.browser.test_pages import sign_in
from tests.browser.walking import harm_anywhere, harm_in
from tests.comments import acting
from tests.comments.attacks import KNOWN, made
from tests.mail.samples import row

pytestmark = pytest.mark.browser


@pytest.fixture
def inside(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The running site's own database, from the inside."""
    instance = Path(house.site.instance)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{instance / 'enroll.sqlite3'}")
    monkeypatch.setenv("ENROLL_INSTANCE", str(instance))
    with create_app().app_context():
        yield
        db.session.remove()
        db.engine.dispose()


def staff_page(open_page: Open, house: House, path: str, **how: object) -> Page:
    page = open_page("/staff/login", **how)
    sign_in(page, house)
    page.goto(path)
    return page


def state_of(number: int) -> CommentState:
    db.session.rollback()
    return db.session.get_one(Comment, number, populate_existing=True).state


def on(page: Page) -> str | None:
    """The comment that has the keyboard."""
    return page.evaluate("document.activeElement.closest('.item')?.dataset.id ?? null")


def test_a_moderator_works_by_keyboard(open_page: Open, house: House, inside: None) -> None:
    comments = [
        acting.confirmed(f"Keyboard thought {n}.", email=f"k{n}@example.org", page="/courses/mlops")
        for n in range(4)
    ]
    page = staff_page(open_page, house, "/staff/comments?page=/courses/mlops")
    ids = [str(one.id) for one in comments]
    page.keyboard.press("j")
    assert on(page) == ids[0]
    page.keyboard.press("j")
    assert on(page) == ids[1]
    page.keyboard.press("k")
    assert on(page) == ids[0]
    page.keyboard.press("a")
    expect(page.locator(".flash")).to_contain_text("1 comment is published")
    assert state_of(comments[0].id) is CommentState.APPROVED
    page.goto("/staff/comments")
    page.keyboard.press("u")
    expect(page.locator(".flash")).to_contain_text("taken back")
    assert state_of(comments[0].id) is CommentState.PENDING
    page.goto("/staff/comments?page=/courses/mlops")
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.locator(".flash")).to_contain_text("spam")
    assert state_of(comments[0].id) is CommentState.SPAM
    page.keyboard.press("j")
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.localName") == "select"
    page.keyboard.type("Not")  # the first reason of the list begins so
    page.locator(f"#item-{ids[1]}").get_by_role("button", name="Reject").click()
    expect(page.locator(".flash")).to_contain_text("rejected")
    assert state_of(comments[1].id) is CommentState.REJECTED
    page.keyboard.press("?")
    expect(page.get_by_text("take back the last press")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("q")
    expect(page.locator(".flash")).to_contain_text("list of questions")
    page.goto("/staff/comments?page=/courses/mlops")
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.wait_for_url(f"**/staff/comments/{ids[2]}#correct")
    page.goto("/staff/comments?page=/courses/mlops")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.wait_for_url(f"**/staff/comments/{ids[2]}/remove")


def test_keys_do_nothing_while_somebody_types(open_page: Open, house: House, inside: None) -> None:
    comment = acting.confirmed(
        "Do not decide me.", email="t@example.org", page="/courses/python-basics"
    )
    page = staff_page(open_page, house, "/staff/comments?page=/courses/python-basics")
    page.locator("input[name=q]").fill("")
    page.locator("input[name=q]").press_sequentially("jasux")
    assert page.locator("input[name=q]").input_value() == "jasux"
    assert state_of(comment.id) is CommentState.PENDING


def test_without_a_script_every_button_works(open_page: Open, house: House, inside: None) -> None:
    comments = [
        acting.confirmed(f"Plain thought {n}.", email=f"n{n}@example.org", page="/courses/sql")
        for n in range(3)
    ]
    page = staff_page(open_page, house, "/staff/comments?page=/courses/sql", scripts=False)
    page.locator(f"#item-{comments[0].id}").get_by_role("button", name="Publish").click()
    assert state_of(comments[0].id) is CommentState.APPROVED
    for one in comments[1:]:
        page.locator(f"#item-{one.id} input[name=pick]").check()
    page.get_by_text("Decide about all that are ticked").click()
    page.locator(".bulk").get_by_role("button", name="Spam").click()
    assert {state_of(one.id) for one in comments[1:]} == {CommentState.SPAM}
    page.goto("/staff/comments")
    page.get_by_role("button", name="Take it back").click()
    assert {state_of(one.id) for one in comments[1:]} == {CommentState.PENDING}


# ---------------------------------------------------------------- what waits to be struck


@pytest.fixture
def bare(chromium: Browser, house: House) -> Iterator[Page]:
    """A browser on the site with the Content-Security-Policy switched off: the sanitiser stands alone."""
    context = chromium.new_context(bypass_csp=True, base_url=house.site.base_url)
    page = context.new_page()
    alarms: list[str] = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda one: alarms.append(one.url) if "evil.example" in one.url else None)
    yield page
    context.close()
    assert alarms == []


def plant(path: str, state: CommentState) -> list[int]:
    """Every known attack and some made ones as body and name of comments under this page."""
    texts = [one.replace("\0", "") for one in KNOWN + made(60, seed=9)]
    now = acting.clock.now()

    def verb() -> list[int]:
        ids = []
        for number, text in enumerate(texts):
            comment = Comment(
                page=path,
                author_id=_author(),
                name=text[:80],
                body=text,
                state=state,
                created_at=now,
                queued_at=now,
                published_at=now,
                likeness=f"{path}{number}"[:64],
            )
            db.session.add(comment)
            db.session.flush()
            ids.append(comment.id)
        return ids

    return atomically(verb)


def _author() -> int:
    return db.session.scalars(
        sa.select(Comment.author_id).where(Comment.author_id.is_not(None))
    ).first()


def harm(page: Page, path: str, scope: str) -> list[str]:
    answer = page.goto(path)
    assert answer
    assert answer.status == 200, path
    assert page.locator(scope).count()
    return [f"{path}: {one}" for one in harm_in(page, scope) + harm_anywhere(page)]


def test_attacks_do_no_harm_on_the_public_page(bare: Page, inside: None) -> None:
    plant("/batches/fnd-02", CommentState.APPROVED)
    found = [
        one
        for number in range(1, 6)
        for one in harm(bare, f"/batches/fnd-02?comments={number}", ".said")
    ]
    assert found == []
    feed = bare.request.get("/comments.atom?page=/batches/fnd-02").text()
    assert "<script" not in feed


def test_nor_in_the_queue_and_its_edit_view(bare: Page, house: House, inside: None) -> None:
    ids = plant("/courses/foundations", CommentState.PENDING)
    bare.goto("/staff/login")
    sign_in(bare, house)
    found = []
    after = 0
    while after < ids[-1]:
        found += harm(
            bare, f"/staff/comments?page=/courses/foundations&after={after or ids[0] - 1}", ".words"
        )
        after = int(bare.locator(".item").last.get_attribute("data-id") or ids[-1])
    for number in ids[::9]:
        found += harm(bare, f"/staff/comments/{number}", ".words")
        found += harm(bare, f"/staff/comments/{number}/remove", ".words")
    assert found == []


def test_nor_in_the_preview_and_in_mail(bare: Page, inside: None) -> None:
    found = []
    for text in KNOWN[::12]:
        bare.goto("/comments/write?page=/roles/ml-engineer")
        bare.fill("[name=body]", text)
        bare.fill("[name=name]", "Asha")
        bare.fill("[name=email]", "asha@example.org")
        bare.click("[name=preview]")
        found += harm_in(bare, ".said") + harm_anywhere(bare)
        assert bare.locator("[name=body]").input_value() == text
    for text in KNOWN[::5]:
        said = {"id": 1, "page": "/x", "name": text[:80], "body": text}
        letter = row("comment_reply", {"comment": said, "is_staff": False, "subscription": "SUB"})
        mail = message_from_bytes(render(letter), policy=policy.default)
        bare.set_content(mail.get_body(("html",)).get_content())
        found += harm_anywhere(bare)
        assert bare.locator(".said a").count() == 0
    assert found == []
