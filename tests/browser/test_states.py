"""Pages that ask again, refuse or break are pages, too: valid HTML, and no barrier on any of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import nu
from tests.browser.conftest import House
from tests.browser.states import CODES, MISTAKES, States, collect
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


def _need_checker() -> None:
    if reason := nu.lacks():
        lacking("The Nu HTML checker", reason)


def _file(name: str) -> str:
    return name.replace(" ", "-").replace("/", "-") + ".html"
