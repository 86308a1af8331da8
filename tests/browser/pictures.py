"""Takes the two pictures of the README anew: `python -m tests.browser.pictures`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.chromium import ARGUMENTS, find
from tests.serving import ROOT, Site, command

PICTURES = {"home": ("/", 1280, 720), "phone": ("/batches/mle-01", 390, 844)}


def main() -> None:
    """The first view of each page, light, with the demo content."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        instance = Path(name)
        url = f"sqlite:///{instance / 'enroll.sqlite3'}"
        for args in (("db", "upgrade"), ("demo",)):
            assert command(url, instance, *args).returncode == 0
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        with Site(url, instance, workers=1) as site:
            for picture, (path, width, height) in PICTURES.items():
                page = browser.new_page(
                    viewport={"width": width, "height": height}, color_scheme="light"
                )
                page.goto(site.base_url + path)
                page.screenshot(path=ROOT / "docs" / f"{picture}.png")
        browser.close()


if __name__ == "__main__":
    main()
