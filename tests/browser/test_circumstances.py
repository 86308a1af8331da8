"""The same pages under other circumstances: colours forced, motion unwanted, on paper, on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import House, Open
from tests.browser.test_pages import sign_in

pytestmark = pytest.mark.browser

SEEN = ("home", "guide", "course", "map", "check", "batches", "batch", "form", "search", "sign-in")

# Where colours are forced, backgrounds and shadows vanish: what is to be pressed needs its border.
BORDERLESS = """() => [...document.querySelectorAll('.btn, button, .input, select, textarea')]
    .filter(one => one.checkVisibility({visibilityProperty: true}) && one.clientWidth > 1
        && !one.closest('.visually-hidden'))
    .filter(one => getComputedStyle(one).borderTopStyle === 'none'
        || parseFloat(getComputedStyle(one).borderTopWidth) < 1)
    .map(one => one.outerHTML.slice(0, 120))"""
MOVING = """() => document.getAnimations().length
    + [...document.querySelectorAll('body *')].filter(one => {
        const style = getComputedStyle(one);
        const longest = value => Math.max(...value.split(',').map(parseFloat));
        return longest(style.transitionDuration) > 0.01 || longest(style.animationDuration) > 0.01;
    }).length"""
NO_OUTLINE = """() => {
    const one = document.activeElement;
    const shown = one.closest('.batch-card:has(a:focus-visible)') || one;
    const style = getComputedStyle(shown);
    return style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2
        ? one.outerHTML.slice(0, 120) : null;
}"""
BARE = ".site-nav, .skip, .to-mine, form button, .btn"


def _each(page: Page, house: House, names: tuple[str, ...] = SEEN) -> Iterator[str]:
    for name in names:
        page.goto((house.public | house.own)[name])
        yield name


def test_forced_colours_leave_borders_and_focus(open_page: Open, house: House) -> None:
    page = open_page("/", width=360)
    page.emulate_media(forced_colors="active")
    found = []
    for name in _each(page, house, (*SEEN, "pending", "offered", "said-edit")):
        found += [f"{name}: no border: {one}" for one in page.evaluate(BORDERLESS)]
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement !== document.body") and (
                one := page.evaluate(NO_OUTLINE)
            ):
                found.append(f"{name}: no focus: {one}")
    assert not found, "\n".join(found)


def test_negative_control_a_missing_border_is_seen(open_page: Open, house: House) -> None:
    page = open_page(house.public["form"])
    assert page.evaluate(BORDERLESS) == []
    page.evaluate("document.querySelector('main button').style.border = '0'")
    assert len(page.evaluate(BORDERLESS)) == 1


def test_nothing_moves_for_who_wants_no_motion(open_page: Open, house: House) -> None:
    page = open_page("/")
    moving = [name for name in _each(page, house) if page.evaluate(MOVING)]
    assert not moving


@pytest.mark.parametrize("name", ["batch", "guide", "confirmed"])
def test_paper_has_the_page_and_not_its_buttons(open_page: Open, house: House, name: str) -> None:
    page = open_page((house.public | house.own)[name], width=360)
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    print(f"{name}: {sheets} sheets")
    page.emulate_media(media="print")
    shown = [one.inner_text() for one in page.locator(BARE).all() if one.is_visible()]
    assert not shown
    if name != "guide":  # a guide is as long as what there is to say
        assert sheets <= 3


def test_a_table_drawn_as_cards_is_a_table_all_the_same(open_page: Open, house: House) -> None:
    """On a phone its rows are blocks; who hears the page still gets rows and columns."""
    page = open_page("/staff/login", width=360)
    sign_in(page, house)
    page.goto(house.staff["roster"])
    drawn = "one => getComputedStyle(one).display"
    assert page.locator(".people tbody tr").first.evaluate(drawn) != "table-row"
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
    assert {"table", "row", "rowheader", "columnheader"} <= set(roles)
    assert roles.count("row") == page.locator(".people tr").count()
    assert {"cell", "gridcell"} & set(roles)
