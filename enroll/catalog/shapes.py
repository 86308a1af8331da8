"""Which keys and values a document has: every key, its order, its kind of value, its bounds. Pure.

checking.py turns these shapes into sentences, docs/catalog.md tells them to people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from enroll.catalog.coverage import Level
from enroll.catalog.documents import FIGURES, GROUPS, LEVELS, Kind

# ---------------------------------------------------------------- what shapes are made of


@dataclass(frozen=True)
class Text:
    """Words, not blank unless it `may_be_empty`; in one line unless it has `lines`."""

    longest: int = 2_000
    lines: bool = False
    may_be_empty: bool = False


class Code(StrEnum):
    """Text in a form of its own."""

    SLUG = "slug"  # lower-case words between hyphens, as in an address
    URI = "uri"
    DAY = "day"  # ISO 8601
    CURRENCY = "currency"  # ISO 4217
    ELEMENT = "element"  # an element of the O*NET content model
    OCCUPATION = "occupation"  # an O*NET-SOC code


@dataclass(frozen=True)
class Whole:
    """A whole number within two bounds."""

    least: int
    most: int


@dataclass(frozen=True)
class Flag:
    """Yes or no."""


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """A list. Of codes each stands once; of records, each value of the key `once`."""

    of: Shape
    once: str | None = None
    least: int = 0


@dataclass(frozen=True)
class Record:
    """Keys and values, in the order in which files write them."""

    keys: Mapping[str, Shape]
    optional: frozenset[str] = frozenset()
    nullable: frozenset[str] = frozenset()  # where null says that there is nothing


Shape: TypeAlias = Text | Code | Whole | Flag | OneOf | Rows | Record

PROSE = Text(longest=100_000, lines=True, may_be_empty=True)  # Markdown
SUMMARY = Text(lines=True)
NOTE = Text(lines=True, may_be_empty=True)
LINES = Rows(Text(lines=True))


def _record(keys: Mapping[str, Shape], *, optional: str = "", nullable: str = "") -> Record:
    """What is nullable may be left out too, unless it is marked with “!”."""
    may_be_null = {name.rstrip("!") for name in nullable.split()}
    left_out = {name for name in nullable.split() if not name.endswith("!")}
    return Record(keys, frozenset(optional.split()) | left_out, frozenset(may_be_null))


# ---------------------------------------------------------------- the shapes

SKILL = _record(
    {
        "slug": Code.SLUG,
        "name": Text(longest=120),
        "group": OneOf(GROUPS),
        "summary": SUMMARY,
        "topics": Rows(Text()),
        "esco": Code.URI,
        "onet": Rows(Code.ELEMENT),
    },
    optional="onet",
    nullable="esco",
)
BAND = _record(
    {
        "level": Text(longest=40),
        "from": Whole(0, 10**12),
        "to": Whole(1, 10**12),
        "open_ended": Flag(),
        "typical": SUMMARY,
    },
    optional="open_ended",
    nullable="typical",
)
SALARY = _record(
    {
        "currency": Code.CURRENCY,
        "period": OneOf(("year", "month", "week", "day", "hour")),
        "country": Text(longest=120),
        "year": Whole(1900, 2100),
        "source": SUMMARY,
        "note": SUMMARY,
        "bands": Rows(BAND, once="level", least=1),
    },
    nullable="country year source note",
)
ROLE = _record(
    {
        "slug": Code.SLUG,
        "title": Text(longest=120),
        "summary": SUMMARY,
        "occupation": _record(
            {"esco": Code.URI, "onet": Code.OCCUPATION},
            optional="esco onet",
        ),
        "related": Rows(Code.SLUG),
        "skills": Rows(Code.SLUG),
        "history": Rows(_record({"when": Text(longest=120), "what": SUMMARY})),
        "salary": SALARY,
        "ladder": Rows(
            _record({"level": Text(longest=40), "titles": Rows(Text(longest=200))}), once="level"
        ),
        "certifications": Rows(
            _record(
                {
                    "name": Text(longest=200),
                    "area": Text(longest=120),
                    "status": Text(longest=200),
                    "checked_on": Code.DAY,
                },
                nullable="status! checked_on",
            ),
            once="name",
        ),
        "sections": Rows(
            _record(
                {
                    "slug": Code.SLUG,
                    "title": Text(longest=200),
                    "figure": OneOf(FIGURES),
                    "body": PROSE,
                },
                nullable="figure",
            ),
            once="slug",
        ),
    },
    optional="occupation related history ladder certifications",
    nullable="salary",
)
MODULE = _record(
    {
        "slug": Code.SLUG,
        "title": Text(longest=160),
        "hours": Whole(1, 10_000),
        "summary": SUMMARY,
        "topics": Rows(Text()),
        "coverage": Rows(
            _record(
                {"skill": Code.SLUG, "level": OneOf(tuple(Level)), "assessed": Flag()},
                optional="assessed",
            ),
            once="skill",
        ),
    }
)
COURSE = _record(
    {
        "slug": Code.SLUG,
        "title": Text(longest=120),
        "summary": SUMMARY,
        "level": OneOf(LEVELS),
        "weeks": Whole(1, 520),
        "hours_per_week": Whole(1, 168),
        "hours_beside": Whole(0, 168),
        "device": NOTE,
        "data_needed": NOTE,
        "audience": LINES,
        "prerequisites": LINES,
        "requires": Rows(Code.SLUG),
        "roles": Rows(Code.SLUG),
        "outcomes": LINES,
        "body": PROSE,
        "modules": Rows(MODULE, once="slug"),
    },
    optional="device data_needed roles body",
    nullable="hours_beside",
)
SHAPES: Mapping[Kind, Record] = {
    Kind.SKILLS: _record({"skills": Rows(SKILL, once="slug")}),
    Kind.ROLE: ROLE,
    Kind.COURSE: COURSE,
}


def ordered(shape: Shape, value: Any) -> Any:
    """The same value with its keys in the order of the shape; keys it does not know come last."""
    if isinstance(shape, Record) and isinstance(value, Mapping):
        known = {name: ordered(of, value[name]) for name, of in shape.keys.items() if name in value}
        return known | {name: value[name] for name in sorted(value.keys() - known.keys())}
    if isinstance(shape, Rows) and isinstance(value, list):
        return [ordered(shape.of, one) for one in value]
    return value
