"""The labelled corpus, cut in two halves, and what the rules make of one after learning the other."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from enroll.comments import bayes
from enroll.comments.bayes import WordCounts
from enroll.comments.evidence import Circumstances, FormToken, holds, is_likely_spam
from enroll.comments.rules import judge
from enroll.comments.words import LISTED

FOLDER = Path(__file__).parent / "corpus"
LANGUAGES = ("en", "hi", "mr", "ta", "te", "bn", "de", "es", "ar", "ru", "zh")


class Labelled(NamedTuple):
    """One comment of the corpus. Off the subject is honest too: nobody's spam."""

    text: str
    name: str
    language: str
    kind: str
    is_spam: bool


class Judged(NamedTuple):
    """How many comments of one language were held, and how many honest ones shown as likely spam."""

    spam: int
    spam_held: int
    honest: int
    honest_held: int
    honest_ticked: int


def halves() -> tuple[list[Labelled], list[Labelled]]:
    """Lines with an even and with an odd number, of each file."""
    even: list[Labelled] = []
    odd: list[Labelled] = []
    for name in ("honest", "spam"):
        lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            row = json.loads(line)
            one = Labelled(row["text"], row["name"], row["language"], row["kind"], name == "spam")
            (odd if number % 2 else even).append(one)
    return even, odd


def fresh() -> list[Labelled]:
    """Spam written after the rules, by somebody who had not seen them."""
    lines = (FOLDER / "fresh_spam.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [Labelled(row["text"], row["name"], row["language"], row["kind"], True) for row in rows]


def learnt(texts: list[Labelled]) -> WordCounts:
    """What a classifier knows that has seen these decided."""
    honest: Counter[str] = Counter()
    spam: Counter[str] = Counter()
    for one in texts:
        (spam if one.is_spam else honest).update(set(bayes.tokens(one.text)))
    number = sum(one.is_spam for one in texts)
    words = {word: (honest[word], spam[word]) for word in honest.keys() | spam.keys()}
    return WordCounts(len(texts) - number, number, words)


def circumstances(one: Labelled, counts: WordCounts) -> Circumstances:
    """A trusted author in no hurry: only the words can speak against the comment."""
    return Circumstances(
        name=one.name,
        body=one.text,
        reserved_names=("Northlight Institute",),
        listed_words=LISTED,
        welcome=LANGUAGES,
        form=FormToken.FRESH,
        seconds=60.0,
        trap_filled=False,
        same_text=0,
        address_turned_down=0,
        network_turned_down=0,
        network_lately=1,
        counts=counts,
    )


def measure(known: list[Labelled], unknown: list[Labelled]) -> dict[str, Judged]:
    """Per language, and under `all`: what is held of the unknown after learning the known."""
    counts = learnt(known)
    tally: Counter[tuple[str, str]] = Counter()
    for one in unknown:
        kind = "spam" if one.is_spam else "honest"
        findings = judge(circumstances(one, counts))
        for language in (one.language, "all"):
            tally[language, kind] += 1
            tally[language, f"{kind}_held"] += holds(findings)
            tally[language, f"{kind}_ticked"] += is_likely_spam(findings)
    languages = sorted({language for language, _kind in tally})
    return {
        language: Judged(*(tally[language, field] for field in Judged._fields))
        for language in languages
    }
