"""Reads from a roster's address whom to show, in which order and with which columns; and writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict

from enroll.console import queries
from enroll.console.words import STATES
from enroll.forms import tidy
from enroll.registrations.roster import Sort, Waits, Wanted
from enroll.registrations.sought import wanted_parts
from enroll.registrations.states import LIVE, State

Choice = TypeVar("Choice", bound=StrEnum)

SETS = {"live": LIVE, "gone": frozenset(State) - LIVE}
STATE_CHOICES = [
    ("", _("Everybody")),
    ("live", _("All who are here")),
    *((state.value, words) for state, words in STATES.items()),
    ("gone", _("All who have left")),
]
ADDRESS_CHOICES = [("", _("Either")), ("yes", _("Confirmed")), ("no", _("Not confirmed"))]
WAITS_CHOICES = [
    ("", _("Whatever")),
    (Waits.DECISION.value, _("Our decision")),
    (Waits.ADDRESS.value, _("Confirming the e-mail")),
    (Waits.ANSWER.value, _("Answering an offer")),
    (Waits.SEAT.value, _("A free seat")),
]
LETTER_CHOICES = [("", _("Whatever")), ("failed", _("Some letter failed"))]
GROUP_CHOICES = [("", _("Either")), ("yes", _("In a group")), ("no", _("Alone"))]
SORT_CHOICES = [
    (Sort.PLACE.value, _("Seat, then place in the queue")),
    (Sort.ARRIVAL.value, _("Arrival, the first on top")),
    (Sort.LATEST.value, _("Arrival, the latest on top")),
    (Sort.NAME.value, _("Name")),
]
COLUMNS = {
    "contact": _("Contact"),
    "state": _("State"),
    "place": _("Seat or place"),
    "registered": _("Registered"),
    "said": _("What they say"),
    "address": _("E-mail confirmed"),
    "letters": _("Letters"),
    "language": _("Language"),
    "do": _("What to do"),
}
USUAL = ("contact", "state", "place", "registered", "do")
FOR_DECIDING = ("contact", "state", "said", "registered")
# What narrows the list; the rest of an address is how it is shown.
FILTERS = ("state", "address", "waits", "letters", "since", "group", "q")


@dataclass(frozen=True)
class Look:
    """One look at a roster, and the address that shows it again."""

    wanted: Wanted
    sort: Sort
    columns: tuple[str, ...]
    args: Mapping[str, Any]  # what stands in the address
    is_too_short: bool
    is_no_date: bool

    @property
    def is_filtered(self) -> bool:
        return any(name in self.args for name in FILTERS)

    def but(self, **changes: Any) -> dict[str, Any]:
        """The address with other values; an empty one goes."""
        merged = {**self.args, **changes}
        return {name: value for name, value in merged.items() if value}

    def only(self, **changes: Any) -> dict[str, Any]:
        """The address without any filter but these."""
        shown = {name: value for name, value in self.args.items() if name in ("sort", "c")}
        return {name: value for name, value in {**shown, **changes}.items() if value}


def read_look(given: MultiDict[str, str], zone: str) -> Look:
    """Whatever is no choice of ours is taken as not chosen: an address is easily cut or mistyped."""
    args: dict[str, Any] = {name: tidy(given.get(name)) for name in FILTERS}
    state = args["state"]
    since, parts = _day(args["since"]), wanted_parts(args["q"])
    group = args["group"]
    sort = _choice(Sort, given.get("sort")) or Sort.PLACE
    chosen = tuple(name for name in COLUMNS if name in given.getlist("c"))
    usual = FOR_DECIDING if state == State.APPLIED else USUAL
    has_chosen = "c" in given
    args |= {"sort": sort.value if sort is not Sort.PLACE else ""}
    args |= {"c": ["name", *chosen] if has_chosen else []}
    return Look(
        wanted=Wanted(
            states=_states(state),
            is_confirmed={"yes": True, "no": False}.get(args["address"]),
            waits=_choice(Waits, args["waits"]),
            has_failed_letters=args["letters"] == "failed",
            since=_midnight(since, zone) if since else None,
            is_grouped={"yes": True, "no": False}.get(group),
            group_id=_number(group),
            parts=tuple(parts),
        ),
        sort=sort,
        columns=chosen if has_chosen else usual,
        args={name: value for name, value in args.items() if value},
        is_too_short=bool(args["q"]) and not parts,
        is_no_date=bool(args["since"]) and since is None,
    )


def _choice(kind: type[Choice], text: str | None) -> Choice | None:
    return kind(text) if text in set(kind) else None


def _states(text: str) -> frozenset[State]:
    if text in SETS:
        return SETS[text]
    one = _choice(State, text)
    return frozenset({one}) if one else frozenset(State)


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal()) or len(text) > 10:
        return None
    return int(text) if int(text) <= queries.LARGEST else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date, zone: str) -> datetime:
    """The first moment of a day as the batch's own clocks show it."""
    if not 1900 <= day.year <= 9000:  # nobody registered then, and not every database counts so far
        day = day.replace(year=1900 if day.year < 1900 else 9000, day=1)
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
