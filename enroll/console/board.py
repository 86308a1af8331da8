"""Run or cancel: every coming batch with its people, its minimum, and its pace beside earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, render_template
from flask_babel import gettext, ngettext

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.states import BatchState
from enroll.console.counted import Table
from enroll.console.drawing import Frame, scale
from enroll.console.guard import needs
from enroll.lists import listed
from enroll.registrations.board import Coming, coming
from enroll.registrations.pace import AT_THE_START, DAY, Pace, first_change

pages = Blueprint("board", __name__, url_prefix="/staff/board")


@dataclass(frozen=True)
class Drawing:
    """The pace of a batch as lines: its own until now, those of the earlier ones until they began."""

    frame: Frame
    own: str
    earlier: list[str]
    days: int  # how many before the start the drawing begins
    now: float  # days before the start
    lead: int  # enrolled now


@dataclass(frozen=True)
class Line:
    """One batch of the board, in words and drawn."""

    one: Coming
    sentence: str
    due: str
    is_pressing: bool
    drawing: Drawing
    table: Table

    @property
    def is_drawn(self) -> bool:
        """Is there a line at all?"""
        return bool(self.one.earlier or self.one.pace.changes)


@pages.get("")
@needs(Duty.PLAN)
def index() -> str:
    """First what is to be decided, by the day it is due; then what goes ahead; then the rest."""
    now = clock.now()
    found = coming(now)
    undecided = [one for one in found if one.batch.state is BatchState.TENTATIVE]
    undecided.sort(key=lambda one: (one.batch.decide_on or date.max, one.begins_at))
    running = [one for one in found if one.batch.state is BatchState.CONFIRMED_TO_RUN]
    return render_template(
        "console/board/index.html",
        undecided=[_line(one, now) for one in undecided],
        running=[_line(one, now) for one in running],
        rest=[one for one in found if one not in undecided and one not in running],
        now=now,
    )


def _line(one: Coming, now: datetime) -> Line:
    due, is_pressing = _due(one, now)
    return Line(
        one=one,
        sentence=sentence(one, now),
        due=due,
        is_pressing=is_pressing,
        drawing=_drawing(one, now),
        table=_table(one, now),
    )


def sentence(one: Coming, now: datetime) -> str:
    """How it goes, beside how it went: the latest earlier batch first."""
    lead = one.pace.so_far
    if not one.earlier:
        return gettext("%(lead)s now. There is no earlier batch to compare it with.", lead=lead)
    return ngettext(
        "%(lead)s now; at this point the last one had %(had)s and ended at %(ended)s.",
        "%(lead)s now; at this point the last %(num)s had %(had)s and ended at %(ended)s.",
        len(one.earlier),
        lead=lead,
        had=listed(one.at_this_point(now), "unit"),
        ended=listed((other.ended for other in one.earlier), "unit"),
    )


def _due(one: Coming, now: datetime) -> tuple[str, bool]:
    """Until when it is to be decided, counted from today in the batch's zone; and does it press?"""
    if not one.is_undecided or one.batch.decide_on is None:
        return "", False
    days = (one.batch.decide_on - now.astimezone(one.batch.tz).date()).days
    if days < 0:
        said = ngettext("%(num)s day overdue", "%(num)s days overdue", -days)
    elif days == 0:
        said = gettext("today")
    else:
        said = ngettext("in %(num)s day", "in %(num)s days", days)
    return said, days <= 3


def _table(one: Coming, now: datetime) -> Table:
    had = zip(one.earlier, one.at_this_point(now), strict=True)
    return Table(
        "pace",
        [
            ("batch", gettext("Batch")),
            ("start", gettext("Start")),
            ("at_this_point", gettext("At this point")),
            ("when_it_began", gettext("When it began")),
        ],
        [
            (one.batch.code, one.batch.starts_on, one.pace.so_far, None),
            *((other.code, other.starts_on, number, other.ended) for other, number in had),
        ],
    )


def _drawing(one: Coming, now: datetime) -> Drawing:
    remaining = one.remaining(now)
    paces = [one.pace, *(other.pace for other in one.earlier)]
    since = max(first_change(paces), timedelta(days=-(-remaining // DAY)))
    own = [*_points(one.pace, since, remaining)[:-1], (remaining / DAY, one.pace.so_far)]
    earlier = [_points(other.pace, since, AT_THE_START) for other in one.earlier]
    levels = [level for points in (own, *earlier) for _day, level in points]
    days = since / DAY
    frame = Frame(days, 0, scale(max([*levels, one.batch.minimum or 0])))
    return Drawing(
        frame=frame,
        own=frame.line(own),
        earlier=[frame.line(points) for points in earlier],
        days=round(days),
        now=remaining / DAY,
        lead=one.pace.so_far,
    )


def _points(one: Pace, since: timedelta, until: timedelta) -> list[tuple[float, int]]:
    return [(before / DAY, level) for before, level in one.steps(since=since, until=until)]
