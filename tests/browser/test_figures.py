"""The board and the figures in a browser: nothing wider than the window, nothing outside its drawing."""

from __future__ import annotations

import pytest

from tests.browser.conftest import House, Open
from tests.browser.test_pages import sign_in, walk

pytestmark = pytest.mark.browser

NAMES = ("board", "run", "figures", "figures-batch")
# What is drawn lies within its drawing: the numbers of the scale too, on a phone with its large letters.
OUTSIDE = """() => [...document.querySelectorAll('figure.chart svg[role=img]')].flatMap(svg => {
    const room = svg.getBoundingClientRect()
    return [...svg.querySelectorAll('rect, path, line, text, circle')].filter(one => {
        const box = one.getBoundingClientRect()
        return box.left < room.left - 2 || box.right > room.right + 2 || box.bottom > room.bottom + 2
    }).map(one => one.outerHTML.slice(0, 120))
})"""


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_nothing_sticks_out(open_page: Open, house: House, width: int, scripts: bool) -> None:
    page = open_page("/staff/login", width=width, scripts=scripts)
    sign_in(page, house)
    charts = 0
    for name in walk(page, {name: house.staff[name] for name in NAMES}):
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(OUTSIDE) == [], name
        charts += page.locator("figure.chart svg[role=img]").count()
    assert charts >= 5


def test_forced_colours_leave_the_shapes(open_page: Open, house: House) -> None:
    """Whoever sets their own colours sees lines and bars in those, never nothing on nothing."""
    page = open_page("/staff/login")
    sign_in(page, house)
    page.emulate_media(forced_colors="active")
    page.goto(house.staff["board"])
    for kind in ("line-own", "bar-enrolled", "dot"):
        seen = page.locator(f"figure.chart .{kind}, svg.fill .{kind}").first.evaluate(
            "one => [getComputedStyle(one).fill, getComputedStyle(one).stroke]"
        )
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert set(seen) - {ground, "none"}, kind
