"""Passkeys in a real browser, with an authenticator that Chromium itself plays."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import House

pytestmark = pytest.mark.browser


@pytest.fixture
def context(chromium: Browser, house: House) -> Iterator[BrowserContext]:
    """A browser with a key inside; passkeys need a name, 127.0.0.1 is none."""
    address = house.site.base_url.replace("127.0.0.1", "localhost")
    context = chromium.new_context(base_url=address)
    yield context
    context.close()


def _with_key(context: BrowserContext) -> Page:
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }})
    return page


def _sign_in(page: Page, house: House) -> None:
    page.goto("/staff/login")
    page.get_by_label("E-mail address").fill(house.sign_in["email"])
    page.get_by_label("Password").fill(house.sign_in["password"])
    page.get_by_role("button", name="Sign in").click()


def _sign_out(page: Page) -> None:
    page.goto("/staff/account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page).to_have_url(re.compile("/staff/login"))


def _add(page: Page, name: str, usage: str) -> None:
    page.goto("/staff/passkeys")
    page.get_by_label("Name of the passkey").fill(name)
    page.get_by_label(usage).check()
    page.get_by_role("button", name="Add it").click()
    expect(page).to_have_url(re.compile("/staff/account"))
    expect(page.locator(".flash").first).to_contain_text("ready for use")


def _remove(page: Page, name: str) -> None:
    page.goto("/staff/passkeys")
    page.get_by_role("button", name=f"Remove “{name}”").click()
    expect(page.locator(".flash").first).to_contain_text("removed")


def test_signs_in_with_a_passkey_alone(context: BrowserContext, house: House) -> None:
    page = _with_key(context)
    _sign_in(page, house)
    _add(page, "My telephone", "Sign in with it instead of the password")
    _sign_out(page)
    page.goto("/staff/login?next=/staff/today")
    page.get_by_role("link", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Ask my browser").click()
    expect(page).to_have_url(re.compile("/staff/today$"))
    _remove(page, "My telephone")
    _sign_out(page)
    page.goto("/staff/passkey")
    page.get_by_role("button", name="Ask my browser").click()
    expect(page.locator(".flash")).to_contain_text("do not know this passkey")
    page.goto("/staff/today")
    expect(page).to_have_url(re.compile("/staff/login"))


def test_is_asked_for_a_passkey_after_the_password(context: BrowserContext, house: House) -> None:
    page = _with_key(context)
    _sign_in(page, house)
    _add(page, "Key on a stick", "Be asked for it after the password")
    _sign_out(page)
    _sign_in(page, house)
    expect(page).to_have_url(re.compile("/staff/passkey"))
    page.goto("/staff/today")
    expect(page).to_have_url(re.compile("/staff/login"))  # the password alone opens nothing
    _sign_in(page, house)
    page.get_by_role("button", name="Ask my browser").click()
    expect(page).to_have_url(re.compile("/staff/"))
    page.goto("/staff/today")
    expect(page).to_have_url(re.compile("/staff/today"))
    _remove(page, "Key on a stick")


def test_without_a_key_the_page_says_so(context: BrowserContext, house: House) -> None:
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": False, "automaticPresenceSimulation": True,
    }})
    page.goto("/staff/passkey")
    page.get_by_role("button", name="Ask my browser").click()
    expect(page.locator("#passkey-error")).to_be_visible(timeout=70_000)
    expect(page.get_by_role("link", name="Sign in with the password instead")).to_be_visible()
