"""Dates and times as the reader's language writes them (CLDR, UTS #35).

A style is written as British English has it, `EEE d MMMM y, HH:mm`, and only says which parts are
wanted and how long; their order, what stands between them and whether a day has 12 or 24 hours is
the language's own: 1:30 p.m. on April 12 to an American.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from flask_babel import get_locale

NAMED = {"short", "medium", "long", "full"}
_LONG = {"yMMMd": "medium", "yMMMMd": "long", "yMMMMEEEEd": "full"}
_TIMES = {"HH:mm": "short", "HH:mm:ss": "medium"}
_FIELD = re.compile(r"([yMEd])\1*")


def day(value: date, style: str = "long") -> str:
    """A date in the reader's language, e.g. 12 March 2027."""
    locale = get_locale()
    return format_date(value, style if style in NAMED else pattern(style, locale), locale)


def moment(value: datetime, zone: str, style: str = "d MMMM y, HH:mm") -> str:
    """A moment in the batch's zone, which it names: 12 March 2027, 18:00 (Asia/Kolkata)."""
    return f"{local(value, zone, style)} ({zone.replace('_', ' ')})"


def local(value: datetime, zone: str, style: str = "d MMM y, HH:mm") -> str:
    """A moment in a zone that is named elsewhere: 12 Mar 2027, 18:00."""
    locale = get_locale()
    return format_datetime(value.astimezone(ZoneInfo(zone)), pattern(style, locale), locale=locale)


@lru_cache(512)
def pattern(style: str, locale: Locale) -> str:
    """How a language writes what a style asks for, as a pattern of CLDR."""
    days, _, hours = style.rpartition(", ") if ":" in style else (style, "", "")
    clock = locale.time_formats[_TIMES[hours]].pattern if hours else ""
    if not days:
        return clock
    dated = _date_pattern(days, locale)
    if not clock:
        return dated
    return locale.datetime_formats["medium"].format(clock, dated)


def _date_pattern(style: str, locale: Locale) -> str:
    fields = {match[1]: match[0] for match in _FIELD.finditer(style)}
    wanted = "".join(fields[one] for one in "yMEd" if one in fields)
    if wanted in _LONG:
        return locale.date_formats[_LONG[wanted]].pattern
    # CLDR knows few combinations and asks to widen what is nearest (UTS #35, Matching Skeletons).
    for found in (wanted, _short(wanted)):
        if found in locale.datetime_skeletons:
            return _widen(locale.datetime_skeletons[found].pattern, fields)
    return locale.date_formats["medium"].pattern


def _short(skeleton: str) -> str:
    return re.sub("E+", "E", skeleton).replace("MMMM", "MMM")


def _widen(found: str, wanted: dict[str, str]) -> str:
    if wanted.get("M") == "MMMM":
        found = re.sub(r"(?<![ML])([ML])\1\1(?![ML])", r"\1\1\1\1", found)
    if "E" in wanted:
        found = re.sub("E+|ccc+", lambda one: one[0][0] * max(len(wanted["E"]), 3), found)
    return found
