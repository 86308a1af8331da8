"""The small part of CommonMark that comments know: nothing lost, nothing clickable that should not be."""

from __future__ import annotations

import html
import random
import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enroll.comments.markup import to_html, to_mail, to_text
from tests.comments.attacks import KNOWN, PIECES


def words(markup: object) -> str:
    """What a reader reads."""
    return html.unescape(re.sub(r"<[^>]*>", "", str(markup)))


LINK = '<a href="{0}" rel="nofollow ugc noopener">{1}</a>'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("**a** *b* `c`", "<strong>a</strong> <em>b</em> <code>c</code>"),
        ("one\ntwo", "one<br>\ntwo"),
        ("- a\n- b", "<li>a</li>"),
        ("> said", "<blockquote>"),
        ("```py\nx < y\n```", "<pre><code>x &lt; y"),
        ("5. Your fifth question", '<ol start="5">\n<li>Your fifth question</li>'),
        ("# not a heading", "<p># not a heading</p>"),
        ("a\n===", "==="),
        ("so\n------\n**bold**", "so<br>\n------<br>\n<strong>bold</strong>"),
        ("Thanks!!!!!!!!!!!!!! **So** good", "<strong>So</strong>"),
        ("![a](https://example.org/a.png)", "!<a "),
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        # Links
        ("[a](https://example.org)", LINK.format("https://example.org", "a")),
        ("[a](https://example.org 'More')", LINK.format("https://example.org", "a")),
        ("<who@example.org>", LINK.format("mailto:who@example.org", "who@example.org")),
        ("https://example.org", "<p>https://example.org</p>"),
        ("[a](/courses)", "<p>[a](/courses)</p>"),
        ("[a](tel:12345)", "<p>[a](tel:12345)</p>"),
        ("[a](https://example.org:999999)", "<p>[a](https://example.org:999999)</p>"),
        ("so [*a*]() so", "<p>so [<em>a</em>]() so</p>"),
        ("[a](https:example.org)", "<p>[a](https:example.org)</p>"),
        ("[a](javascript:alert)", "<p>[a](javascript:alert)</p>"),
        # Nobody sees the words of these; the moderator must.
        ("[](https://example.org)", LINK.format("https://example.org", "https://example.org")),
        ("[&#8203;](https://example.org)", ">https://example.org</a>"),
        ("[**\u3164**](https://example.org)", ">https://example.org</a>"),
    ],
)
def test_what_comments_know(text: str, wanted: str) -> None:
    assert wanted in to_html(text)


@pytest.mark.parametrize(
    "text",
    [
        "abc\u202etxt.exe\u2066",
        "abc&#x202e;txt&#8294;",
        "&RightToLeftMark;\u2066",
        "<https://example.org/%E2%80%AEcod.exe>",
        "`&#x202e;\u202e`\n\n    \u202e",
        "\\\u202e[\u202ea](https://example.org/\u202e)",
        "pa\u200byday lo\u2060ans\ufeff",
        "\x01\x0b\x85\ufffe\uffff" + "!" * 20,
        "- " * 50 + "\u202e\x01",
    ],
)
def test_nothing_unseen_turns_or_hides_what_people_read(text: str) -> None:
    for drawn in (to_html(text), to_mail(text), to_text(text)):
        assert not re.search(
            "[\x00-\x08\x0b\x85\u200b\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff]",
            str(drawn),
        )


def test_joiners_stay_because_scripts_need_them() -> None:
    for text in ("क्\u200dष", "می\u200cخواهم", "👩\u200d💻"):
        assert text in to_html(text)
        assert to_text(text) == text


def test_a_letter_keeps_the_words_of_a_link() -> None:
    assert to_mail("[our shop](https://example.org)") == "<p>our shop</p>\n"
    assert to_mail("![our shop](https://example.org/a.png)") == "<p>!our shop</p>\n"


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
    "> ```\n'\n",
    ">>>>> ```\n'\n",
    ">     a\nb\n",
    "- > ```\n'\n",
    "[^[",
    "1. \n- *\t",
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


@pytest.mark.parametrize("piece", BOMBS)
def test_a_bomb_is_drawn_whatever_its_size(piece: str) -> None:
    """No RecursionError, in the parser or in the cleaner: an import takes texts of any length."""
    assert to_html((piece * 20_000)[:20_000] + "*a " * 2_000 + "b* " * 2_000)


def test_stairs_of_lists_and_quotes_lose_no_word() -> None:
    for before in ("", "> ", "> > "):
        for mark in ("-", "1.", "- >"):
            text = "\n".join(f"{before}{' ' * 2 * n}{mark} w{n}x" for n in range(60))
            assert all(f"w{n}x" in words(to_html(text)) for n in range(60))


class Seen(HTMLParser):
    """Elements with their attributes, in the order they stand."""

    def __init__(self, markup: object) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(str(markup))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


PLAIN = {
    (tag, ()) for tag in ["p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "code", "pre"]
}
LETTER = PLAIN | {("ol", ("start",))}
PAGE = LETTER | {("a", ("href", "rel"))}


@given(text=st.text(max_size=400) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_text_is_drawn_with_nothing_but_what_comments_know(text: str) -> None:
    assert set(Seen(to_html(text)).found) <= PAGE
    assert set(Seen(to_mail(text)).found) <= LETTER
    assert len(to_text(text)) <= len(text)


def test_no_letters_of_an_attack_are_lost_either() -> None:
    for text in KNOWN:
        if text.isascii() and not re.search(
            r"[\[\]&\\`*_~]|^\s|^>|^-|<https:|<javascript:|<data:|<x@", text
        ):
            read = words(to_html(text))
            assert re.sub(r"\s", "", read) == re.sub(r"\s", "", text), text
