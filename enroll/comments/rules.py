"""The rules: each looks at a comment and its circumstances and says what it finds; all of them run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from enroll.comments.bayes import opinion, tokens
from enroll.comments.evidence import Circumstances, Finding, FormToken
from enroll.comments.folding import fold
from enroll.comments.languages import language
from enroll.comments.spotting import spot_contacts, spot_links
from enroll.comments.words import HINTS

Rule = Callable[[Circumstances], Finding | None]
MANY_HINTS = 2  # different ones; chosen on the even half of the tests' corpus
MOST_SHOWN = 10  # matches that are kept with a finding

# The ways a text is read for listed words: (leet, joined), see `fold`.
_READINGS = ((False, False), (True, False), (True, True))
_OFFICES = frozenset(
    fold(word, leet=True).text
    for word in (
        "team",
        "support",
        "admin",
        "official",
        "staff",
        "office",
        "helpdesk",
        "admissions",
        "care",
    )
)


def links(c: Circumstances) -> Finding | None:
    """Addresses of other sites, also dressed up; the more, the worse."""
    found = [_piece(c.body, *span) for span in spot_links(c.body)]
    if not found:
        return None
    weight = 1.5 + min(len(found) - 1, 3)
    return Finding("links", weight, True, {"count": len(found), "matches": found[:MOST_SHOWN]})


def listed(c: Circumstances) -> Finding | None:
    """Words of the institute's list, read through disguises; where they stand in the text."""
    found = [_piece(c.body, *span) for span in _spans(c.body, c.listed_words)]
    if not found:
        return None
    weight = min(1.0 + 0.75 * (len(found) - 1), 4.0)
    return Finding("words", weight, True, {"count": len(found), "matches": found[:MOST_SHOWN]})


def hints(c: Circumstances) -> Finding | None:
    """Words that honest people say, too, but hardly so many different ones in one comment."""
    found = [_piece(c.body, *span) for span in _spans(c.body, HINTS)]
    different = {fold(one["text"]).text for one in found}
    if len(different) < MANY_HINTS:
        return None
    weight = min(0.5 * len(different), 2.0)
    return Finding("hints", weight, True, {"count": len(different), "matches": found[:MOST_SHOWN]})


def contacts(c: Circumstances) -> Finding | None:
    """Telephone numbers, e-mail addresses and names in messengers: private, or bait."""
    found = [_piece(c.body, *span) for span in spot_contacts(c.body)]
    if not found:
        return None
    return Finding("contacts", 1.5, True, {"count": len(found), "matches": found[:MOST_SHOWN]})


def duplicate(c: Circumstances) -> Finding | None:
    """The same was said before, here or elsewhere."""
    if not c.same_text:
        return None
    return Finding("duplicate", min(1.0 + c.same_text, 5.0), True, {"count": c.same_text})


def too_fast(c: Circumstances) -> Finding | None:
    """Sent sooner than the words can be typed; forms older than their ticket say nothing here."""
    seconds = 0.0 if c.form is FormToken.EARLY and c.seconds is None else c.seconds
    if seconds is None or c.form not in (FormToken.FRESH, FormToken.EARLY):
        return None
    fastest = max(
        3.0, len(c.body) / 60
    )  # characters a second nobody types; pasting is allowed some
    if seconds >= min(fastest, 10.0):
        return None
    return Finding("too_fast", 2.0, True, {"seconds": round(seconds, 1), "letters": len(c.body)})


def trap(c: Circumstances) -> Finding | None:
    """A field was filled that nobody sees."""
    return Finding("trap", 4.0, True, {}) if c.trap_filled else None


def form(c: Circumstances) -> Finding | None:
    """The form's ticket is not a fresh one."""
    weights = {FormToken.OLD: 0.5, FormToken.REPLAYED: 2.0, FormToken.MISSING: 2.0}
    if c.form in (FormToken.FRESH, FormToken.EARLY):
        return None
    return Finding("form", weights.get(c.form, 3.0), True, {"form": c.form.value})


def turned_down(c: Circumstances) -> Finding | None:
    """Comments from this address or network were turned down lately."""
    if not (c.address_turned_down or c.network_turned_down):
        return None
    weight = min(c.address_turned_down, 3) + min(c.network_turned_down, 3) * 0.5
    facts = {"address": c.address_turned_down, "network": c.network_turned_down}
    return Finding("turned_down", weight, True, facts)


def crowd(c: Circumstances) -> Finding | None:
    """One network sends more than a family or a class would."""
    if c.network_lately <= 10:
        return None
    return Finding("crowd", min(c.network_lately / 10, 3.0), True, {"count": c.network_lately})


def foreign(c: Circumstances) -> Finding | None:
    """Written in a language the institute does not list as welcome; welcome ones weigh nothing."""
    code = language(c.body)
    if code is None or code in c.welcome:
        return None
    return Finding("language", 1.0, True, {"language": code})


def reserved(c: Circumstances) -> Finding | None:
    """Somebody calls themselves as the institute, as one of its offices or as one who works here."""
    words = fold(c.name, leet=True).text.split()
    for kept in c.reserved_names:
        theirs = fold(kept, leet=True).text.split()
        if theirs and _pretends(words, theirs):
            return Finding("reserved_name", 1.0, True, {"name": kept})
    return None


def _pretends(words: list[str], kept: list[str]) -> bool:
    """The whole name, in any order, with anything beside it; or its first word with an office's."""
    bare, whole = "".join(words), "".join(kept)
    if bare == whole or (len(whole) >= 12 and whole in bare):
        return True
    if len(whole) > 5 and set(kept) <= set(words):  # Natasha Rao is not Asha Rao
        return True
    return len(kept[0]) >= 5 and kept[0] in words and bool(_OFFICES & set(words))


def learnt(c: Circumstances) -> Finding | None:
    """What the classifier learnt from the moderators; it may hold, never more."""
    found = opinion(tokens(c.body), c.counts)
    if found is None or found.chance < HOLD_FROM or len(found.words) < FEWEST:
        return None
    words = [[word, round(weight, 1)] for word, weight in found.words[:6]]
    weight = round((found.chance - HOLD_FROM) / (1 - HOLD_FROM) * 3 + 0.5, 1)
    return Finding("learnt", weight, True, {"chance": round(found.chance, 2), "words": words})


# Chosen by cross-validation within the even half of the tests' corpus, where the classifier alone then
# holds one honest comment in thirty and two spams in five. With fewer words, “thanks!” is held.
HOLD_FROM, FEWEST = 0.65, 5

RULES: tuple[Rule, ...] = (
    links,
    listed,
    hints,
    contacts,
    duplicate,
    too_fast,
    trap,
    form,
    turned_down,
    crowd,
    foreign,
    reserved,
    learnt,
)


def judge(circumstances: Circumstances) -> tuple[Finding, ...]:
    """What all the rules find."""
    return tuple(found for rule in RULES if (found := rule(circumstances)) is not None)


def _piece(text: str, begin: int, end: int) -> dict[str, Any]:
    return {"text": text[begin:end], "begin": begin, "end": end}


def _spans(body: str, words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where these words stand, however they are dressed up."""
    spans: set[tuple[int, int]] = set()
    for leet, joined in _READINGS:
        pattern = _listed(words, leet)
        if pattern is not None:
            folded = fold(body, leet=leet, joined=joined)
            spans |= {folded.span(*match.span()) for match in pattern.finditer(folded.text)}
    return _apart(spans)


def _apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The widest of those that overlap: one word read in several ways is one word."""
    kept: list[tuple[int, int]] = []
    for begin, end in sorted(spans, key=lambda one: (one[0], -one[1])):
        if not kept or begin >= kept[-1][1]:
            kept.append((begin, end))
    return kept


@lru_cache(8)
def _listed(words: tuple[str, ...], leet: bool) -> re.Pattern[str] | None:
    """One pattern for the whole list, over folded text."""
    spaced: list[str] = []
    unspaced: list[str] = []  # scripts that set no spaces have no word boundaries
    for word in words:
        text = fold(word).text
        if text:
            (unspaced if _sets_no_spaces(text) else spaced).append(_phrase(word, leet))
    # One look behind for all: tried at the beginnings of words only, which is what makes it quick.
    parts = [rf"(?<!\S)(?:{_either(spaced)})(?!\S)"] if spaced else []
    parts += [_either(unspaced)] if unspaced else []
    return re.compile("|".join(parts)) if parts else None


def _either(patterns: list[str]) -> str:
    return "|".join(sorted(patterns, key=len, reverse=True))


def _phrase(listed: str, leet: bool) -> str:
    """The pattern of one phrase, over folded text, where all that is no space belongs to a word."""
    pattern = ""
    for word in listed.split():
        text = re.escape(fold(word, leet=leet).text).replace(r"\ ", " ")
        pattern += (" " if pattern and text else "") + text + (r"\S*" if word.endswith("*") else "")
    return pattern


def _sets_no_spaces(text: str) -> bool:
    return "\u3040" <= text[0] <= "\u9fff"
