"""The editor in a real browser: what is typed is shown as it will look, and no script of it runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import House, Open
from tests.browser.test_pages import sign_in

pytestmark = pytest.mark.browser


def test_the_preview_follows_what_is_typed(open_page: Open, house: House) -> None:
    page = open_page("/staff/login")
    sign_in(page, house)
    page.goto(house.staff["teaching-course"])
    text = page.locator("#body")
    shown = page.locator(".writing:has(#body) .preview")
    text.fill("Some **bold** words. <img src=x onerror=\"document.title='struck'\">")
    expect(shown.locator("strong")).to_have_text("bold")
    expect(shown.locator("img")).to_have_count(0)
    text.fill("Other words, [pressed](javascript:document.title='struck').")
    expect(shown).to_contain_text("Other words")
    expect(shown.locator("a[href^=javascript]")).to_have_count(0)
    assert "struck" not in page.title()


def test_the_button_previews_without_javascript(open_page: Open, house: House) -> None:
    page = open_page("/staff/login", scripts=False)
    sign_in(page, house)
    page.goto(house.staff["teaching-course"])
    page.locator("#body").fill("Some **bold** words.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("section.panel strong").first).to_have_text("bold")
    expect(page.locator("#body")).to_have_value("Some **bold** words.")


def test_the_address_of_a_guide_is_copied(open_page: Open, house: House) -> None:
    page = open_page(house.public["guide"])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("/roles/ml-engineer")
