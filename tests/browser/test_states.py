"""Pages that ask again, refuse or break are pages, too: valid HTML, and no barrier on any of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from tests import nu
from tests.browser.conftest import House, Open
from tests.browser.mishaps import Shown
from tests.browser.states import CODES, MISTAKES, States, collect
from tests.browser.test_pages import check
from tests.conftest import lacking

pytestmark = pytest.mark.browser

STATIC = Path(__file__).parent.parent.parent / "enroll" / "static"
# What stands on every page that was refused; without it a form was lost that once was there.
ASKED_AGAIN = {
    "registering.take_registration",
    "asking.ask_for_links",
    "asking.remind",
    "talk.take",
    "talk.report",
    "said.save",
    "said.appeal",
    "keeping.details",
    "mine.question",
    "curriculum.check",
}


@pytest.fixture(scope="module")
def states(house: House, tmp_path_factory: pytest.TempPathFactory) -> States:
    """Every page in every state, once for all tests of this file."""
    return collect(house, tmp_path_factory.mktemp("states") / "instance")


def test_every_form_was_sent_wrongly_and_nothing_broke(states: States) -> None:
    assert not states.broken
    for endpoint in ASKED_AGAIN:
        assert states.noes[f"{endpoint} empty"].status == 422, endpoint
    for wrong in MISTAKES:
        assert states.noes[f"form with an error at {wrong}"].status == 422, wrong
    for why in ("called off", "closed", "full", "not open yet"):
        assert states.noes[f"form of a batch {why}"].status == 409, why
    for code in CODES:
        assert states.noes[f"error {code}"].status == code
    assert states.noes["busy"].status == 409
    assert len([name for name in states.noes if name.startswith("mine ")]) > 5


def test_the_html_checker_finds_no_error(states: States, tmp_path: Path) -> None:
    """One call for all: pages, pages that say no, letters, our own style sheets."""
    _need_checker()
    shown = states.fine | states.noes
    pages = {_file(name): one.html for name, one in shown.items()}
    pages |= {_file(name): html for name, html in states.letters.items()}
    sheets = {path.name: path.read_text() for path in STATIC.glob("*.css")}
    remarks = nu.check(pages | sheets, tmp_path)
    print(f"{len(pages)} pages, {len(sheets)} style sheets")
    for one in remarks:
        print(one)
    assert not [str(one) for one in remarks if one.is_error]


def test_negative_control_the_checker_sees_what_is_broken(tmp_path: Path) -> None:
    _need_checker()
    page = '<!doctype html><html lang="en"><title>A</title><p id="a"><p id="a"><img src="a.png">'
    remarks = nu.check({"broken.html": page, "broken.css": "p { colour: red }"}, tmp_path)
    found = {(one.name, one.is_error): one.text for one in remarks}
    text = " ".join(one.text for one in remarks if one.name == "broken.html" and one.is_error)
    assert "Duplicate ID" in text
    assert "alt" in text
    assert "colour" in found["broken.css", True]


def test_no_barrier_on_pages_that_ask_again_or_refuse(open_page: Open, states: States) -> None:
    """As the server answered them, with the site's own style sheets and scripts around them."""
    page = open_page("/privacy", width=360)
    found = []
    for name, html in _unlike(states.noes).items():
        _show(page, html)
        found += check(page, name)
    assert not found, "\n".join(found)


def _unlike(shown: dict[str, Shown]) -> dict[str, str]:
    """Those that differ in more than their words; of a staff form, one page with its errors."""
    skeletons: set[tuple[str, ...]] = set()
    chosen = {}
    for name, one in shown.items():
        endpoint = name.removesuffix(" empty")
        if "/staff/logout" in one.html and endpoint != name and f"{endpoint} rubbish" in shown:
            continue
        skeleton = tuple(re.findall(r"<[a-z0-9]+(?: class=\"[^\"]*\")?", one.html))
        if skeleton not in skeletons:
            skeletons.add(skeleton)
            chosen[name] = one.html
    print(f"{len(chosen)} of {len(shown)} pages")
    return chosen


def _show(page: Page, html: str) -> None:
    def answer(route: Route) -> None:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")

    page.route("**/-/state", answer, times=1)
    page.goto("/-/state")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")


def _need_checker() -> None:
    if reason := nu.lacks():
        lacking("The Nu HTML checker", reason)


def _file(name: str) -> str:
    return name.replace(" ", "-").replace("/", "-") + ".html"
