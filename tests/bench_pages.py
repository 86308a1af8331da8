"""The second part of `make bench`: how many public pages a second, beside a bare view of the same size.

Product and bare view stand in the same server (gunicorn as we ship it, two processes) and take turns;
both send the same number of bytes, neither compressed. The visitors keep no cookies and follow
nothing: that is the load on the day a link goes round.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import CLIENTS, ROUNDS, SECONDS, Line, databases, rate
from tests.serving import Site, command

PAGES = {
    "home": "/",
    "guide": "/roles/ml-engineer",
    "curriculum page": "/courses/foundations",
    "batch": "",  # one of the demo's
    "batches": "/batches",
}
WORKERS = 2
AS_SHIPPED = {"ENROLL_PAGES_KEPT": "1", "ENROLL_RATELIMIT_ENABLED": "true"}


def reading(base_url: str, path: str) -> Callable[[int], Callable[[int], None]]:
    """One client after the other reads the page, on a connection it keeps."""

    def make(_number: int) -> Callable[[int], None]:
        line = Line(base_url)

        def read(_count: int) -> None:
            status = line.get(path)
            if status != 200:
                raise RuntimeError(f"{path} answered {status}")

        return read

    return make


def measure(kind: str, fresh: Callable[[Path], str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = fresh(folder)
        for words in (("db", "upgrade"), ("demo",)):
            done = command(url, folder, *words)
            assert done.returncode == 0, done.stderr
        with (
            Site(url, folder, workers=WORKERS, env=AS_SHIPPED) as site,
            Site(url, folder, workers=WORKERS, app_module="tests.bare_page:app") as bare,
        ):
            for label, path in PAGES.items():
                _compare(kind, label, path or _a_batch(site), site, bare)


def _compare(kind: str, label: str, path: str, site: Site, bare: Site) -> None:
    size = len(site.visitor().get(path).text.encode())
    rounds = [
        (rate(reading(site.base_url, path)), rate(reading(bare.base_url, f"/{size}")))
        for _ in range(ROUNDS)
    ]
    ours, theirs = (statistics.median(one[way][0] for one in rounds) for way in (0, 1))
    wait = statistics.median(one[0][1] for one in rounds)
    ratios = [product[0] / constant[0] for product, constant in rounds]
    print(
        f"{kind:<11} {label:<16} {size / 1000:5.0f} kB {ours:7.0f}/s {wait:6.1f} ms {theirs:9.0f}/s"
        f"   {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})",
        flush=True,
    )


def _a_batch(site: Site) -> str:
    """A batch that has sessions, comments below it, and open doors."""
    page = site.visitor().get("/batches").text
    return "/batches/" + page.split('href="/batches/')[1].split('"')[0]


def main() -> None:
    multiprocessing.set_start_method("fork")
    print(
        f"{CLIENTS} clients, gunicorn with {WORKERS} processes, {os.cpu_count()} cores, median of"
        f" {ROUNDS} rounds of {SECONDS:.0f} s each; Python {sys.version.split()[0]}"
    )
    print(f"{'':<36} {'product':>8} {'':>10} {'bare view':>9}    product/bare")
    with databases() as kinds:
        for kind, fresh in kinds:
            measure(kind, fresh)


if __name__ == "__main__":
    main()
