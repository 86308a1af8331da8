"""Self-checks are counted, never the person: no lost update, no lost check, nothing else written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll import clock
from enroll.catalog import tally
from enroll.catalog.documents import Kind
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.catalog.models import SelfCheckCount, Skill
from enroll.catalog.publishing import apply
from enroll.db import WRITING, atomically, db
from tests.contents import contents
from tests.site.test_curriculum import TEN


@pytest.fixture
def shipped(app: Flask) -> Flask:
    atomically(load_catalog, folder=SHIPPED, now=clock.now())
    return app


def counts() -> dict[tuple[str, int], int]:
    """How often somebody stood there, by skill and standing."""
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Skill.slug, SelfCheckCount.standing, SelfCheckCount.number).join(
            Skill, Skill.id == SelfCheckCount.skill_id
        )
    )
    return {(slug, standing): number for slug, standing, number in rows}


def skill_id(slug: str) -> int:
    return db.session.scalars(sa.select(Skill.id).where(Skill.slug == slug)).one()


def check(client: FlaskClient, answers: dict[str, str]) -> int:
    return client.post("/curriculum/check", data=answers).status_code


def test_a_check_is_counted_and_nothing_else_is_written(shipped: Flask) -> None:
    before = contents(without=("self_check_count",))
    browser = shipped.test_client()
    assert check(browser, dict.fromkeys(TEN, "0") | {"teamwork": "3"}) == 303
    assert check(browser, dict.fromkeys(TEN, "0")) == 303
    assert counts() == {(slug, 0): 2 for slug in TEN if slug != "teamwork"} | {
        ("teamwork", 0): 1,
        ("teamwork", 3): 1,
    }
    assert contents(without=("self_check_count",)) == before
    assert {column.name for column in SelfCheckCount.__table__.columns} == {
        "skill_id", "month", "standing", "number"
    }


def test_only_a_whole_check_is_counted_and_looking_again_is_not(shipped: Flask) -> None:
    browser = shipped.test_client()
    assert check(browser, dict.fromkeys(TEN[1:], "2")) == 422
    assert check(browser, dict.fromkeys(TEN, "9")) == 422
    assert counts() == {}
    answer = browser.post("/curriculum/check", data=dict.fromkeys(TEN, "2"))
    for _ in range(3):
        assert browser.get(answer.location).status_code == 200
    assert set(counts().values()) == {1}


def test_parallel_checks_are_all_counted(shipped: Flask) -> None:
    """Fifty at once, from both ends of the list of skills; none is lost, none is refused."""
    crowd = 10
    start = Barrier(crowd)

    def go(number: int) -> list[int]:
        browser = shipped.test_client()
        answers = dict.fromkeys(TEN if number % 2 else reversed(TEN), str(number % 4))
        start.wait()
        return [check(browser, answers) for _ in range(5)]

    with ThreadPoolExecutor(crowd) as pool:
        answered = [status for found in pool.map(go, range(crowd)) for status in found]
    assert answered == [303] * (crowd * 5)
    by_standing = [sum(number % 4 == at for number in range(crowd)) * 5 for at in range(4)]
    assert counts() == {(slug, at): by_standing[at] for slug in TEN for at in range(4)}


def test_a_lost_count_breaks_no_check(shipped: Flask, caplog: pytest.LogCaptureFixture) -> None:
    db.session.remove()
    with db.engine.connect().execution_options(**WRITING) as connection, connection.begin():
        connection.exec_driver_sql("DROP TABLE self_check_count")
    browser = shipped.test_client()
    answer = browser.post("/curriculum/check", data=dict.fromkeys(TEN, "1"))
    assert answer.status_code == 303
    assert browser.get(answer.location).status_code == 200
    assert "not counted" in caplog.text


def test_months_are_kept_apart(shipped: Flask) -> None:
    first, second = skill_id("teamwork"), skill_id("data-analysis")
    at = datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC)
    for now, standing in (
        (at, {first: 0, second: 3}),
        (at + timedelta(seconds=1), {first: 1}),
        (at + timedelta(days=1), {first: 3, second: 2}),
    ):
        atomically(tally.count_check, standing=standing, now=now)
    db.session.rollback()
    assert tally.asked_and_lacked(date(2027, 3, 1)) == {first: (3, 2), second: (2, 1)}
    assert tally.asked_and_lacked(date(2027, 4, 1)) == {first: (2, 1), second: (1, 1)}
    assert tally.asked_and_lacked(date(2027, 5, 1)) == {}


def test_a_skill_that_leaves_the_list_takes_its_numbers_along(shipped: Flask) -> None:
    """Only a skill nobody uses can leave; its count must not hold it."""
    entry = {"slug": "new", "name": "New", "group": "technical", "summary": "", "topics": []}
    old = [
        {"slug": one.slug, "name": one.name, "group": one.group, "summary": one.summary,
         "topics": one.topics, "esco": one.esco, "onet": one.onet}
        for one in db.session.scalars(sa.select(Skill).order_by(Skill.position))
    ]
    atomically(apply, kind=Kind.SKILLS, slug="skills", document={"skills": [*old, entry]})
    atomically(tally.count_check, standing={skill_id("new"): 0}, now=clock.now())
    atomically(apply, kind=Kind.SKILLS, slug="skills", document={"skills": old})
    assert counts() == {}
