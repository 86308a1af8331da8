"""The small part of CommonMark that comments know: nothing lost, nothing clickable that should not be."""

from __future__ import annotations

import html
import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enroll.comments.markup import to_html, to_mail, to_text
from tests.comments.attacks import KNOWN


def words(markup: object) -> str:
    """What a reader reads."""
    return html.unescape(re.sub(r"<[^>]*>", "", str(markup)))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("**a** *b* `c`", "<strong>a</strong> <em>b</em> <code>c</code>"),
        ("one\ntwo", "one<br>\ntwo"),
        ("- a\n- b", "<li>a</li>"),
        ("> said", "<blockquote>"),
        ("```\nx < y\n```", "<pre><code>x &lt; y"),
        (
            "[a](https://example.org)",
            '<a href="https://example.org" rel="nofollow ugc noopener">a</a>',
        ),
        ("# not a heading", "<p># not a heading</p>"),
        ("a\n===", "==="),
        ("![a](https://example.org/a.png)", "!<a "),
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        ("https://example.org", "<p>https://example.org</p>"),
    ],
)
def test_what_comments_know(text: str, wanted: str) -> None:
    assert wanted in to_html(text)


def test_nothing_turns_the_direction_of_what_follows() -> None:
    text = "abc\u202etxt.exe\u2066"
    for drawn in (to_html(text), to_mail(text), to_text(text)):
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", str(drawn))


def test_no_word_is_lost_however_deep_it_stands() -> None:
    chance = random.Random(1)  # noqa: S311 - guards nothing
    for _ in range(600):
        lines, indent = [], 0
        for number in range(chance.randint(1, 60)):
            indent = max(0, min(40, indent + chance.choice([-2, 0, 1, 2, 3, 4])))
            marks = " ".join(chance.choices(["-", ">", "1.", "*", ""], k=chance.randint(0, 5)))
            lines.append(
                f"{' ' * indent}{marks} w{number}x{chance.choice(['', ' **b*', ' `c', chr(9)])}"
            )
        read = words(to_html("\n".join(lines)))
        assert [number for number in range(len(lines)) if f"w{number}x" not in read] == []


BOMBS = [
    ">",
    "*",
    "[",
    "[a](",
    "*a_ ",
    "![[",
    "`",
    "<",
    "&",
    "- ",
    "a**b",
    "*a **b ",
    "[a](<",
    "\\",
    "1) ",
    "_a __b ",
    "- a\n",
    ">a\n",
    "a\n>",
    "``a`",
    "](",
]


@pytest.mark.parametrize("piece", BOMBS)
def test_twice_the_text_takes_no_more_than_a_few_times_as_long(piece: str) -> None:
    def seconds(length: int) -> float:
        best = float("inf")
        for number in range(3):
            text = (piece * length)[:length] + str(number)  # never out of the cache
            began = time.perf_counter()
            to_html(text)
            best = min(best, time.perf_counter() - began)
        return best

    # Quadratic would be 16; a fixed sum keeps what takes no time at all from being compared.
    assert seconds(8000) < 12 * (seconds(2000) + 0.002)


@given(text=st.text(max_size=400))
def test_any_text_can_be_drawn(text: str) -> None:
    for drawn in (to_html(text), to_mail(text)):
        assert "<script" not in str(drawn).lower()
    to_text(text)


def test_no_letters_of_an_attack_are_lost_either() -> None:
    for text in KNOWN:
        if text.isascii() and not re.search(
            r"[\[\]&\\`*_~]|^\s|^>|^-|<https:|<javascript:|<data:|<x@", text
        ):
            read = words(to_html(text))
            assert re.sub(r"\s", "", read) == re.sub(r"\s", "", text), text
