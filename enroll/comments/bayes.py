"""A small naive Bayes classifier: words counted in what moderators decided, each with its share. Pure.

The shares are combined as Robinson proposed (“A statistical approach to the spam problem”, 2003),
with Fisher's method. It is silent until it has seen enough of both kinds.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ENOUGH = 25  # comments of each kind, before it says anything
STRENGTH, ASSUMED = 0.45, 0.5  # what an unknown word counts: so much, half spam
TELLING = 0.1  # words nearer to undecided than this are left out
MOST_WORDS = 40  # the most telling ones
LONGEST = 40  # letters of a word, of a pair of words
BEGINNING = 6  # letters that longer words also count by: endings differ, and examples are few
MOST_TOKENS = 600

# Letters with their marks; Indic vowel signs and joiners belong to the word.
_WORD = re.compile(
    r"(?:[^\W\d_]|[\u0300-\u036f\u064b-\u065f\u0900-\u0963\u0970-\u0df3\u200c\u200d])+"
)
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff\u3040-\u30ff]")
_ADDRESS = re.compile(r"[@/]|\S\.\w{2}")  # somewhere in a piece between two spaces
_DIGIT = re.compile(r"\d")  # of any script: some stand among the marks that belong to words

# Money, shares, shouts and questions, whatever the amount and the currency; many pictures.
_SIGNS = {
    "¤": re.compile(r"[$€£₹₽¥₦৳元块]|\b(?:rs|inr|usdt?|eur|euros?|dollars?|руб\w{0,4})\b|रुपये|रु\b"),
    "%": re.compile("[%٪]"),
    "!!": re.compile(r"!\s?!"),
    "?": re.compile("[?؟]"),
}
_PICTURES = "☺☺"


@dataclass(frozen=True)
class WordCounts:
    """How many comments were learnt from, and in how many of each kind these words stood."""

    honest_texts: int
    spam_texts: int
    words: Mapping[str, tuple[int, int]]  # word → (honest, spam)


@dataclass(frozen=True)
class Opinion:
    """How likely spam, from 0 to 1, and the words that say so: positive for spam."""

    chance: float
    words: tuple[tuple[str, float], ...]


def tokens(text: str) -> list[str]:
    """The different words of a text, the beginnings of long ones (“begin…”), its pairs of words and
    what signs it has, folded, in the order they come.

    Chinese and Japanese, which set no spaces, in pairs of characters. Numbers, addresses and links
    are left out: they say who wrote it, not what it is about.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u200b", "")
    words: list[str] = []
    bare = " ".join(piece for piece in folded.split() if not _ADDRESS.search(piece))
    for found in _WORD.findall(_DIGIT.sub(" ", bare)):
        words += _cut(found)
    pairs = [f"{one} {other}" for one, other in zip(words, words[1:], strict=False)]
    begun = [f"{word[:BEGINNING]}…" for word in words if len(word) > BEGINNING]
    kept = [*_signs(folded), *words, *begun, *pairs]
    return list(dict.fromkeys(kept))[:MOST_TOKENS]


def _signs(folded: str) -> list[str]:
    found = [sign for sign, pattern in _SIGNS.items() if pattern.search(folded)]
    pictures = sum(unicodedata.category(one) == "So" for one in folded)
    return [*found, _PICTURES] if pictures > 1 else found


def _cut(word: str) -> Iterable[str]:
    """A word as it is; ideographs two by two."""
    if not _IDEOGRAPH.search(word):
        return [word[:LONGEST]]
    return [word[at : at + 2] for at in range(max(1, len(word) - 1))]


def opinion(words: Iterable[str], counts: WordCounts) -> Opinion | None:
    """What was learnt says about a text of these words; `None` while it has not seen enough."""
    if min(counts.honest_texts, counts.spam_texts) < ENOUGH:
        return None
    shares = [(word, _share(*counts.words[word], counts)) for word in words if word in counts.words]
    telling = sorted(
        ((word, share) for word, share in shares if abs(share - 0.5) >= TELLING),
        key=lambda one: (-abs(one[1] - 0.5), one[0]),
    )[:MOST_WORDS]
    if not telling:
        return None
    spam = _fisher([1 - share for _word, share in telling])
    honest = _fisher([share for _word, share in telling])
    weights = tuple((word, math.log(share / (1 - share))) for word, share in telling)
    return Opinion((1 + honest - spam) / 2, weights)


def _share(honest: int, spam: int, counts: WordCounts) -> float:
    """How much spam there is among the comments with this word, were both kinds equally common."""
    often_honest, often_spam = honest / counts.honest_texts, spam / counts.spam_texts
    raw = often_spam / (often_spam + often_honest)
    seen = honest + spam
    return (STRENGTH * ASSUMED + seen * raw) / (STRENGTH + seen)


def _fisher(shares: list[float]) -> float:
    """The chance that shares so small come together by accident (Fisher's method)."""
    half = -sum(math.log(share) for share in shares)
    term = total = math.exp(-half)
    for number in range(1, len(shares)):
        term *= half / number
        total += term
    return min(total, 1.0)
