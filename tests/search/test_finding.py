"""What is found, in which order, and how the place is shown: on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enroll import clock
from enroll.db import atomically
from enroll.search.filling import Entry, drop, put
from enroll.search.finding import Results, find
from enroll.search.kinds import Found
from enroll.search.words import tokens

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=300)
ON_ONE_DATABASE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def entry(key: str, title: str, body: str = "", **more: object) -> Entry:
    given = {"kind": Found.COURSE, "address": f"/courses/{key}"} | more
    return Entry(key=key, title=title, body=body, **given)


def fill(*entries: Entry) -> None:
    atomically(put, *entries)


def found(question: str) -> list[str]:
    return [hit.title for hit in find(question, now=clock.now()).hits]


def marked(results: Results) -> list[str]:
    return [piece.text for piece in results.hits[0].snippet if piece.is_match]


# ---------------------------------------------------------------- which, and in which order


def test_a_word_in_the_title_comes_before_one_in_the_body(app: Flask) -> None:
    fill(
        entry("a", "Cooking", "Python python python python, and python."),
        entry("b", "Python for cooks", "Something to eat."),
        entry("c", "Gardening", "No snakes here."),
    )
    assert found("python") == ["Python for cooks", "Cooking"]


def test_the_shorter_title_comes_first_and_the_weightier_kind_before_that(app: Flask) -> None:
    fill(
        entry("a", "Python for people who sell"),
        entry("b", "Python for cooks"),
        entry("c", "Python, a way into work and life", kind=Found.GUIDE),
    )
    assert found("python") == [
        "Python, a way into work and life",
        "Python for cooks",
        "Python for people who sell",
    ]


def test_what_holds_a_word_more_often_comes_first(app: Flask) -> None:
    fill(entry("a", "One", "A graph."), entry("b", "Two and more", "A graph, a graph, a graph."))
    assert found("graph") == ["Two and more", "One"]


def test_every_word_must_be_there(app: Flask) -> None:
    fill(entry("a", "Red wine"), entry("b", "Red bread"))
    results = find("red wine", now=clock.now())
    assert [hit.title for hit in results.hits] == ["Red wine"]
    assert not results.some_only


def test_where_no_page_holds_all_words_those_with_most_come_first(app: Flask) -> None:
    fill(entry("a", "Red wine", "Green."), entry("b", "Blue bread", "Green apples."))
    results = find("blue green wine bread", now=clock.now())
    assert results.some_only
    assert [hit.title for hit in results.hits] == ["Blue bread", "Red wine"]


@pytest.mark.parametrize(
    "question",
    ["models", "model", "modelling", "MODEL", "mod", "modell", "the model", "what is a model?"],
)
def test_other_forms_and_beginnings_of_a_word_are_found(app: Flask, question: str) -> None:
    fill(entry("a", "Modelling"), entry("b", "Gardening"))
    assert found(question) == ["Modelling"]


def test_only_the_last_word_may_be_half_typed(app: Flask) -> None:
    fill(entry("a", "Python programs"))
    assert find("python prog", now=clock.now()).total == 1
    results = find("pro python", now=clock.now())
    assert results.total == 0 or results.some_only


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Zürich und Größe", "zurich grosse"),
        ("Crème brûlée", "creme brulee"),
        ("हिन्दी में पाठ्यक्रम", "हिन्दी"),
        ("דוגמה בעברית", "בעברית"),
        ("C++ and C# by hand", "c++"),
        ("C++ and C# by hand", "C#"),
        ("scikit-learn, in use", "scikit learn"),
        ("Node.js", "node.js"),
    ],
)
def test_words_of_many_kinds_are_found(app: Flask, text: str, question: str) -> None:
    fill(entry("a", "First", text), entry("b", "Second", "Something else."))
    assert found(question) == ["First"]


def test_c_plus_plus_is_not_c(app: Flask) -> None:
    fill(entry("a", "C"), entry("b", "C++"))
    assert found("c") == ["C"]
    assert found("c++") == ["C++"]
    fill(entry("c", "Python beside C++"))
    assert find("C++ pyhton", now=clock.now()).instead == "c++ python"


def test_words_of_the_question_that_say_nothing_are_passed_over(app: Flask) -> None:
    fill(entry("a", "Engineer"))
    assert found("how do I become an engineer") == ["Engineer"]
    fill(entry("b", "How to"))
    assert found("how to") == ["How to"]


def test_pages_are_cut_from_one_list(app: Flask) -> None:
    fill(*(entry(f"k{n:02}", f"Python {n:02}") for n in range(45)))
    pages = [find("python", now=clock.now(), start=start) for start in (0, 20, 40, 60)]
    assert [len(page.hits) for page in pages] == [20, 20, 5, 0]
    assert {page.total for page in pages} == {45}
    titles = [hit.title for page in pages for hit in page.hits]
    assert titles == sorted(titles)


def test_until_a_moment_and_not_after(app: Flask, now: datetime) -> None:
    fill(entry("a", "Evening", until=now + timedelta(hours=1)))
    assert find("evening", now=now).total == 1
    assert find("evening", now=now + timedelta(hours=1)).total == 0


# ---------------------------------------------------------------- typing errors


@pytest.mark.parametrize("question", ["pyhton", "pythn", "pythoon", "pythen", "Pyhton!", "pythonn"])
def test_a_typing_error_is_forgiven_and_told(app: Flask, question: str) -> None:
    fill(entry("a", "Python"), entry("b", "Gardening"))
    results = find(question, now=clock.now())
    assert [hit.title for hit in results.hits] == ["Python"]
    assert results.instead == "python"
    assert find("python", now=clock.now()).instead == ""


def test_two_letters_are_forgiven_in_a_long_word_and_none_in_a_short_one(app: Flask) -> None:
    fill(entry("a", "Regularisation"), entry("b", "Git"), entry("c", "Data"))
    assert found("reglarizasion") == []
    assert found("regularizatoin") == ["Regularisation"]
    assert found("gti") == []
    assert found("dtaa") == ["Data"]
    assert found("dxxa") == []


def test_of_two_as_near_the_one_most_used_is_taken(app: Flask) -> None:
    fill(entry("a", "Pandas"), entry("b", "Panels"), entry("c", "Panels too", "More panels."))
    assert find("pannas", now=clock.now()).instead == "pandas"
    fill(entry("d", "Bonda"), entry("e", "Honda"), entry("f", "Honda again"))
    assert find("zonda", now=clock.now()).instead == "honda"


def test_a_word_that_left_is_not_proposed(app: Flask) -> None:
    fill(entry("a", "Python"), entry("b", "Python too"))
    atomically(drop, Found.COURSE, "a")
    assert find("pyhton", now=clock.now()).instead == "python"
    fill(entry("b", "Julia"))
    assert find("pyhton", now=clock.now()).instead == ""
    assert found("jluia") == ["Julia"]


# ---------------------------------------------------------------- the snippet


def test_the_snippet_shows_and_marks_the_place(app: Flask) -> None:
    body = f"{'Before it. ' * 40}Here stand two models, and a <b>modelled</b> one. {'After. ' * 60}"
    fill(entry("a", "Title", body))
    results = find("model", now=clock.now())
    assert marked(results) == ["models", "modelled"]
    text = "".join(piece.text for piece in results.hits[0].snippet)
    assert text.startswith("…")
    assert text.endswith("…")
    assert text.strip("…\u00a0") in body
    assert len(text) < 250


def test_the_snippet_prefers_the_place_that_holds_most_words(app: Flask) -> None:
    fill(entry("a", "Title", f"Red. {'Nothing. ' * 60}Red and blue. {'Nothing. ' * 60}"))
    assert marked(find("blue red", now=clock.now())) == ["Red", "blue"]


def test_without_the_word_in_the_body_the_snippet_is_its_beginning(app: Flask) -> None:
    fill(entry("a", "Python", "First words. " * 50))
    snippet = find("python", now=clock.now()).hits[0].snippet
    assert len(snippet) == 1
    assert snippet[0].text.startswith("First words.")


# ---------------------------------------------------------------- anything may be asked


@pytest.mark.parametrize(
    "question",
    [
        "",
        "   ",
        '"',
        "'",
        "python'",
        '"python" AND (',
        "title_words:python",
        "python* NEAR(x, 2)",
        "-python",
        "python | !snake & <->",
        "python:*",
        "%",
        "_",
        "\\",
        "\0",
        "py\0thon",
        "\ud800",
        "😀🎉",
        "?!…",
        "\u202epython",
        "x" * 10_000,
        "python " * 2_000,
        "'; DROP TABLE search_entry; --",
        "ﷺ ½ ² ㎏ İ",
    ],
)
def test_no_question_breaks_anything(app: Flask, question: str) -> None:
    fill(entry("a", "Python"), entry("b", "% of _ all \\"))
    results = find(question, now=clock.now())
    assert len(results.hits) == results.total
    assert found("python") == ["Python"]


@ON_ONE_DATABASE
@given(question=ANYTHING)
def test_any_text_may_be_asked(app: Flask, question: str) -> None:
    results = find(question, now=clock.now())
    assert results.total == 0


@ON_ONE_DATABASE
@given(title=ANYTHING, body=ANYTHING)
def test_any_text_is_found_by_its_own_words(app: Flask, title: str, body: str) -> None:
    fill(entry("a", title, body))
    for text in (title, body):
        for token in list(tokens(text))[:5]:
            results = find(text[token.begin : token.end], now=clock.now())
            assert results.total == 1
            assert results.instead == ""
            assert bool(results.hits[0].snippet) == bool("".join(body.split()).strip("\0"))
