"""Both databases find the same, in the same order, in the same words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enroll import create_app
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.db import atomically, db
from enroll.search.finding import Results, find
from tests import make
from tests.postgres import ThrowawayPostgres

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
QUESTIONS = """
python / pyhton / machine learning / machine learnig / machine / learn / data / dat / model
models data / deploy a model / deployment / how to become an ml engineer / engineer / engineering
business analyst / analysis / anal / statistics / sql / sequel / sql joins evening / tables / git
neural networks / neural netwroks / monitoring / r / julia / tensorflow / scikit-learn / the
communication / comunication / teamwork / salary / certificate / december / berlin / b-2 / online
evening batch / a batch / requirements / interview questions / cloud / docker / apis / é / zzzz
"""


@pytest.fixture(scope="module")
def both(
    sqlite_template: Path, postgres: ThrowawayPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, dict[str, Results]]]:
    """The results of every question, by database."""
    folder = tmp_path_factory.mktemp("alike")
    shutil.copy(sqlite_template, folder / "enroll.sqlite3")
    postgres.create_database("alike", template="template")
    urls = [f"sqlite:///{folder / 'enroll.sqlite3'}", postgres.url("alike")]
    yield {url: answers(url, folder) for url in urls}
    postgres.drop_database("alike")


def answers(url: str, folder: Path) -> dict[str, Results]:
    questions = [one.strip() for one in QUESTIONS.replace("\n", "/").split("/") if one.strip()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("ENROLL_INSTANCE", str(folder))
        with create_app().app_context():
            if "sqlite" not in url:  # in another order: their numbers must not matter
                some_batches()
            atomically(load_catalog, folder=SHIPPED, now=NOW)
            if "sqlite" in url:
                some_batches()
            found = {one: find(one, now=NOW, limit=100) for one in questions}
            db.session.remove()
            db.engine.dispose()
    return found


def some_batches() -> None:
    for number, place in enumerate(("Berlin", "Zürich", "online", "Èze")):
        title = f"{'Evening' if number % 2 else 'evening'} batch {place}"
        make.batch(title=title, code=f"b-{number}", place=place, now=NOW)


def test_the_same_in_the_same_order(both: dict[str, dict[str, Results]]) -> None:
    sqlite, postgresql = both.values()
    for question, results in sqlite.items():
        assert results == postgresql[question], question
    # Most questions find something, some by a correction, some only in part, some nothing.
    assert sum(bool(results.total) for results in sqlite.values()) > 35
    assert any(results.instead for results in sqlite.values())
    assert any(results.some_only for results in sqlite.values())
    assert any(not results.total for results in sqlite.values())


def test_what_people_most_likely_mean_comes_first(both: dict[str, dict[str, Results]]) -> None:
    first = {
        question: results.hits[0].address
        for question, results in next(iter(both.values())).items()
        if results.hits
    }
    assert first["machine learnig"] == "/roles/ml-engineer"
    assert first["how to become an ml engineer"] == "/roles/ml-engineer"
    assert first["business analyst"] == "/roles/business-analyst"
    assert first["python"] == "/courses/ml-engineering#python-for-data"
    assert first["teamwork"] == "/skills/teamwork"
    assert first["berlin"] == "/batches/b-0"
