"""The third part of `make bench`: what the rules hold of the labelled corpus, how long pages take.

Shares of held comments per language, every author trusted; then medians of single requests within one
process, no network, with 1 000 and with 100 000 comments.
"""

from __future__ import annotations

import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import flask_migrate
from flask.testing import FlaskClient

from enroll import clock, create_app
from enroll.accounts.duties import Duty
from enroll.accounts.staffing import add_staff
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.db import atomically, db
from tests.bench import databases
from tests.comments.corpus import fresh, halves, measure
from tests.talks import GUIDE, fill

PAGES = (
    GUIDE,
    f"{GUIDE}?comments=20",
    f"/comments.atom?page={GUIDE}",
    "/staff/comments",
    "/staff/comments?rule=links",
    "/staff/comments?q=laptop+word3&state=any",
)
LOOKS = 7
PASSWORD = "correct horse battery staple"


def judge_corpus() -> None:
    even, odd = halves()
    for name, known, unknown in (("odd", even, odd), ("even", odd, even)):
        print(f"{name} half, learnt from the other: spam held, honest held")
        for language, one in measure(known, unknown).items():
            print(
                f"  {language:<8} {one.spam_held:3} of {one.spam:3}   {one.honest_held:3} of {one.honest:3}"
            )
    print("spam written after the rules, learnt from both halves: held")
    for language, one in measure(even + odd, fresh()).items():
        print(f"  {language:<8} {one.spam_held:3} of {one.spam:3}")


def measure_pages(kind: str, fresh: Callable[[Path], str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATABASE_URL": fresh(Path(folder)), "ENROLL_INSTANCE": folder}
        app = create_app()
        with app.app_context():
            flask_migrate.upgrade()
            atomically(load_catalog, folder=SHIPPED, now=clock.now())
            atomically(
                add_staff,
                email="m@example.org",
                name="M",
                password=PASSWORD,
                duties=list(Duty),
                now=clock.now(),
            )
            client = _signed_in(app.test_client())
            few: dict[str, float] = {}
            for number in (1_000, 99_000):
                atomically(fill, number, now=clock.now())
                few, before = {page: _median(client, page) for page in PAGES}, few
            for page in PAGES:
                print(
                    f"{kind:<11} {page:<42} {before[page]:6.0f} ms {few[page]:6.0f} ms", flush=True
                )
            db.session.remove()
            db.engine.dispose()


def _signed_in(client: FlaskClient) -> FlaskClient:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/staff/login").text)
    token = found[1] if found else ""
    client.post(
        "/staff/login", data={"email": "m@example.org", "password": PASSWORD, "csrf_token": token}
    )
    return client


def _median(client: FlaskClient, page: str) -> float:
    took = []
    for _ in range(LOOKS):
        begun = time.perf_counter()
        assert client.get(page).status_code == 200, page
        took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1000


def main() -> None:
    judge_corpus()
    print("comments: median of single requests with 1 000 and with 100 000")
    with databases() as kinds:
        for kind, fresh in kinds:
            measure_pages(kind, fresh)


if __name__ == "__main__":
    main()
