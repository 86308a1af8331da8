"""The queue in a real browser: by keyboard, and without any script."""

# ruff: noqa: F811 - fixtures are imported
from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from enroll.comments.models import Comment
from enroll.comments.states import CommentState
from enroll.db import db
from tests.browser.conftest import House, Open
from tests.browser.planting import inside  # noqa: F401 - a fixture
from tests.browser.test_pages import sign_in
from tests.comments import acting

pytestmark = pytest.mark.browser


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
