"""From the first page to the seat, in a real browser with a real worker: as different people do it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import House, watch
from tests.browser.states import copy_of
from tests.browser.test_registering import GOOD, assert_visible_focus, fill, focused, tab_to
from tests.journeys.walking import letter_to, link_in
from tests.serving import Site, Worker

pytestmark = pytest.mark.browser


class Street(NamedTuple):
    """The site with its worker, and browsers that were never there."""

    site: Site
    code: str
    browser: Browser

    def registered(self, email: str) -> list[tuple[str, str]]:
        """What the database holds of this address: state and history, one for each registration."""
        with sqlite3.connect(self.site.instance / "enroll.sqlite3") as base:
            return base.execute(
                "SELECT batch_id, state FROM registration WHERE email = ?", [email]
            ).fetchall()


@pytest.fixture(scope="module")
def street(
    chromium: Browser, house: House, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Street]:
    """A copy of the house, with a worker that sends letters."""
    instance = tmp_path_factory.mktemp("street") / "instance"
    url = copy_of(house, instance)
    site = Site(url, instance, workers=2)
    with site, Worker(url, instance, env={"ENROLL_LOCAL_PORT": str(site.port)}):
        yield Street(site, house.open_code, chromium)


@pytest.fixture
def visit(street: Street) -> Iterator:
    """Open a page as somebody: `visit("/", width=360, java_script_enabled=False)`."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_(path: str, *, width: int = 1280, **options: object) -> Page:
        context = street.browser.new_context(
            viewport={"width": width, "height": 800},
            base_url=street.site.base_url,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        watch(context, street.site.base_url, complaints)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def mailed(street: Street, email: str) -> str:
    """The link in the letter that asks to confirm."""
    letter = letter_to(street.site.instance, email, "Confirm your e-mail")
    return link_in(letter, street.site.base_url)


@pytest.mark.parametrize(
    ("who", "width", "options"),
    [
        ("without-javascript", 1280, {"java_script_enabled": False}),
        ("on-a-small-phone", 360, {"has_touch": True, "is_mobile": True}),
        ("on-a-phone-without-javascript", 360, {"java_script_enabled": False}),
    ],
)
def test_from_home_to_a_seat(
    visit, street: Street, who: str, width: int, options: dict[str, object]
) -> None:
    email = f"{who}@example.org"
    page = visit("/", width=width, **options)
    to_batches = page.locator("main a[href='/batches'], main a[href^='/batches/']").first
    to_batches.click()
    if not page.url.endswith(street.code):
        page.goto("/batches")
        page.locator(f"main a[href='/batches/{street.code}']").first.click()
    page.locator(f"main a[href='/batches/{street.code}/register'] >> visible=true").first.click()
    page.get_by_label("Your name").fill("Asha Verma")
    page.get_by_label("E-mail address", exact=False).first.fill(email)
    page.locator("input[name=consent]").check()
    page.get_by_role("button", name="Register").click()
    page.wait_for_url("**/registered")
    expect(page.get_by_text(email)).to_be_visible()
    page.goto(mailed(street, email))
    page.get_by_role("button", name="Confirm my e-mail").click()
    expect(page.locator("main")).to_contain_text("You are enrolled")
    assert [state for _, state in street.registered(email)] == ["confirmed"]


def test_the_keyboard_alone_with_a_mistake_on_the_way(visit, street: Street) -> None:
    """Tab, Enter and Space; the focus is seen at each stop, and goes where the mistake is said."""
    page = visit("/")
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    expect(focused(page)).to_have_attribute("id", "main")
    page.goto("/batches")
    tab_to(page, page.locator(f"main a[href='/batches/{street.code}']").first, limit=60)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{street.code}")
    tab_to(page, page.locator(f"main a[href='/batches/{street.code}/register'] >> visible=true").first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/register")
    tab_to(page, page.locator("[name=name]"))
    page.keyboard.type("Kiran Rao")
    tab_to(page, page.locator("[name=email]"))
    page.keyboard.type("kiran at example")
    page.keyboard.press("Enter")

    expect(focused(page)).to_have_attribute("id", "error-summary")
    assert_visible_focus(page)
    page.keyboard.press("Tab")
    expect(focused(page)).to_contain_text("Enter your e-mail address")
    page.keyboard.press("Enter")
    expect(page.locator("[name=email]")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("kiran@example.org")
    tab_to(page, page.locator("[name=consent]"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Register"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/registered**")

    page.goto(mailed(street, "kiran@example.org"))
    tab_to(page, page.get_by_role("button", name="Confirm my e-mail"))
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("You are enrolled")


def typed(page: Page) -> dict[str, str]:
    return {name: page.locator(f"[name={name}]").input_value() for name in GOOD}


def test_the_back_button_keeps_what_was_typed(visit, street: Street) -> None:
    page = visit(f"/batches/{street.code}/register")
    fill(page, GOOD)
    page.get_by_role("link", name="Privacy").first.click()
    page.wait_for_url("**/privacy")
    page.go_back()
    assert typed(page) == GOOD
    expect(page.locator("[name=consent]")).to_be_checked()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_lost_token_keeps_what_was_typed(visit, street: Street, scripts: bool) -> None:
    """The cookie is gone before the press: an evening later, or swept away by a cleaning program."""
    email = f"token{scripts:d}@example.org"
    page = visit(f"/batches/{street.code}/register", width=360, java_script_enabled=scripts)
    fill(page, GOOD | {"email": email})
    page.context.clear_cookies()
    page.get_by_role("button", name="Register").click()
    said = page.get_by_role("alert")
    expect(said).to_contain_text("Nothing you typed is lost: press the button again.")
    assert typed(page) == GOOD | {"email": email}
    expect(page.locator("[name=consent]")).to_be_checked()
    assert street.registered(email) == []
    page.get_by_role("button", name="Register").click()
    page.wait_for_url("**/registered")
    assert len(street.registered(email)) == 1


def test_a_double_click_makes_one_registration(visit, street: Street) -> None:
    page = visit(f"/batches/{street.code}/register", java_script_enabled=False)
    fill(page, GOOD | {"email": "twice@example.org"})
    page.get_by_role("button", name="Register").dblclick()
    page.wait_for_url("**/registered")
    page.go_back()
    page.get_by_role("button", name="Register").click()
    page.wait_for_url("**/registered")
    assert len(street.registered("twice@example.org")) == 1
