"""What is wrong with a document is said; what is not wrong can be stored and shown."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enroll.catalog.checking import problems
from enroll.catalog.coverage import Level
from enroll.catalog.documents import FIGURES, LEVELS, Kind, references
from enroll.catalog.files import SHIPPED
from enroll.catalog.models import Course, Module, RoleGuide, Skill
from enroll.catalog.shapes import (
    COURSE,
    MODULE,
    ROLE,
    SHAPES,
    SKILL,
    Code,
    OneOf,
    Record,
    Rows,
    Shape,
    Text,
    ordered,
)
from enroll.site import guides
from tests.catalog.writing import values

SKILLS_LIST: dict[str, Any] = {
    "skills": [
        {
            "slug": "python",
            "name": "Python",
            "group": "technical",
            "summary": "A language.",
            "topics": ["Values", "Loops"],
            "esco": "http://data.europa.eu/esco/skill/0",
            "onet": ["2.B.3.e"],
        },
        {
            "slug": "talk",
            "name": "Talking",
            "group": "interpersonal",
            "summary": "With people.",
            "topics": [],
        },
    ]
}
GUIDE: dict[str, Any] = {
    "slug": "analyst",
    "title": "Analyst",
    "summary": "Asks.",
    "occupation": {"onet": "13-1111.00", "esco": "https://example.org/1"},
    "related": ["engineer"],
    "skills": ["python", "talk"],
    "history": [{"when": "1959", "what": "It began."}],
    "salary": {
        "currency": "USD",
        "period": "year",
        "country": "United States",
        "year": 2025,
        "source": "A survey",
        "note": None,
        "bands": [
            {"level": "Entry", "from": 1, "to": 2, "open_ended": True, "typical": None},
            {"level": "Mid", "from": 2, "to": 2},
        ],
    },
    "ladder": [{"level": "Entry", "titles": ["Junior"]}, {"level": "Mid", "titles": []}],
    "certifications": [
        {"name": "A", "area": "Data", "status": None, "checked_on": "2026-11-01"},
        {"name": "B", "area": "Data", "status": "Gone"},
    ],
    "sections": [
        {"slug": "what", "title": "What", "body": "It *is*.\n"},
        {"slug": "pay", "title": "Pay", "figure": "salary", "body": ""},
    ],
}
A_COURSE: dict[str, Any] = {
    "slug": "first",
    "title": "First",
    "summary": "Short.",
    "level": "Beginner",
    "weeks": 8,
    "hours_per_week": 6,
    "hours_beside": 2,
    "device": "A computer.\nNot a phone.",
    "data_needed": "",
    "audience": ["You"],
    "prerequisites": [],
    "requires": ["zero"],
    "roles": ["analyst"],
    "outcomes": ["You can."],
    "body": "Text\n",
    "modules": [
        {
            "slug": "one",
            "title": "One",
            "hours": 4,
            "summary": "The first.",
            "topics": ["A"],
            "coverage": [
                {"skill": "python", "level": "I", "assessed": True},
                {"skill": "talk", "level": "M"},
            ],
        },
        {
            "slug": "two",
            "title": "Two",
            "hours": 1,
            "summary": "The other.",
            "topics": [],
            "coverage": [],
        },
    ],
}
EXAMPLES = {Kind.SKILLS: SKILLS_LIST, Kind.ROLE: GUIDE, Kind.COURSE: A_COURSE}
GONE = object()


def changed(kind: Kind, path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """The example with one value changed, or left out."""
    document = copy.deepcopy(EXAMPLES[kind])
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    if value is GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return document


def paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*path, key))


def shape_at(kind: Kind, path: tuple[str | int, ...]) -> tuple[Shape, bool, bool]:
    """The shape there, and if it may be left out or be null."""
    shape: Shape = SHAPES[kind]
    is_optional = may_be_null = False
    for step in path:
        if isinstance(shape, Rows):
            shape, is_optional, may_be_null = shape.of, True, False
        else:
            assert isinstance(shape, Record)
            is_optional, may_be_null = step in shape.optional, step in shape.nullable
            shape = shape.keys[str(step)]
    return shape, is_optional, may_be_null


ALL = [(kind, path) for kind, example in EXAMPLES.items() for path in paths(example)]
PLACES = [f"{kind.value}: {'.'.join(map(str, path))}" for kind, path in ALL]


@pytest.mark.parametrize("kind", Kind)
def test_the_examples_are_right_and_hold_every_key(kind: Kind) -> None:
    assert problems(kind, EXAMPLES[kind]) == []
    held = {path[-1] for path in paths(EXAMPLES[kind])}
    assert held >= {name for record in records(SHAPES[kind]) for name in record.keys}


def records(shape: Shape) -> Iterator[Record]:
    if isinstance(shape, Record):
        yield shape
        for inner in shape.keys.values():
            yield from records(inner)
    elif isinstance(shape, Rows):
        yield from records(shape.of)


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [(Kind.SKILLS, "skills.yaml"), (Kind.ROLE, "roles/*"), (Kind.COURSE, "courses/*")],
)
def test_the_shipped_catalog_is_right(kind: Kind, pattern: str) -> None:
    found = list(SHIPPED.glob(pattern))
    assert found
    for path in found:
        assert problems(kind, yaml.safe_load(path.read_text())) == [], path


@pytest.mark.parametrize(("kind", "path"), ALL, ids=PLACES)
def test_no_value_of_another_type_gets_through(kind: Kind, path: tuple[str | int, ...]) -> None:
    _, _, may_be_null = shape_at(kind, path)
    for wrong in (None, 3.5, -1, 10**15, b"x", object(), float("nan"), [[]], {1: 2}, "\x00", "\ud800"):
        if wrong is None and may_be_null:
            continue
        found = problems(kind, changed(kind, path, wrong))
        assert found, wrong
        assert all(problem.path[: len(path)] == path for problem in found)
        assert all(isinstance(problem.words, str) and problem.words for problem in found)


@pytest.mark.parametrize(("kind", "path"), ALL, ids=PLACES)
def test_only_what_is_optional_may_be_missing(kind: Kind, path: tuple[str | int, ...]) -> None:
    _, is_optional, _ = shape_at(kind, path)
    found = [problem.path for problem in problems(kind, changed(kind, path, GONE))]
    assert found == ([] if is_optional else [path])


@pytest.mark.parametrize(("kind", "path"), ALL, ids=PLACES)
def test_no_key_is_made_up(kind: Kind, path: tuple[str | int, ...]) -> None:
    if isinstance(shape_at(kind, path)[0], Record):
        found = problems(kind, changed(kind, (*path, "id"), 1))
        assert [problem.path for problem in found] == [(*path, "id")]
        assert "“id”" in found[0].words


S, R, C = Kind.SKILLS, Kind.ROLE, Kind.COURSE
MODULE_0 = ("modules", 0)


@pytest.mark.parametrize(
    ("kind", "path", "value", "where"),
    [
        (C, ("slug",), "First", ()),
        (C, ("slug",), "a b", ()),
        (C, ("slug",), "a_b", ()),
        (C, ("slug",), "é", ()),
        (C, ("slug",), "-a", ()),
        (C, ("slug",), "a\n", ()),
        (C, ("slug",), "a" * 81, ()),
        (C, ("title",), "  ", ()),
        (C, ("title",), "two\nlines", ()),
        (C, ("title",), "x" * 121, ()),
        (C, ("title",), "bell\a", ()),
        (C, ("title",), "turned\u202e", ()),
        (C, ("body",), "x\r\n", ()),
        (C, ("level",), "Expert", ()),
        (C, ("weeks",), 0, ()),
        (C, ("weeks",), True, ()),
        (C, ("weeks",), "8", ()),
        (C, ("hours_per_week",), 169, ()),
        (C, ("hours_beside",), 7, ()),
        (C, ("hours_beside",), -1, ()),
        (C, ("hours_beside",), "2", ()),
        (C, ("device",), None, ()),
        (C, ("data_needed",), ["1 GB"], ()),
        (C, ("requires",), ["zero", "zero"], (1,)),
        (C, ("requires",), ["first"], (0,)),
        (C, ("roles",), ["analyst", "x", "analyst"], (2,)),
        (C, ("modules", 1, "slug"), "one", ()),
        (C, (*MODULE_0, "hours"), 0, ()),
        (C, (*MODULE_0, "coverage", 0, "level"), "X", ()),
        (C, (*MODULE_0, "coverage", 0, "level"), "i", ()),
        (C, (*MODULE_0, "coverage", 1, "skill"), "python", ()),
        (C, (*MODULE_0, "coverage", 0, "assessed"), "yes", ()),
        (C, (*MODULE_0, "title"), "x" * 161, ()),
        (R, ("sections", 1, "slug"), "what", ()),
        (R, ("sections", 1, "figure"), "chart", ()),
        (R, ("skills",), ["talk", "talk"], (1,)),
        (R, ("salary", "bands", 0, "from"), 3, ()),
        (R, ("salary", "bands"), [], ()),
        (R, ("salary", "bands", 1, "level"), "Entry", ()),
        (R, ("salary", "bands", 0, "to"), 0, ()),
        (R, ("salary", "currency"), "usd", ()),
        (R, ("salary", "currency"), "EURO", ()),
        (R, ("salary", "period"), "decade", ()),
        (R, ("certifications", 0, "checked_on"), "2026-02-30", ()),
        (R, ("certifications", 0, "checked_on"), "20261101", ()),
        (R, ("certifications", 1, "name"), "A", ()),
        (R, ("occupation", "onet"), "15-2051", ()),
        (R, ("occupation", "esco"), "javascript:alert(1)", ()),
        (R, ("history", 0, "when"), 1959, ()),
        (S, ("skills", 1, "slug"), "python", ()),
        (S, ("skills", 0, "group"), "magical", ()),
        (S, ("skills", 0, "esco"), "ftp://example.org", ()),
        (S, ("skills", 0, "esco"), "https://example.org/" + "x" * 200, ()),
        (S, ("skills", 0, "esco"), "https://example.org/ x", ()),
        (S, ("skills", 0, "onet"), ["2.A.2.a", "2.A.2.a"], (1,)),
        (S, ("skills", 0, "onet"), ["critical thinking"], (0,)),
        (S, ("skills", 0, "name"), "x" * 121, ()),
    ],
)
def test_each_rule(kind: Kind, path: tuple[str | int, ...], value: object, where: tuple[int]) -> None:
    found = [problem.path for problem in problems(kind, changed(kind, path, value))]
    assert found == [(*path, *where)]


def test_all_problems_are_told_and_in_order() -> None:
    document = changed(C, ("weeks",), 0) | {"level": "Expert", "slug": "A", "more": 1}
    found = [problem.path for problem in problems(C, document)]
    assert found == [("slug",), ("level",), ("weeks",), ("more",)]


@given(
    st.sampled_from(Kind),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
)
def test_whatever_it_is_the_check_answers(kind: Kind, document: object) -> None:
    assert problems(kind, document)
    assert list(references(kind, document)) == []


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data(), st.sampled_from(Kind))
def test_what_the_shapes_allow_has_no_problem(data: st.DataObject, kind: Kind) -> None:
    document = data.draw(values(SHAPES[kind]))
    if kind is C:
        document["requires"] = []
    assert problems(kind, document) == []
    assert ordered(SHAPES[kind], document) == document


# ---------------------------------------------------------------- what others say of the same things


def test_the_figures_are_those_that_the_page_draws() -> None:
    assert guides.FIGURES == FIGURES


def test_the_levels_are_those_of_the_coverage() -> None:
    coverage = MODULE.keys["coverage"]
    assert isinstance(coverage, Rows)
    assert isinstance(coverage.of, Record)
    assert coverage.of.keys["level"] == OneOf(tuple(Level))
    assert COURSE.keys["level"] == OneOf(LEVELS)


@pytest.mark.parametrize(
    ("model", "shape"), [(Skill, SKILL), (RoleGuide, ROLE), (Course, COURSE), (Module, MODULE)]
)
def test_no_text_is_longer_than_its_column(model: type, shape: Record) -> None:
    compared = 0
    for name, column in sa.inspect(model).columns.items():
        most = getattr(column.type, "length", None)
        if most is None or isinstance(column.type, sa.Text):
            continue
        compared += 1
        inner = shape.keys[name]
        if isinstance(inner, Text):
            assert inner.longest <= most, name
        elif isinstance(inner, OneOf):
            assert max(map(len, inner.words)) <= most, name
        else:
            assert (inner, most) in ((Code.SLUG, 80), (Code.URI, 200)), name
    assert compared >= 2


def test_the_format_page_tells_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs" / "catalog.md").read_text()
    names = {name for shape in SHAPES.values() for record in records(shape) for name in record.keys}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
    for words in (*LEVELS, *FIGURES):
        assert words in page
