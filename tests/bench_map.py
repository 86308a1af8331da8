"""The second part of `make bench`: how long the largest curriculum map takes, page by page.

500 courses, 5 000 modules, 200 skills; medians of single requests within one process, no network.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import flask_migrate

from enroll import clock, create_app
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.db import atomically, db
from tests.bench import databases
from tests.catalogs import fill

PAGES = ("/curriculum", "/curriculum?role=ml-engineer", "/curriculum?course=c7", "/courses/c7")
LOOKS = 7


def measure(kind: str, fresh: Callable[[Path], str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATABASE_URL": fresh(Path(folder)), "ENROLL_INSTANCE": folder}
        app = create_app()
        with app.app_context():
            flask_migrate.upgrade()
            atomically(load_catalog, folder=SHIPPED, now=clock.now())
            small = {page: _median(app, page) for page in PAGES[:2]}
            atomically(fill, courses=500, modules=10, skills=200, role="ml-engineer")
            for page in PAGES:
                few = f", with 3 courses and 10 skills {small[page]:.0f} ms" if page in small else ""
                print(f"{kind:<11} {page:<30} {_median(app, page):6.0f} ms{few}", flush=True)
            db.session.remove()
            db.engine.dispose()


def _median(app: object, page: str) -> float:
    took = []
    for _ in range(LOOKS):
        begun = time.perf_counter()
        assert app.test_client().get(page).status_code == 200  # type: ignore[attr-defined]
        took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1000


def main() -> None:
    print("500 courses, 5 000 modules, 200 skills: median of single requests")
    with databases() as kinds:
        for kind, fresh in kinds:
            measure(kind, fresh)


if __name__ == "__main__":
    main()
