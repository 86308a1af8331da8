"""`make lighthouse`: what Lighthouse says of five pages, and how soon a form takes what one types.

Lighthouse as on a phone (its own slow 4G and a processor four times slower), three times each page,
the median; the product as people get it: gunicorn, compressed, the demo's content. Then the same
pages on 3G. Nothing is asserted: what wavers with the machine is printed.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.chromium import ARGUMENTS, find
from tests.serving import Site, command

VERSION = "12.8.2"  # the last that runs on Node 20
ROUNDS = 3
PAGES = {
    "home": "/",
    "guide": "/roles/ml-engineer",
    "curriculum page": "/courses/ml-engineering",
    "batch": "/batches/mle-01",
    "form": "/batches/mle-01/register",
}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FLAGS = "--headless=new --no-sandbox --no-proxy-server --disable-gpu"
# A server on trial asks search engines to stay away, which is what Lighthouse would find first.
PUBLIC = {
    "ENROLL_PUBLIC_URL": "http://127.0.0.1",
    "ENROLL_SECRET_KEY": secrets.token_hex(32),
    "ENROLL_MAIL_SERVER": "127.0.0.1",  # nothing is sent: no worker runs
    "ENROLL_MAIL_SENDER": "hello@example.org",
}

# WebPageTest's profile "3G", in bytes a second and milliseconds, with Lighthouse's slow processor.
THREE_G = {
    "offline": False,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 768_000 / 8,
    "latency": 300,
}
SLOWDOWN = 4


def measure(address: str, chromium: str) -> dict:
    """One report of Lighthouse."""
    done = subprocess.run(
        ["npx", "--yes", f"lighthouse@{VERSION}", address, "--output=json", "--quiet",
         f"--chrome-flags={FLAGS}", f"--only-categories={','.join(CATEGORIES)}"],
        env=os.environ | {"CHROME_PATH": chromium}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if done.returncode:
        raise OSError(done.stderr.strip()[-600:])
    return json.loads(done.stdout)


def print_scores(site: Site, chromium: str) -> None:
    """The table, and below it what cost points."""
    print(f"Lighthouse {VERSION}, mobile, median of {ROUNDS}\n")
    print(f"{'':16}" + "".join(f"{name:>16}" for name in CATEGORIES))
    lost: dict[str, set[str]] = {}
    for name, path in PAGES.items():
        reports = [measure(site.base_url + path, chromium) for _ in range(ROUNDS)]
        scores = [
            statistics.median(one["categories"][each]["score"] * 100 for one in reports)
            for each in CATEGORIES
        ]
        print(f"{name:16}" + "".join(f"{score:16.0f}" for score in scores), flush=True)
        for report in reports:
            for audit in _failed(report):
                lost.setdefault(audit, set()).add(name)
    for audit, names in sorted(lost.items()):
        print(f"  {audit} ({', '.join(sorted(names))})")


def _failed(report: dict) -> list[str]:
    """The audits that cost points, with what was measured."""
    weights = {
        one["id"]: one["weight"]
        for category in report["categories"].values()
        for one in category["auditRefs"]
    }
    return [
        f"{one['id']}: {one['title']}"
        for one in report["audits"].values()
        if weights.get(one["id"]) and one["score"] is not None and one["score"] < 0.9
    ]


def print_times(site: Site, browser: Browser) -> None:
    """Milliseconds on 3G until the page is drawn, and until its form takes what one types."""
    print("\n3G as WebPageTest has it (1.6 Mbit/s down, 768 kbit/s up, 300 ms), processor / 4\n")
    print(f"{'':16}{'first drawn, ms':>16}{'form usable, ms':>16}")
    for name in ("home", "batch", "form"):
        runs = [_time(site.base_url + PAGES[name], browser) for _ in range(ROUNDS)]
        drawn, usable = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{name:16}{drawn:16.0f}{f'{usable:.0f}' if usable else '–':>16}", flush=True)


def _time(address: str, browser: Browser) -> tuple[float, float]:
    """One visit by somebody who was never here; 0 where there is no field to type in."""
    context = browser.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", THREE_G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.goto(address, wait_until="commit")
    usable = 0.0
    if page.url.endswith("/register"):
        field = page.locator("[name=email]")
        field.press_sequentially("a")  # waits until it is there, seen and takes the keys
        usable = page.evaluate("performance.now()")
        assert field.input_value() == "a"
    page.wait_for_load_state("load")
    drawn = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime || 0"
    )
    context.close()
    return drawn, usable


def _disguise(path: Path) -> None:
    """A public server refuses demo people, and knows them by their address."""
    with sqlite3.connect(path) as base:
        for table in ("registration", "staff"):
            base.execute(f"UPDATE {table} SET email = replace(email, 'demo.example', 'example.org')")


def main() -> None:
    chromium = find()
    if chromium is None:
        sys.exit("Lighthouse needs Chromium. Run `apt install chromium`.")
    if shutil.which("npx") is None:
        sys.exit("Lighthouse runs in Node 18.20 or newer, with npx, and neither is here.")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        instance = Path(name)
        url = f"sqlite:///{instance / 'enroll.sqlite3'}"
        for args in (("db", "upgrade"), ("demo",)):
            assert command(url, instance, *args).returncode == 0
        _disguise(instance / "enroll.sqlite3")
        with Site(url, instance, workers=2, env=PUBLIC) as site:
            try:
                print_scores(site, chromium)
            except (OSError, subprocess.SubprocessError) as error:
                why = "The first time, npx fetches it over the network."
                sys.exit(f"Lighthouse did not run. ({why})\n{error}")
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            print_times(site, browser)
            browser.close()


if __name__ == "__main__":
    main()
