"""The run-or-cancel board: the sentence, the drawing, the way to the deed and back, a constant cost."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.db import atomically, db
from enroll.registrations import answering, steering
from tests import make
from tests.console.acting import press, said, statements, text
from tests.contents import contents
from tests.reading import hidden_fields
from tests.registrations.acting import adds_up  # noqa: F401 - a fixture
from tests.registrations.acting import press as pressed

DAY = timedelta(days=1)


def past(now: datetime, weeks: int, code: str, people: dict[int, int], **more: object) -> Batch:
    """A batch that began so many weeks ago; `people` enrolled, by days before its start."""
    begin = now - timedelta(weeks=weeks)
    batch = make.batch(
        20, code=code, now=begin - 60 * DAY, starts_on=begin.date(),
        sessions=((begin, begin + timedelta(hours=2), "One"),),
        ends_on=begin.date() + 30 * DAY, opens_at=begin - 60 * DAY, closes_at=begin, **more,
    )  # fmt: skip
    for before, number in people.items():
        for _ in range(number):
            make.registration(batch, confirmed=True, now=begin - before * DAY - timedelta(hours=1))
    return batch


def ahead(now: datetime, days: int, code: str, number: int = 0, **more: object) -> Batch:
    begin = now + timedelta(days=days)
    batch = make.batch(
        12, code=code, starts_on=begin.date(), sessions=((begin, begin + DAY / 12, "One"),),
        ends_on=begin.date() + 30 * DAY, closes_at=begin - DAY, **more,
    )  # fmt: skip
    for _ in range(number):
        make.registration(batch, confirmed=True)
    return batch


def card(page: str, code: str) -> str:
    return re.search(rf'(?s)<article[^>]* id="{code}".*?</article>', page)[0]


def table_rows(page: str) -> list[list[str]]:
    """The body rows of every table, as they are read."""
    rows = re.findall(r"(?s)<tr>(.*?)</tr>", page)
    cells = [re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    return [[html.unescape(re.sub(r"<[^>]+>", "", one)).strip() for one in row] for row in cells]


@pytest.fixture
def story(app: Flask, now: datetime) -> Batch:
    """Ten days before its start six are in; four earlier ones had 5, 8, 7, 6 by then."""
    past(now, 20, "e5", {30: 9})  # older than the last four
    past(now, 16, "e4", {30: 6, 5: 4})
    past(now, 12, "e3", {11: 7, 2: 4})
    past(now, 8, "e2", {40: 1, 12: 7, 9: 4})
    past(now, 4, "e1", {20: 5, 1: 4})
    off = past(now, 2, "off", {20: 5})
    atomically(steering.call_off, batch_id=off.id, by="staff 1", now=now - 30 * DAY)
    past(now, 3, "stranger", {20: 2}, course_id=make.course("another"))
    return ahead(now, 10, "coming", 6, minimum=8, decide_on=(now + 3 * DAY).date())


def test_the_sentence_is_counted_from_the_history(planner: FlaskClient, story: Batch) -> None:
    page = card(planner.get("/staff/board").text, "coming")
    sentence = "6 now; at this point the last 4 had 5, 8, 7, 6 and ended at 9, 12, 11, 10."
    assert f'<p class="pace-sentence">{sentence}</p>' in page
    assert f"<desc id=\"pace-{story.id}-desc\">{sentence}</desc>" in page
    rows = table_rows(page)
    assert [row[0] for row in rows[1:]] == ["coming", "e1", "e2", "e3", "e4"]
    assert [row[2:] for row in rows[1:]] == [
        ["6", "–"], ["5", "9"], ["8", "12"], ["7", "11"], ["6", "10"]
    ]
    words = text(page)
    assert "6 of 12 enrolled" in words
    assert "2 short of 8" in words
    assert "Tentative" in words
    assert "in 3 days" in words
    assert page.count('class="line line-') == 5 + 5  # drawn, and in the legend


def test_one_earlier_batch_and_none(planner: FlaskClient, now: datetime) -> None:
    ahead(now, 30, "first", 1)
    assert "1 now. There is no earlier batch to compare it with." in planner.get("/staff/board").text
    past(now, 4, "before", {40: 3, 3: 1})
    page = planner.get("/staff/board").text
    assert "1 now; at this point the last one had 3 and ended at 4." in page


def test_who_left_or_moved_on_is_not_counted(planner: FlaskClient, now: datetime) -> None:
    batch = ahead(now, 20, "here", 3)
    leaver = make.registration(batch, confirmed=True)
    pressed(answering.withdraw, leaver, now=now + timedelta(seconds=1))
    make.registration(batch)  # a hold
    page = text(card(planner.get("/staff/board").text, "here"))
    assert "3 of 12 enrolled, 1 held" in page
    assert re.search(r"\b3 now\.", page)


def test_every_coming_batch_is_there_and_states_have_a_word_and_a_shape(
    planner: FlaskClient, now: datetime
) -> None:
    ahead(now, 9, "later", minimum=3, decide_on=(now + 5 * DAY).date())
    ahead(now, 30, "sooner", minimum=3, decide_on=(now - 2 * DAY).date())
    ahead(now, 12, "sure")
    off = ahead(now, 15, "off", minimum=3)
    atomically(steering.call_off, batch_id=off.id, by="staff 1", now=now)
    past(now, 1, "over", {3: 1})
    page = planner.get("/staff/board").text
    assert re.findall(r'<article[^>]* id="([^"]+)"', page) == ["sooner", "later", "sure"]
    assert "2 days overdue" in page
    assert "over" not in re.findall(r'id="([^"]+)"', page)
    for word in ("Tentative", "Confirmed to run", "Called off"):
        found = re.search(rf'(?s)<svg class="shape"((?:(?!</svg>).)*)</svg>{word}', page)
        assert found, word
    shapes = set(re.findall(r'(?s)<svg class="shape"[^>]*>(.*?)</svg>', page))
    assert len(shapes) == 3


def test_from_the_board_to_the_deed_and_back(
    planner: FlaskClient, story: Batch, now: datetime
) -> None:
    board = card(planner.get("/staff/board").text, "coming")
    run, off = (
        html.unescape(re.search(rf'href="([^"]+/{what}\?back=board)"', board)[1])
        for what in ("run", "call-off")
    )
    before = contents()
    seen = text(planner.get(run).text)
    assert contents() == before
    assert "6 people are enrolled; the minimum is 8." in seen
    assert "All 6 people in the batch are written to" in seen
    answer = press(planner, run)
    assert answer.location == "/staff/board"
    assert said(planner, answer).startswith("coming: The batch is confirmed to run.")
    ahead(now, 40, "next")
    foreseen = text(planner.get(off).text)
    assert "6 of them are offered a free seat elsewhere" in foreseen
    answer = press(planner, off)
    assert answer.location == "/staff/board"
    assert "6 people are written to" in said(planner, answer)
    db.session.rollback()
    assert db.session.get_one(Batch, story.id, populate_existing=True).state is BatchState.CALLED_OFF
    stale = planner.post(run, data=hidden_fields(planner.get("/staff/board").text))
    assert stale.status_code == 409
    assert "has been called off. Nothing was changed." in stale.text


def test_the_cost_does_not_grow_with_the_batches(planner: FlaskClient, now: datetime) -> None:
    for number in range(2):
        ahead(now, 20 + number, f"a{number}", 1)
        past(now, 2 + number, f"p{number}", {10: 1})
    with_two = statements(planner, "/staff/board")
    for number in range(38):
        ahead(now, 20, f"b{number}", course_id=make.course(f"c{number % 9}"), minimum=2)
        past(now, 3, f"q{number}", {}, course_id=make.course(f"c{number % 9}"))
    assert statements(planner, "/staff/board") == with_two
    assert planner.get("/staff/board").text.count("<article") == 40


def test_nothing_ahead(planner: FlaskClient) -> None:
    assert "No batch is ahead" in planner.get("/staff/board").text


def test_only_who_plans_looks(moderator: FlaskClient, app: Flask) -> None:
    for page in ("/staff/board", "/staff/figures", "/staff/batches/x/run"):
        assert moderator.get(page).status_code == 403
        assert app.test_client().get(page).status_code == 302


pytestmark = pytest.mark.usefixtures("adds_up")
