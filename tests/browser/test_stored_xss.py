"""What strangers type, as a real browser parses it, with the Content-Security-Policy switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from markupsafe import Markup
from playwright.sync_api import Browser, Page

from enroll.comments.markup import to_html, to_mail
from tests.browser.walking import harm_anywhere, harm_in
from tests.comments.attacks import KNOWN, made

pytestmark = pytest.mark.browser
AT_ONCE = 250


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """A page on which anything that could run would run, and be noticed."""
    context = chromium.new_context(bypass_csp=True)
    page = context.new_page()
    alarms: list[str] = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda one: alarms.append(one.url) if "evil.example" in one.url else None)
    page.alarms = alarms  # type: ignore[attr-defined]
    yield page
    context.close()


def show(page: Page, texts: list[str], draw: Callable[[str], Markup]) -> list[str]:
    """Put each into a box of its own, as a page does, and walk them all."""
    harm: list[str] = []
    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        boxes = "".join(
            f'<div class="said" data-number="{n}">{draw(text)}</div>' for n, text in enumerate(some)
        )
        page.set_content(
            f"<!doctype html><title>x</title><main>{boxes}<p class='end'>end</p></main>"
        )
        harm += harm_in(page, ".said") + harm_anywhere(page)
        # Nobody broke out of their box, or into a neighbour's.
        inside = page.evaluate(
            "[...document.querySelectorAll('main > .said')].map(e => e.dataset.number)"
        )
        assert inside == [str(number) for number in range(len(some))]
        assert (
            page.evaluate("document.querySelector('main > .end:last-child')?.textContent") == "end"
        )
    return harm + page.alarms  # type: ignore[attr-defined]


@pytest.mark.parametrize("draw", [to_html, to_mail], ids=["page", "letter"])
def test_nothing_of_owasp_s_list_survives(page: Page, draw: Callable[[str], Markup]) -> None:
    assert len(KNOWN) > 150
    assert show(page, KNOWN, draw) == []


@pytest.mark.parametrize("draw", [to_html, to_mail], ids=["page", "letter"])
def test_two_thousand_made_ones_do_no_harm(page: Page, draw: Callable[[str], Markup]) -> None:
    assert show(page, made(2000), draw) == []


def test_the_walk_finds_what_no_sanitiser_took_away(page: Page) -> None:
    page.set_content(f"<main><div class='said'>{'<br>'.join(KNOWN[:40])}</div></main>")
    assert len(harm_in(page, ".said")) > 15
    assert harm_anywhere(page)
    page.alarms.clear()  # type: ignore[attr-defined]


def test_a_mailed_comment_has_nothing_to_press(page: Page) -> None:
    page.set_content(
        f"<div class='said'>{to_mail('[pay here](https://evil.example) <https://evil.example>')}</div>"
    )
    assert page.locator("a").count() == 0
