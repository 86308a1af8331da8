"""The entries and the words in them are right after every change."""

from __future__ import annotations

import random
import string
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll import clock
from enroll.batches.indexing import fill_anew
from enroll.batches.models import Batch
from enroll.db import WRITING, atomically, db
from enroll.demo import load_demo
from enroll.registrations.steering import call_off, reschedule
from enroll.search.filling import clear, drop, keys, put
from enroll.search.finding import find
from enroll.search.kinds import Found
from enroll.search.models import SearchEntry, SearchWord
from enroll.worker import work
from tests.search.test_finding import entry, fill, found
from tests.serving import command


def words() -> dict[str, int]:
    db.session.rollback()
    return dict(list(db.session.execute(sa.select(SearchWord.word, SearchWord.uses))))


def everything() -> tuple[list, list]:
    """All that can be found, and all words, whatever numbers the rows have."""
    db.session.rollback()
    with db.engine.connect() as connection:
        columns = [column for column in SearchEntry.__table__.c if column.name != "id"]
        return (
            sorted(map(repr, connection.execute(sa.select(*columns)))),
            sorted(map(repr, connection.execute(sa.select(SearchWord.__table__)))),
        )


def index_is_whole() -> None:
    """SQLite compares its index with the entries, and raises where they differ."""
    if db.engine.dialect.name == "sqlite":
        db.session.rollback()
        with db.engine.connect().execution_options(**WRITING) as connection:
            connection.exec_driver_sql(
                "INSERT INTO search_index(search_index, rank) VALUES ('integrity-check', 1)"
            )


def test_new_words_are_found_at_once_and_old_ones_no_more(app: Flask) -> None:
    fill(entry("a", "Baking", "Flour and water."))
    assert found("flour") == found("baking") == ["Baking"]
    fill(entry("a", "Brewing", "Malt and water."))
    assert found("water") == found("malt") == ["Brewing"]
    assert found("flour") == found("baking") == []
    assert words() == {"brewing": 1, "malt": 1, "and": 1, "water": 1}
    index_is_whole()


def test_what_is_dropped_is_not_found(app: Flask) -> None:
    fill(entry("a", "Baking"), entry("b", "Baking too"), entry("a", "Baking", kind=Found.SKILL))
    atomically(drop, Found.COURSE, "a", "never there")
    assert found("baking") == ["Baking too", "Baking"]
    assert words() == {"baking": 2, "too": 1}
    atomically(drop, Found.COURSE, "b")
    atomically(drop, Found.SKILL, "a")
    assert words() == {}
    assert found("baking") == []
    index_is_whole()


def test_what_is_rolled_back_was_never_there(app: Flask) -> None:
    def verb() -> None:
        put(entry("a", "Baking"))
        raise KeyError

    with pytest.raises(KeyError):
        atomically(verb)
    assert found("baking") == []
    assert words() == {}


def test_the_same_again_changes_nothing(app: Flask) -> None:
    entries = [entry(f"k{n}", f"Title {n}", "Some words, and some more.") for n in range(700)]
    fill(*entries)
    before = everything()
    fill(*entries)
    assert everything() == before
    assert words()["words"] == 700


def test_keys_are_found_by_how_they_begin(app: Flask) -> None:
    fill(*(entry(key, "T") for key in ("a_b#one", "a_b#two", "axb#three")))
    assert set(keys(Found.COURSE, "a_b#")) == {"a_b#one", "a_b#two"}
    assert keys(Found.SKILL, "") == []


def test_words_are_counted_right_after_many_changes(app: Flask) -> None:
    """Against the naive count over what is there."""
    dice = random.Random(7)  # noqa: S311 - the same changes every time
    have: dict[str, set[str]] = {}
    for _ in range(100):
        key = dice.choice("abcdefgh")
        if dice.random() < 0.3:
            atomically(drop, Found.COURSE, key)
            have.pop(key, None)
        else:
            some = dice.choices(string.ascii_lowercase, k=5)
            fill(entry(key, some[0], " ".join(some[1:])))
            have[key] = set(some)
    naive = {word: sum(word in some for some in have.values()) for word in string.ascii_lowercase}
    assert words() == {word: uses for word, uses in naive.items() if uses}
    index_is_whole()


def test_writers_side_by_side_count_right(app: Flask) -> None:
    """The same entries from four hands at once: nobody fails, and the words are those that stayed."""

    def write(number: int) -> None:
        dice = random.Random(number)  # noqa: S311 - the same changes every time
        with app.app_context():
            for _ in range(8):
                keys = dice.sample("abc", k=2)
                fill(*(entry(key, " ".join(dice.sample("vwxyz", k=3))) for key in keys))
                atomically(drop, Found.COURSE, dice.choice("abc"))
            db.session.remove()

    with ThreadPoolExecutor(4) as hands:
        list(hands.map(write, range(4)))
    naive = Counter(
        word for title in db.session.scalars(sa.select(SearchEntry.title)) for word in title.split()
    )
    assert words() == naive
    index_is_whole()


def test_filling_anew_gives_what_was_there(app: Flask) -> None:
    load_demo()
    first, second = db.session.scalars(sa.select(Batch.id).order_by(Batch.id).limit(2))
    atomically(reschedule, batch_id=first, days=7, now=clock.now())
    atomically(call_off, batch_id=second, by="staff 1", now=clock.now())
    before = everything()
    assert len(before[0]) > 40
    number = atomically(fill_anew)
    assert everything() == before
    assert number == len(before[0])
    index_is_whole()


def test_the_command_fills_an_empty_search(app: Flask, database_url: str, instance: object) -> None:
    load_demo()
    before = everything()
    atomically(clear)
    assert find("python", now=clock.now()).total == 0
    db.session.remove()
    for _ in range(2):
        done = command(database_url, instance, "search", "rebuild")
        assert done.returncode == 0, done.stderr
        assert f"{len(before[0])} entries" in done.stdout
        assert everything() == before


def test_the_worker_fills_a_search_that_finds_nothing(app: Flask) -> None:
    """After an update from a version without a search, nobody need know the command."""
    load_demo()
    before = everything()
    work(once=True)
    assert everything() == before
    atomically(clear)
    work(once=True)
    assert everything() == before
