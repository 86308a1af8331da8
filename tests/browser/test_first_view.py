"""The first view of every page: light, from one host, and nothing jumps while it comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import House
from tests.browser.states import application, copy_of
from tests.comments import acting
from tests.serving import Site

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent.parent
BUDGET = 100_000  # bytes of a first view, as transferred
REQUESTS = 8

# How far things jumped since the page began to come, by itself or after scripts had run (CLS).
JUMPED = """() => new Promise(done => {
    let sum = 0;
    const add = entries => entries.forEach(one => { sum += one.value });
    const observer = new PerformanceObserver(list => add(list.getEntries()));
    observer.observe({type: 'layout-shift', buffered: true});
    document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => {
        add(observer.takeRecords());
        setTimeout(() => done(sum));
    })));
})"""


class Scale:
    """Counts what pages cost a browser that was never here: it keeps nothing from page to page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.loadingFinished", self._got)
        self.asked: dict[str, str] = {}
        self.got: dict[str, int] = {}

    def _asked(self, event: dict) -> None:
        if not event["request"]["url"].startswith("data:"):
            self.asked[event["requestId"]] = event["request"]["url"]

    def _got(self, event: dict) -> None:
        self.got[event["requestId"]] = int(event["encodedDataLength"])

    def weigh(self, path: str) -> tuple[int, list[str]]:
        """Bytes of the first view of the page, as transferred, and the addresses asked for."""
        self.asked, self.got = {}, {}
        self._page.goto(path, wait_until="load")
        # A page is complete when nothing new has been asked for in a while.
        quiet_rounds = 0
        while quiet_rounds < 3:
            before = len(self.asked)
            self._page.wait_for_timeout(30)
            is_quiet = self.got.keys() >= self.asked.keys() and len(self.asked) == before
            quiet_rounds = quiet_rounds + 1 if is_quiet else 0
        return sum(self.got.values()), list(self.asked.values())


@pytest.fixture
def phone(chromium: Browser, house: House) -> Iterator[BrowserContext]:
    """A phone that was never here."""
    viewport = {"width": 360, "height": 800}
    context = chromium.new_context(base_url=house.site.base_url, viewport=viewport)
    yield context
    context.close()


def _weigh(phone: BrowserContext, paths: dict[str, str], base_url: str) -> list[str]:
    """What is too heavy, comes from elsewhere or jumps; one line for each page."""
    page = phone.new_page()
    scale = Scale(page)
    found = []
    for name, path in paths.items():
        weight, asked = scale.weigh(base_url + path)
        jumped = page.evaluate(JUMPED)
        print(f"{name:24} {weight:7} bytes {len(asked)} requests, jumped {jumped:.4f}")
        assert any(address.endswith(path) for address in asked)
        assert any("bootstrap" in address for address in asked), "the cache was not cold"
        if weight > BUDGET or len(asked) > REQUESTS:
            found.append(f"{name}: {weight} bytes, {len(asked)} requests: {asked}")
        if elsewhere := [one for one in asked if not one.startswith(base_url + "/")]:
            found.append(f"{name}: asks other hosts: {elsewhere}")
        if jumped:
            found.append(f"{name}: things jump by {jumped:.4f}")
    return found


def test_a_first_view_is_light_and_still(phone: BrowserContext, house: House) -> None:
    """At most 100 kB and 8 requests of one host, compressed as the product serves it; nothing jumps."""
    # The page that shows the design is not there in public, and has a style sheet more.
    pages = {name: path for name, path in house.public.items() if name != "design"}
    found = _weigh(phone, pages | house.own, house.site.base_url)
    assert not found, "Is static/ compressed (make install)?\n" + "\n".join(found)


def _prose() -> str:
    """What people wrote in earnest, 50 kB of it: our own documentation, and the comments in the code."""
    pages = [path.read_text() for path in sorted(ROOT.glob("docs/*.md"))]
    for path in sorted(ROOT.glob("enroll/**/*.py")):
        pages += re.findall(r'"""(.+?)"""', path.read_text(), re.DOTALL)
    prose = " ".join(re.findall(r"[A-Za-z]+[,.]?", " ".join(pages)))
    assert len(prose) > 50_000
    return prose


def test_a_guide_under_which_much_was_said_is_light(
    phone: BrowserContext, house: House, tmp_path: Path
) -> None:
    """Fifty comments of 1000 characters each: a full page of them."""
    url = copy_of(house, tmp_path / "instance")
    with application(url, tmp_path / "instance"):
        # A modest stranger becomes trusted, so that not every one needs a moderator.
        acting.trusted()
        prose = _prose()
        for _ in range(50):
            acting.published(prose[:1000])
            prose = prose[1000:]
    with Site(url, tmp_path / "instance", workers=1) as site:
        html = site.visitor().get("/roles/ml-engineer").text
        assert html.count('class="said"') >= 50, "not all of them are there"
        assert len(html) > 50_000
        found = _weigh(phone, {"guide": "/roles/ml-engineer"}, site.base_url)
    assert not found, "\n".join(found)


def test_negative_control_a_jump_is_seen(phone: BrowserContext) -> None:
    page = phone.new_page()
    page.goto("/privacy")
    assert page.evaluate(JUMPED) == 0
    page.evaluate("document.body.insertAdjacentHTML('afterbegin', '<hr>'.repeat(20))")
    assert page.evaluate(JUMPED) > 0.01
