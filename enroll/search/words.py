"""Words as both databases keep and seek them: cut from a text, folded, reduced to their stems."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple

LONGEST = 40  # letters of a word that count
MOST_ASKED = 8  # words of a question that count
LONGEST_QUESTION = 400  # characters of a question that are read

# C++ and C# are words here. Letters of Indic scripts carry marks that `\w` does not know.
_WORD = re.compile(
    r"(?:[^\W_]|[\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0900-\u0963\u0966-\u0df3\u0e31-\u0e4e])+"
    r"(?:\+\+|#)?"
)
_SPELT = {"++": "plusplus", "#": "sharp"}
_UNSEEKABLE = re.compile(r"[\0\ud800-\udfff]")  # what PostgreSQL cannot hold
# Words of a question that say nothing about what is sought.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be become by can do does for from how i in is it me my of on or that the"
        " there this to want was we what when where which who will with you your",
    )
)

_one_at_a_time = threading.Lock()  # the stemmer keeps the word it works on


class Word(NamedTuple):
    """A word as people typed it, folded, and the stem under which it is found."""

    folded: str
    stem: str
    is_begun: bool = False  # the last one of a question may still be half typed


class Token(NamedTuple):
    """A word where it stands in a text."""

    begin: int
    end: int
    word: Word


def clean(text: str) -> str:
    """The text without what a database cannot hold; words stay apart."""
    return _UNSEEKABLE.sub(" ", text)


def tokens(text: str) -> Iterator[Token]:
    """The words of a text, in order."""
    for found in _WORD.finditer(text):
        word = _word(found.group())
        if word.folded:
            yield Token(found.start(), found.end(), word)


@cache
def _english() -> Any:
    # Only where words are cut: importing it reads the stemmers of thirty languages, which was a
    # fifteenth of the time every command takes to start.
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@lru_cache(20_000)
def _word(typed: str) -> Word:
    for sign, letters in _SPELT.items():
        typed = typed.replace(sign, letters)
    # Letters without their accents, and ß like ss; what a letter falls apart into must be letters.
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", typed).casefold())
    folded = "".join(one for one in bare if _is_letter(one))[:LONGEST]
    with _one_at_a_time:
        return Word(folded, _english().stemWord(folded))


def spelt(word: Word) -> str:
    """The word as people write it."""
    for sign, letters in _SPELT.items():
        if word.folded.endswith(letters):
            return word.folded.removesuffix(letters) + sign
    return word.folded


def _is_letter(character: str) -> bool:
    if "\u0300" <= character <= "\u036f":  # accents
        return False
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def lined_up(text: str) -> str:
    """The stems of a text, each followed by its word where that differs, with spaces around."""
    line = [
        name
        for token in tokens(text)
        for name in dict.fromkeys((token.word.stem, token.word.folded))
    ]
    return f" {' '.join(line)} " if line else ""


def vocabulary(*texts: str) -> dict[str, str]:
    """The words of these texts, each with its stem."""
    return {token.word.folded: token.word.stem for text in texts for token in tokens(text)}


def asked(question: str) -> tuple[Word, ...]:
    """The words of a question that are sought; the last may be the beginning of one."""
    text = question[:LONGEST_QUESTION]
    found = list(dict.fromkeys(token.word for token in tokens(text)))
    kept = [word for word in found if word.folded not in _EMPTY] or found
    kept = kept[:MOST_ASKED]
    if kept and kept[-1] == found[-1]:
        kept[-1] = kept[-1]._replace(is_begun=len(kept[-1].folded) > 1)
    return tuple(kept)
