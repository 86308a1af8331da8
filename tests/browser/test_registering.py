"""Registering as people do it: on a small phone without JavaScript, by keyboard, with mistakes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import House, Open

pytestmark = pytest.mark.browser

GOOD = {
    "name": "Asha Verma",
    "email": "asha@example.org",
    "phone": "+91 98765 43210",
    "background": "Nurse",
    "message": "I see badly; is large print there?",
}
LABELS = {
    "name": "Your name",
    "email": "E-mail address",
    "phone": "Telephone",
    "background": "What do you do now?",
    "message": "Anything we should know?",
}


def fill(page: Page, values: dict[str, str], agree: bool = True) -> None:
    unasked = page.locator("main form details:not([open]) > summary")
    if unasked.count():
        unasked.click()
    for name, value in values.items():
        page.get_by_label(LABELS[name]).fill(value)
    if agree:
        page.locator("input[name=consent]").check()


def test_the_letter_s_page_without_javascript(open_page: Open, house: House) -> None:
    page = open_page(house.own["pending"], width=360, scripts=False)
    page.get_by_text("I cannot come").click()
    expect(page.get_by_role("button", name="Give it up")).to_be_visible()


# ---------------------------------------------------------------- by keyboard


def focused(page: Page) -> Locator:
    return page.locator(":focus")


def tab_to(page: Page, wanted: Locator, limit: int = 40) -> None:
    """Press Tab until the wanted element has the focus; on the way each focus can be seen."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        assert_visible_focus(page)
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{wanted} was not reached in {limit} tabs")


def assert_visible_focus(page: Page) -> None:
    """What has the focus has an outline, is on the screen, and nothing lies over it."""
    problem = page.evaluate(
        """() => {
            const one = document.activeElement, box = one.getBoundingClientRect();
            // A card shows the focus of the link that covers it.
            const shown = one.closest('.batch-card:has(a:focus-visible)') || one;
            const style = getComputedStyle(shown);
            const name = `${one.tagName} “${(one.innerText || one.name || '').slice(0, 30)}”`;
            if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2)
                return `${name} shows no focus`;
            if (!box.width || box.bottom <= 0 || box.top >= innerHeight)
                return `${name} is focused outside the window`;
            return null;
        }"""
    )
    assert problem is None, problem


@pytest.mark.parametrize("name", ["home", "guide", "batches", "course", "form"])
def test_every_stop_of_the_tab_key_can_be_seen(open_page: Open, house: House, name: str) -> None:
    page = open_page(house.public[name])
    stops = page.locator("a[href], button, input:not([type=hidden]), textarea, summary").count()
    for _ in range(min(stops, 60)):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        assert_visible_focus(page)


# ---------------------------------------------------------------- mistakes


MISTAKES = {
    "name": ("", "Enter your name."),
    "email": ("asha at example", "Enter your e-mail address like this"),
    "phone": ("call me", "Enter a telephone number like"),
    "background": ("x" * 201, "200"),
    "message": ("x" * 2001, "2000"),
    "consent": ("", "Tick the box to agree"),
}


@pytest.mark.parametrize("wrong", MISTAKES)
def test_a_mistake_leads_to_its_field_and_loses_nothing(
    open_page: Open, house: House, wrong: str
) -> None:
    value, words = MISTAKES[wrong]
    page = open_page(f"/batches/{house.open_code}/register", width=360)
    typed = GOOD if wrong == "consent" else GOOD | {wrong: value}
    fill(page, typed, agree=wrong != "consent")
    page.get_by_role("button", name="Register").click()

    assert page.title().startswith("Error: "), page.title()
    summary = page.get_by_role("alert")
    expect(summary.get_by_role("heading")).to_have_text("There is a problem")
    expect(summary.get_by_role("link")).to_have_count(1)
    link = summary.get_by_role("link")
    expect(link).to_contain_text(words)

    field = page.locator(f"[name={wrong}]")
    expect(field).to_have_attribute("aria-invalid", "true")
    said = page.locator(f"#{wrong}-error")
    expect(said).to_contain_text(words)
    assert f"{wrong}-error" in (field.get_attribute("aria-describedby") or "").split()
    for name, text in typed.items():
        expect(page.locator(f"[name={name}]")).to_have_value(text)
    if wrong != "consent":
        expect(page.locator("[name=consent]")).to_be_checked()

    link.focus()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport()
    expect(said).to_be_in_viewport()


def test_all_mistakes_are_said_at_once_in_the_order_of_the_form(
    open_page: Open, house: House
) -> None:
    page = open_page(f"/batches/{house.open_code}/register", width=360, scripts=False)
    page.get_by_role("button", name="Register").click()
    links = page.get_by_role("alert").get_by_role("link")
    expect(links).to_have_text(
        [
            "Enter your name.",
            "Enter your e-mail address.",
            "Tick the box to agree, or we may not keep your data.",
        ]
    )
    expect(page.get_by_label("Your name")).to_have_value("")
