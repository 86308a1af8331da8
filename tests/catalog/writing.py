"""Catalogs that nobody would write, and any staff could: valid, with texts that YAML stumbles over."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from enroll.catalog.documents import Kind
from enroll.catalog.shapes import (
    BAND,
    COURSE,
    SHAPES,
    Code,
    Flag,
    OneOf,
    Record,
    Rows,
    Shape,
    Text,
    Whole,
)

AWKWARD = [
    "yes",
    "no",
    "null",
    "~",
    "1e3",
    "0x1F",
    "017",
    "12:30:45",
    "1_000",
    ".5",
    ".nan",
    "2027-03-12",
    "=",
    "<<",
    "- a",
    "? a",
    "key: value",
    "trailing:",
    "a #b",
    "#b",
    "*alias",
    "&anchor",
    "!tag",
    "%YAML",
    "@at",
    "`tick",
    "{a: b}",
    "[a]",
    "'single'",
    '"double"',
    "back\\slash",
    " leading",
    "trailing ",
    "---",
    "...",
    "🧑🏽‍💻",
    "مرحبا: بك",
    "שלום",
    "ｆｕｌｌ",
    "\ufeffmark",
    "non\u00a0breaking",
    "e\u0301",
    "<b>bold</b>",
    "{{ 7 * 7 }}",
    "%(name)s",
    "100%",
    "a | b",
    ">",
    "|",
]
AWKWARD_LINES = [
    "\n",
    "\n\n",
    "a\n",
    "a\n\n\n",
    "\na",
    " a\n  b\nc",
    "a\n b",
    "a \nb",
    "a\t\n\tb",
    "  ",
    "# a\n- b: c\n",
    "a\n---\nb\n",
    "a\n...\n",
    "x\u2028y\u2029z\n",
    "\ttab",
    "a\n\n  \n b\n",
    "no newline\nat the end",
    "```\n  code\n```\n",
    "| a |\n|---|\n",
]
LETTERS = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029")
WORDS = st.sampled_from(AWKWARD) | st.text(LETTERS, max_size=12)
PARAGRAPHS = st.lists(
    WORDS | st.sampled_from(AWKWARD_LINES) | st.text(" \n\t-:#a", max_size=8), max_size=4
).map("".join)
HIDDEN = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SLUGS = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,4}){0,2}", fullmatch=True)
EXAMPLES = {
    Code.URI: ["https://example.org/", "http://data.europa.eu/esco/skill/0?a=b#c"],
    Code.DAY: ["2026-11-23", "2024-02-29"],
    Code.CURRENCY: ["USD", "EUR", "INR", "NOK"],
    Code.ELEMENT: ["2.A.2.a", "4.A.4.a.1", "4.A.2.a.4.I01.D05"],
    Code.OCCUPATION: ["15-2051.00"],
}


def texts(shape: Text) -> st.SearchStrategy[str]:
    """Text that this shape allows."""
    made = (WORDS | PARAGRAPHS) if shape.lines else WORDS
    return made.filter(
        lambda text: not HIDDEN & set(text) and (shape.may_be_empty or bool(text.strip()))
    )


def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Values that this shape allows; what they name need not exist."""
    match shape:
        case Text():
            return texts(shape)
        case Whole(least, most):
            return st.integers(least, min(most, 10**9))
        case Flag():
            return st.booleans()
        case OneOf(words):
            return st.sampled_from([str(word) for word in words])
        case Code.SLUG:
            return SLUGS
        case Code():
            return st.sampled_from(EXAMPLES[shape])
        case Rows():
            unique = {}
            if shape.once:
                unique = {"unique_by": lambda one: one[shape.once]}
            elif isinstance(shape.of, Code):
                unique = {"unique": True}
            return st.lists(values(shape.of), min_size=shape.least, max_size=3, **unique)
        case Record():
            return records(shape)
    raise AssertionError(shape)


@st.composite
def records(draw: st.DrawFn, shape: Record) -> dict[str, Any]:
    made = {}
    for name, inner in shape.keys.items():
        if name in shape.optional and draw(st.booleans()):
            continue
        is_nothing = name in shape.nullable and draw(st.booleans())
        made[name] = None if is_nothing else draw(values(inner))
    if shape is BAND:
        made["from"], made["to"] = sorted([made["from"], made["to"]])
    if shape is COURSE and made.get("hours_beside") is not None:
        made["hours_beside"] = min(made["hours_beside"], made["hours_per_week"])
    return made


@st.composite
def catalogs(draw: st.DrawFn) -> list[tuple[Kind, dict[str, Any]]]:
    """A skill list, some guides and some courses that name only each other."""
    skills = draw(values(SHAPES[Kind.SKILLS]))
    roles = draw(st.lists(values(SHAPES[Kind.ROLE]), max_size=2, unique_by=_slug))
    courses = draw(st.lists(values(SHAPES[Kind.COURSE]), max_size=2, unique_by=_slug))

    def some(documents: list[dict[str, Any]]) -> list[str]:
        slugs = [_slug(one) for one in documents]
        return draw(st.lists(st.sampled_from(slugs), unique=True)) if slugs else []

    for role in roles:
        role["skills"], role["related"] = some(skills["skills"]), some(roles)
    for course in courses:
        course["roles"] = some(roles)
        course["requires"] = [slug for slug in some(courses) if slug != course["slug"]]
        for module in course["modules"]:
            module["coverage"] = [
                {"skill": slug, "level": draw(st.sampled_from("IRM")), "assessed": True}
                for slug in some(skills["skills"])
            ]
    found = [(Kind.SKILLS, skills)]
    found += [(Kind.ROLE, role) for role in roles]
    return found + [(Kind.COURSE, course) for course in courses]


def _slug(document: dict[str, Any]) -> str:
    return document["slug"]
