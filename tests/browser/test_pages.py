"""Every page, as a browser meets it: accessible, narrow enough, alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import ERRORS, House, Open, watch

pytestmark = pytest.mark.browser

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


def walk(page: Page, paths: dict[str, str]) -> Iterator[str]:
    """Open one page after the other, with all that is folded unfolded; their names."""
    for name, path in paths.items():
        answer = page.goto(path)
        assert answer
        assert answer.status == ERRORS.get(name, 200), f"{path}: {answer.status}"
        assert page.url.endswith(path), f"{path} led to {page.url}"
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        yield name


def check(page: Page, name: str) -> list[str]:
    """What axe-core finds on the page as it is, light and dark; one line for each.

    Darkness changes nothing but colours, so only the rules of colours run once more.
    """
    page.evaluate(Axe().axe_script)
    everything = {"runOnly": {"type": "tag", "values": list(RULES)}}
    colours = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
    lines = []
    for scheme, options in (("light", everything), ("dark", colours)):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(
            "options => axe.run(options)", options | {"resultTypes": ["violations"]}
        )
        for one in found["violations"]:
            nodes = [f"{node['html'][:120]} {node['failureSummary']}" for node in one["nodes"][:3]]
            lines.append(f"{name}, {scheme}: {one['id']}: {one['help']}: {'; '.join(nodes)}")
    return lines


def test_no_barrier_on_the_public_pages(open_page: Open, house: House) -> None:
    page = open_page("/")
    found = [line for name in walk(page, house.public) for line in check(page, name)]
    assert not found, "\n".join(found)


def test_no_barrier_on_personal_pages_and_letters(open_page: Open, house: House) -> None:
    page = open_page("/", width=360)
    found = [line for name in walk(page, house.own) for line in check(page, name)]
    assert not found, "\n".join(found)


def test_no_barrier_on_the_staff_pages(open_page: Open, house: House) -> None:
    page = open_page("/staff/login")
    sign_in(page, house)
    found = [line for name in walk(page, house.staff) for line in check(page, name)]
    assert not found, "\n".join(found)


def test_negative_control_axe_sees_a_barrier(open_page: Open) -> None:
    page = open_page("/")
    page.evaluate(
        """() => {
            const grey = Object.assign(document.createElement('p'), {textContent: 'Read this.'});
            Object.assign(grey.style, {color: '#888', background: '#777'});
            document.querySelector('main').append(grey);
        }"""
    )
    page.evaluate("document.querySelector('main').append(document.createElement('textarea'))")
    found = "\n".join(check(page, "home"))
    for scheme in ("light", "dark"):
        assert f"home, {scheme}: color-contrast" in found
    assert "home, light: label" in found


def test_negative_control_complaints_are_heard(chromium: Browser, house: House) -> None:
    """What each test of this folder asserts at its end would notice."""
    complaints: list[str] = []
    context = chromium.new_context(base_url=house.site.base_url)
    watch(context, house.site.base_url, complaints)
    page = context.new_page()
    page.goto("/privacy")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: '/static/none.png'}))")
    page.evaluate("fetch('http://192.0.2.1/').catch(() => {})")
    page.wait_for_timeout(200)
    context.close()
    heard = "\n".join(complaints)
    assert "Content Security Policy" in heard
    assert "404 for" in heard
    assert "192.0.2.1" in heard


def sign_in(page: Page, house: House) -> None:
    page.get_by_label("Email").or_(page.get_by_label("E-mail")).fill(house.sign_in["email"])
    page.locator("[name=password]").fill(house.sign_in["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/staff/**")


def test_nothing_scrolls_sideways_at_320_px(open_page: Open, house: House) -> None:
    """WCAG 1.4.10: as wide as a page at 400 % on a usual screen. Tables scroll in themselves."""
    page = open_page("/", width=320)
    wide = [line for name in walk(page, house.public | house.own) for line in too_wide(page, name)]
    page.goto("/staff/login")
    sign_in(page, house)
    wide += [line for name in walk(page, house.staff) for line in too_wide(page, name)]
    assert not wide, "\n".join(wide)


def too_wide(page: Page, name: str) -> list[str]:
    width = page.evaluate("document.documentElement.scrollWidth")
    return [f"{name}: {width} px, because of {page.evaluate(WIDEST)}"] if width > 320 else []


WIDEST = """() => [...document.querySelectorAll('body *')]
    .map(one => [one.getBoundingClientRect().right, one.outerHTML.slice(0, 100)])
    .sort((a, b) => b[0] - a[0])[0].join(': ')"""
