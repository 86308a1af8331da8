"""The figures' pages: what is drawn stands in the table and in the file; a constant cost; who may."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll import clock
from enroll.accounts.models import Activity
from enroll.batches.models import Batch
from enroll.catalog import tally
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.catalog.models import Skill
from enroll.console.drawing import Frame, scale
from enroll.console.plotting import draw_fill
from enroll.db import atomically, db
from enroll.registrations import answering
from enroll.registrations.counting import Level
from tests import make
from tests.console.acting import statements, text
from tests.console.test_board import table_rows
from tests.house.test_words import PHYSICAL
from tests.reading import hidden_fields
from tests.registrations.acting import press as pressed

# What these show depends on no database.
pytestmark = pytest.mark.either_database

HOUR = timedelta(hours=1)


@pytest.fixture
def batch(app: Flask, now: datetime) -> Batch:
    """Two seats: three enrolled over time, one waits, one never confirmed."""
    batch = make.batch(2, code="b", minimum=2, opens_at=now - timedelta(days=9))
    past = now - timedelta(days=5)
    first = make.registration(batch, confirmed=True, now=past)
    make.registration(batch, confirmed=True, now=past)
    waits = make.registration(batch, confirmed=True, now=past)
    make.registration(batch, confirmed=True, now=past)
    make.registration(batch, now=past)
    pressed(answering.withdraw, first, now=past + 3 * HOUR)
    pressed(answering.accept, waits, now=past + 30 * HOUR)
    return batch


def section(page: str, name: str) -> str:
    return re.search(rf'(?s)<section[^>]* aria-labelledby="{name}">.*?</section>', page)[0]


def numbers(words: str) -> list[str]:
    return re.findall(r"\d+", words)


def export(client: FlaskClient, page: str, table: str) -> list[list[str]]:
    """Press the button beside a table; the rows of the file."""
    token = hidden_fields(client.get(page).text)
    answer = client.post(f"{page}/export?table={table}", data=token)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_the_figures_of_a_batch(planner: FlaskClient, batch: Batch, now: datetime) -> None:
    page = planner.get("/staff/figures/b").text
    fill = section(page, "fill")
    assert text(fill).count("2 enrolled, 0 held, 2 waiting") == 2  # beside the drawing, and of it
    assert table_rows(fill)[-1][1:] == ["2", "0", "2", "0"]
    assert export(planner, "/staff/figures/b", "fill")[-1][1:] == ["2", "0", "2", "0"]
    assert len(table_rows(fill)) - 1 == len(figures_days(planner))
    form = section(page, "form")
    assert re.findall(r"<title>([^<]*): (\d+)</title>", form) == [
        ("Forms posted", "5"), ("Address confirmed", "4"), ("Enrolled", "3"), ("Still enrolled", "2")
    ]
    assert table_rows(form)[-1] == ["b", "A batch", "5", "4", "3", "2"]
    waits = section(page, "waits")
    assert "3 people waited; 1 got an offer, 1 were enrolled." in text(waits)
    assert "Half of the offers came within 3.0 hours" in text(waits)
    drawn = re.findall(r"<title>([^<]*): (\d+)</title>", waits)
    assert [number for _words, number in drawn] == table_rows(waits)[-1][5:] == [
        "1", "0", "0", "0", "2"
    ]
    # The median is of those who got an offer.
    assert table_rows(waits)[-1][:5] == ["b", "3", "1", "3.0", "3.0"]


def figures_days(client: FlaskClient) -> list[list[str]]:
    return export(client, "/staff/figures/b", "fill")[1:]


def test_what_is_drawn_stands_in_the_table_and_in_the_file(
    planner: FlaskClient, batch: Batch
) -> None:
    page = planner.get("/staff/figures").text
    form = section(page, "form")
    drawn = [numbers(words)[-3:] for words in re.findall(r"<g><title>([^<]*)", form)]
    rows = table_rows(form)[1:]
    assert len(rows) == 12
    assert drawn == [row[1:4] for row in rows]
    assert "5 forms were posted; 4 confirmed the address, 3 were enrolled, and 2 still are" in text(form)
    file = export(planner, "/staff/figures", "months")
    assert file[0] == ["month", "posted", "address_confirmed", "enrolled", "still_enrolled"]
    assert [row[1:] for row in file[1:]] == [row[1:] for row in rows]
    time = section(page, "time")
    drawn = [numbers(words)[-2:] for words in re.findall(r"<g><title>([^<]*)", time)]
    assert drawn == [row[1:] for row in table_rows(time)[1:]]
    assert [sum(int(row[at]) for row in drawn) for at in range(2)] == [4, 3]
    assert table_rows(time)[1][1:] == ["4", "2"]  # at once
    assert table_rows(time)[4][1:] == ["0", "1"]  # after thirty hours
    waits = section(page, "waits")
    drawn = [numbers(words)[-2:] for words in re.findall(r"<g><title>([^<]*)", waits)]
    assert drawn == [row[1:3] for row in table_rows(waits)[1:]]
    by_batch = section(page, "by-batch")
    assert table_rows(by_batch)[1:] == [["b", "A batch", "5", "4", "3", "2"]]
    assert 'href="/staff/figures/b"' in by_batch
    for name in ("batches", "hours", "waitlist", "skills"):
        assert len(export(planner, "/staff/figures", name)) >= 1


def test_every_drawing_has_a_title_a_description_and_its_table(
    planner: FlaskClient, batch: Batch
) -> None:
    for path in ("/staff/figures", "/staff/figures/b", "/staff/board"):
        page = planner.get(path).text
        charts = re.findall(r'(?s)<figure class="chart">.*?</figure>', page)
        assert charts
        for chart in charts:
            ids = re.search(r'role="img" aria-labelledby="([^"]+)" aria-describedby="([^"]+)"', chart)
            for tag, name in zip(("title", "desc"), ids.groups(), strict=True):
                assert re.search(rf'<{tag} id="{name}">[^<]+</{tag}>', chart)
        found = re.findall(r'\bid="([^"]+)"', page)
        assert len(found) == len(set(found))
        assert page.count("<details") >= len(charts)
        assert "style=" not in page


def test_bars_are_as_tall_as_their_numbers() -> None:
    frame = Frame(0, 10, scale(8))
    assert frame.lines == [0, 2, 4, 6, 8]
    assert (frame.y(0), frame.y(8), frame.y(4)) == (180, 10, 95)
    assert (frame.x(0), frame.x(10)) == (frame.left, frame.right)
    assert frame.line([(0, 0), (5, 4), (10, 4)]) == "M64.0 180.0H352.0V95.0H640.0V95.0"
    assert frame.band([(0, 0), (5, 0), (10, 0)], [(0, 0), (5, 4), (10, 4)]) == (
        "M64.0 180.0H352.0V95.0H640.0V95.0L640.0 180.0V180.0H352.0V180.0H64.0Z"
    )


@pytest.mark.parametrize("highest", [0, 0.5, 1, 3, 7, 12, 99, 100, 101, 12345])
def test_a_scale_is_round_and_reaches_the_highest(highest: float) -> None:
    lines = scale(highest)
    assert 2 <= len(lines) <= 5
    assert lines[-1] >= highest
    assert str(lines[1]).rstrip("0") in ("1", "2", "5")


def test_a_batch_that_moved_only_once_is_drawn(batch: Batch, now: datetime) -> None:
    drawn = draw_fill(batch, [Level(now.date(), 1, 0, 0, 0)], 0, now.date())
    assert [kind for kind, _words, _path in drawn.bands] == ["bar-enrolled"]
    assert drawn.bands[0][2].startswith("M64.0 95.0H640.0")  # the whole day, from edge to edge
    assert draw_fill(batch, [], 2, now.date()) is None


# ---------------------------------------------------------------- skills


def test_skills_asked_for_against_skills_taught(planner: FlaskClient, now: datetime) -> None:
    atomically(load_catalog, folder=SHIPPED, now=clock.now())
    page = section(planner.get("/staff/figures").text, "skills")
    assert "Nobody has checked themselves yet" in page
    ids = dict(db.session.execute(sa.select(Skill.slug, Skill.id)).all())
    for standing in ({"communication": 0, "data-analysis": 3}, {"communication": 2}):
        atomically(tally.count_check, standing={ids[k]: v for k, v in standing.items()}, now=now)
    page = section(planner.get("/staff/figures").text, "skills")
    first, second = re.findall(r"(?s)<li><p>.*?</li>", page)[:2]
    assert "Communication asked for 2 times, lacked 2 times" in text(first).replace(": 2, 2", "")
    assert "gap" in text(first)
    assert "Data analysis" in second
    assert "Taught in depth" in second
    assert "gap" not in text(second)
    rows = table_rows(page)
    assert rows[1][:3] == ["Communication", "2", "2"]
    assert ["Data analysis", "1", "0", "2", "M"] in rows
    assert len(rows) == 11
    file = export(planner, "/staff/figures", "skills")
    assert file[1:] == rows[1:]


# ---------------------------------------------------------------- files, costs, who may


def test_cells_that_look_like_formulas_are_plain_text_and_the_log_knows(
    planner: FlaskClient, now: datetime
) -> None:
    evil = make.batch(2, code="evil", title='=HYPERLINK("http://evil.example")')
    make.registration(evil, confirmed=True)
    rows = export(planner, "/staff/figures", "batches")
    assert rows[1][1] == '\'=HYPERLINK("http://evil.example")'
    assert export(planner, "/staff/figures/evil", "stages")[1][1].startswith("'=")
    db.session.rollback()
    logged = db.session.scalars(sa.select(Activity.action)).all()
    assert {"figures.export", "figures.export_batch"} <= set(logged)


def test_only_known_tables_of_known_batches(planner: FlaskClient, batch: Batch) -> None:
    token = hidden_fields(planner.get("/staff/figures").text)
    for path in (
        "/staff/figures/export?table=people", "/staff/figures/export",
        "/staff/figures/b/export?table=months", "/staff/figures/none/export?table=fill",
    ):  # fmt: skip
        assert planner.post(path, data=token).status_code == 404, path
    assert planner.get("/staff/figures/none").status_code == 404
    assert planner.post("/staff/figures/export?table=months").status_code == 400


def test_who_may_not_plan_sees_no_figures(moderator: FlaskClient, batch: Batch) -> None:
    token = hidden_fields(moderator.get("/staff/").text)
    assert moderator.get("/staff/figures/b").status_code == 403
    for path in ("/staff/figures/export?table=months", "/staff/figures/b/export?table=fill"):
        assert moderator.post(path, data=token).status_code == 403


def test_pages_cost_the_same_for_a_crowd(planner: FlaskClient, batch: Batch) -> None:
    before = [statements(planner, path) for path in ("/staff/figures", "/staff/figures/b")]
    for number in range(30):
        other = make.batch(1, code=f"o{number}")
        make.registration(other, confirmed=True)
        make.registration(batch)
    assert [statements(planner, path) for path in ("/staff/figures", "/staff/figures/b")] == before


def test_nothing_yet(planner: FlaskClient, now: datetime) -> None:
    make.batch(2, code="empty")
    assert "Nobody has registered in these months" in planner.get("/staff/figures").text
    page = planner.get("/staff/figures/empty").text
    assert "Nobody has registered yet" in page
    assert "Nobody had to wait" in page
    assert export(planner, "/staff/figures/empty", "fill") == [
        ["day", "enrolled", "held", "waiting", "applied"]
    ]


def test_the_style_sheet_uses_logical_properties() -> None:
    sheet = Path(__file__).parent.parent.parent / "enroll" / "static" / "charts.css"
    assert PHYSICAL.findall(sheet.read_text()) == []
