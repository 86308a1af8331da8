"""Figures: how batches fill, from the form to the seat, the waitlist, skills asked for and taught.

Counts only, nobody followed; each is drawn, with its table behind it and a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, render_template, request

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.batches.queries import find_batch
from enroll.catalog import mapping, tally
from enroll.catalog import queries as catalog
from enroll.catalog.coverage import summary
from enroll.console import counted, plotting, queries
from enroll.console.counted import Asked, Table
from enroll.console.guard import needs
from enroll.registrations import counting, figures
from enroll.registrations.counting import Journey, Level

pages = Blueprint("figures", __name__, url_prefix="/staff/figures")

MONTHS = 12
DRAWN_SKILLS = 12


# ---------------------------------------------------------------- all batches


@pages.get("")
@needs(Duty.PLAN)
def index() -> str:
    """The last twelve months, over all batches."""
    now = clock.now()
    tables = _tables(now)
    skills = _skills(now)
    waits = counting.waitlist(_since(now))
    return render_template(
        "console/figures/index.html",
        tables=tables,
        months=plotting.draw_months(tables["months"]),
        hours=plotting.draw_hours(tables["hours"]),
        waits=plotting.draw_waits(tables["waitlist"]),
        waited=waits,
        total=counting.funnel(_since(now)),
        skills=skills[:DRAWN_SKILLS],
        most=max((one.asked for one in skills), default=0),
    )


@pages.post("/export")
@needs(Duty.PLAN)
def export() -> Response:
    """One of the tables, as CSV; a POST, so that the log has it."""
    name = request.args.get("table", "")
    found = _tables(clock.now()).get(name) or abort(404)
    return found.answer(f"figures-{name}")


def _tables(now: datetime) -> dict[str, Table]:
    journeys = _since(now)
    months = counting.months(now.date(), MONTHS)
    by_batch: dict[int, list[Journey]] = defaultdict(list)
    for one in journeys:
        by_batch[one.batch_id].append(one)
    found = [
        counted.funnel_by_month(journeys, months),
        counted.funnel_by_batch(by_batch, figures.named(by_batch)),
        counted.hours_between(journeys),
        counted.waits_by_month(journeys, months),
        counted.skills_table(_skills(now)),
    ]
    return {one.name: one for one in found}


def _since(now: datetime) -> list[Journey]:
    first = counting.months(now.date(), MONTHS)[0]
    return figures.journeys(since=datetime(first.year, first.month, 1, tzinfo=UTC))


def _skills(now: datetime) -> list[Asked]:
    """What was lacked most comes first."""
    asked = tally.asked_and_lacked(counting.months(now.date(), MONTHS)[0])
    courses = [course.cells for course in mapping.curricula()]
    reached = summary(courses)
    found = [
        Asked(
            skill.name,
            *asked.get(skill.id, (0, 0)),
            courses=sum(skill.slug in cells for cells in courses),
            level=reached[skill.slug].level if skill.slug in reached else None,
        )
        for skill in catalog.skills()
    ]
    return sorted(found, key=lambda one: (-one.lacked, -one.asked))


# ---------------------------------------------------------------- one batch


@pages.get("/<code>")
@needs(Duty.PLAN)
def show(code: str) -> str:
    """One batch: how it filled, and what became of its forms and its waitlist."""
    batch = find_batch(code) or abort(404)
    journeys = figures.journeys(batch_id=batch.id)
    levels = figures.fill(batch)
    tables = _tables_of(batch, journeys, levels)
    capacity, _taken = queries.seats(batch.id)
    total = counting.funnel(journeys)
    return render_template(
        "console/figures/show.html",
        batch=batch,
        capacity=capacity,
        tables=tables,
        filling=plotting.draw_fill(batch, levels, capacity, clock.now().date()),
        total=total,
        hours=plotting.draw_hours(tables["hours"]),
        waited=counting.waitlist(journeys),
    )


@pages.post("/<code>/export")
@needs(Duty.PLAN)
def export_batch(code: str) -> Response:
    """One of the tables of a batch, as CSV."""
    batch = find_batch(code) or abort(404)
    name = request.args.get("table", "")
    tables = _tables_of(batch, figures.journeys(batch_id=batch.id), figures.fill(batch))
    found = tables.get(name) or abort(404)
    return found.answer(f"{batch.code}-{name}")


def _tables_of(
    batch: Batch, journeys: Sequence[Journey], levels: Sequence[Level]
) -> Mapping[str, Table]:
    names = {batch.id: figures.Named(batch.code, batch.title)}
    return {
        "fill": counted.fill_by_day(levels),
        "stages": counted.funnel_by_batch({batch.id: journeys}, names),
        "hours": counted.hours_between(journeys),
        "waitlist": counted.waits_of(batch, journeys),
    }
