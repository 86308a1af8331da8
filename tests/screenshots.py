"""`make screenshots`: every page at 360 and 1280 px, light and dark, into the folder screenshots/.

The pages are those that the browser tests walk, so none can be forgotten. `NAMES=home,batch` takes a few.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import House, inhabited
from tests.chromium import ARGUMENTS, find
from tests.serving import command

FOLDER = Path(__file__).parent.parent / "screenshots"


def visit(browser: Browser, house: House, names: set[str]) -> None:
    """Each page, each width, each colour scheme."""
    for scheme in ("light", "dark"):
        for width in (360, 1280):
            context = browser.new_context(
                viewport={"width": width, "height": 800},
                color_scheme=scheme,
                base_url=house.site.base_url,
            )
            page = context.new_page()
            page.goto("/", wait_until="networkidle")  # else the first page lacks the headings' face
            end = f"{width}-{scheme}.png"
            take(page, house.public | house.own, names, end)
            if not names or "form-errors" in names:
                page.goto(house.public["form"])
                page.get_by_label("E-mail address").fill("asha at example")
                page.get_by_role("button", name="Register").click()
                page.screenshot(path=FOLDER / f"form-errors-{end}", full_page=True)
            sign_in(page, house)
            take(page, house.staff, names, end)
            context.close()


def take(page: Page, pages: dict[str, str], names: set[str], end: str) -> None:
    for name, path in pages.items():
        if not names or name in names:
            page.goto(path)
            page.screenshot(path=FOLDER / f"{name}-{end}", full_page=True)


def sign_in(page: Page, house: House) -> None:
    page.goto("/staff/login")
    page.locator("[name=email]").fill(house.sign_in["email"])
    page.locator("[name=password]").fill(house.sign_in["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/staff/")


def main() -> None:
    names = set(filter(None, os.environ.get("NAMES", "").split(",")))
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        instance = Path(folder)
        url = f"sqlite:///{instance / 'enroll.sqlite3'}"
        assert command(url, instance, "db", "upgrade").returncode == 0
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        with inhabited(instance) as house:
            visit(browser, house, names)
        browser.close()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
