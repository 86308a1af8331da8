"""A batch's weekly rhythm in the reader's words, beside the drawing of it."""

from __future__ import annotations

from datetime import time

from babel.dates import format_interval, format_skeleton, get_day_names
from babel.lists import format_list
from flask_babel import get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _

from enroll.batches.models import Batch
from enroll.batches.weekly import Slot, Week, week_of

# CLDR knows “Monday” and no “every Monday”, which languages say in ways of their own.
EVERY = (
    _("Mondays"),
    _("Tuesdays"),
    _("Wednesdays"),
    _("Thursdays"),
    _("Fridays"),
    _("Saturdays"),
    _("Sundays"),
)


def weekly(batch: Batch) -> Week:
    """The rhythm of the sessions that take place; needs them loaded."""
    held = (one for one in batch.sessions if one.cancelled_at is None)
    return week_of(((one.starts_at, one.ends_at) for one in held), batch.tz)


def rhythm_words(week: Week) -> str:
    """Mondays and Wednesdays, 18:00–20:00; Saturdays, 10:00–13:00; and 2 more dates."""
    by_hours: dict[str, list[str]] = {}
    for slot in week.slots:
        days = by_hours.setdefault(hours_words(slot), [])
        if (day := _day(slot, week)) not in days:
            days.append(day)
    parts = [
        gettext("%(days)s, %(hours)s", days=format_list(days, locale=get_locale()), hours=hours)
        for hours, days in by_hours.items()
    ]
    if number := len(week.besides):
        parts.append(ngettext("and %(num)s more date", "and %(num)s more dates", number))
    return "; ".join(parts)


def hours_words(slot: Slot) -> str:
    """18:00–20:00, as the reader's language writes it."""
    return str(format_interval(slot.starts, slot.ends, "Hm", locale=get_locale()))


def clock_time(at: time) -> str:
    """18:00, as the reader's language writes it."""
    return str(format_skeleton("Hm", at, locale=get_locale()))


def weekday_name(weekday: int, width: str = "abbreviated") -> str:
    """A weekday (Monday is 1) as the head of a column: Mon."""
    names = get_day_names(width, context="stand-alone", locale=get_locale())
    return str(names[weekday - 1])


def _day(slot: Slot, week: Week) -> str:
    if week.is_weekly:
        return str(EVERY[slot.weekday - 1])
    return weekday_name(slot.weekday, "wide")


FILTERS = (weekly, rhythm_words, hours_words, clock_time, weekday_name)
