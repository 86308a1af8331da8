"""Every page, as a browser meets it: accessible, narrow enough, light enough, alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import House, Open

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
BUDGET = 100_000  # bytes of a first view, as transferred
REQUESTS = 8


def check(page: Page, name: str) -> list[str]:
    """What axe-core finds on the page as it is; one line for each."""
    options = {"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    return [
        f"{name}: {one['id']}: {one['help']}: "
        + "; ".join(f"{node['html'][:120]} {node['failureSummary']}" for node in one["nodes"][:3])
        for one in found.response["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_on_the_public_pages(open_page: Open, house: House, scheme: str) -> None:
    page = open_page("/", scheme=scheme)
    found = []
    for name, path in house.public.items():
        page.goto(path)
        found += check(page, name)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_on_personal_pages_and_letters(
    open_page: Open, house: House, scheme: str
) -> None:
    page = open_page("/", scheme=scheme, width=360)
    found = []
    for name, path in house.own.items():
        page.goto(path)
        for closed in page.locator("details:not([open]) > summary").all():
            closed.click()
        found += check(page, name)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_on_the_form_with_errors(open_page: Open, house: House, scheme: str) -> None:
    page = open_page(house.public["form"], scheme=scheme, width=360)
    page.get_by_label("E-mail address").fill("asha at example")
    page.get_by_role("button", name="Register").click()
    found = check(page, "form with errors")
    page.goto(house.public["sign-in"])
    page.get_by_role("button", name="Sign in").click()
    found += check(page, "sign-in with errors")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_on_the_staff_pages(open_page: Open, house: House, scheme: str) -> None:
    page = open_page("/staff/login", scheme=scheme)
    sign_in(page, house)
    found = []
    for name, path in house.staff.items():
        page.goto(path)
        assert "/login" not in page.url
        found += check(page, name)
    assert not found, "\n".join(found)


def test_negative_control_axe_sees_a_barrier(open_page: Open) -> None:
    page = open_page("/")
    page.evaluate("document.querySelector('h1').style.color = '#0e4a3c'")
    page.evaluate("document.querySelector('main').append(document.createElement('textarea'))")
    found = "\n".join(check(page, "home"))
    assert "color-contrast" in found
    assert "label" in found


def sign_in(page: Page, house: House) -> None:
    page.get_by_label("Email").or_(page.get_by_label("E-mail")).fill(house.sign_in["email"])
    page.locator("[name=password]").fill(house.sign_in["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/staff/**")


def test_nothing_scrolls_sideways_at_320_px(open_page: Open, house: House) -> None:
    """WCAG 1.4.10: as wide as a page at 400 % on a usual screen. Tables scroll in themselves."""
    page = open_page("/staff/login", width=320)
    sign_in(page, house)
    wide = []
    for name, path in (house.staff | house.public | house.own).items():
        page.goto(path)
        for closed in page.locator("details:not([open]) > summary").all():
            closed.click()
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide.append(f"{name}: {width} px, because of {page.evaluate(WIDEST)}")
    assert not wide, "\n".join(wide)


WIDEST = """() => [...document.querySelectorAll('body *')]
    .map(one => [one.getBoundingClientRect().right, one.outerHTML.slice(0, 100)])
    .sort((a, b) => b[0] - a[0])[0].join(': ')"""


# ---------------------------------------------------------------- light enough


class Scale:
    """Counts what a page costs a browser that was never here."""

    def __init__(self, browser: Browser, base_url: str) -> None:
        self._context = browser.new_context(
            base_url=base_url, viewport={"width": 360, "height": 800}
        )
        self._page = self._context.new_page()
        session = self._context.new_cdp_session(self._page)
        session.send("Network.enable")
        self.requests: dict[str, str] = {}
        self.bytes = 0
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.loadingFinished", self._got)

    def _asked(self, event: dict) -> None:
        if not event["request"]["url"].startswith("data:"):
            self.requests[event["requestId"]] = event["request"]["url"]

    def _got(self, event: dict) -> None:
        self.bytes += int(event["encodedDataLength"])

    def weigh(self, path: str) -> tuple[int, int]:
        """Bytes and requests of the first view of the page."""
        self._page.goto(path, wait_until="networkidle")
        return self.bytes, len(self.requests)

    def close(self) -> None:
        self._context.close()


@pytest.fixture
def scales(chromium: Browser, house: House) -> Iterator[list[Scale]]:
    """One browser with an empty cache for each public page."""
    made = [Scale(chromium, house.site.base_url) for _ in house.public]
    yield made
    for scale in made:
        scale.close()


def test_a_first_view_is_light(scales: list[Scale], house: House) -> None:
    """At most 100 kB and 8 requests, compressed as the product itself serves it."""
    heavy = []
    for (name, path), scale in zip(house.public.items(), scales, strict=True):
        weight, count = scale.weigh(path)
        print(f"{name:14} {weight:7} bytes {count} requests")
        assert weight, f"{name}: nothing was counted"
        if weight > BUDGET or count > REQUESTS:
            heavy.append(f"{name}: {weight} bytes, {count} requests: {scale.requests.values()}")
    assert not heavy, "Is static/ compressed (make install)?\n" + "\n".join(heavy)
