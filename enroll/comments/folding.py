"""Reads text as a person would who is not to be fooled: without disguises, each letter's place kept. Pure."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

# Letters of other scripts, and small capitals, that look Latin.
_LOOKS = dict(
    zip(
        "аеорсухкмтвнзіјѕԁӏԛԝһցɡαορνκτιυεηωγʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢᴀ",
        "aeopcyxkmtbh3ijsdlqwhggaopvktiuenwybcdefghijklmnoprstuvwyza",
        strict=True,
    )
)
# Signs and digits that stand for letters. One, l, | and i are one letter: they cannot be told apart.
_LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"}
_LEET |= {"|": "i", "l": "i"}
# Letters in boxes and circles that Unicode does not take apart: black circle, black box, half a flag.
_BOXES = ((0x1F150, 26), (0x1F170, 26), (0x1F1E6, 26))
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,24});")
# What shows nothing, though Unicode does not call it a format character: fillers, variation selectors.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef"
    # Marks that are laid over any letter, accents, strokes, rings; Arabic vowels, which few write.
    "\u064b-\u065f\u0670\u0640\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
SINGLES = 4  # so many letters standing alone in a row are a word spaced out


class Folded(NamedTuple):
    """Folded text; its i-th character stood from `places[i]` to `ends[i]` in the original."""

    text: str
    places: list[int]
    ends: list[int]

    def span(self, begin: int, end: int) -> tuple[int, int]:
        """Where a piece of the folded text stands in the original."""
        return self.places[begin], self.ends[end - 1]


def plain(text: str) -> Folded:
    """The text with its signs, but full-width forms, foreign digits, entities and invisible
    characters written plainly: what links and numbers are looked for in."""
    letters: list[str] = []
    places: list[int] = []
    ends: list[int] = []
    for begin, end, character in _characters(text):
        for part in unicodedata.normalize("NFKC", character):
            digit = not part.isascii() and part.isdigit()
            letters.append(str(unicodedata.digit(part)) if digit else part)
            places.append(begin)
            ends.append(end)
    return Folded("".join(letters), places, ends)


def fold(text: str, *, leet: bool = False, joined: bool = False) -> Folded:
    """Lower case, without accents, look-alikes and invisible characters; runs of anything that is no
    letter or digit become one space.

    `leet` reads digits and signs as the letters they look like, in words that have a letter, and
    look-alikes also in words that are all foreign. `joined` drops signs within words instead
    (c.a.s.i.n.o) and closes up letters that stand alone (c a s i n o).
    """
    letters: list[str] = []
    places: list[int] = []
    ends: list[int] = []
    for word in _words(text):
        disguised = leet and any(part.isalpha() for _begin, _end, part in word)
        latin = disguised or any("a" <= part <= "z" for _begin, _end, part in word)
        for begin, end, part in [*word, (word[-1][1], word[-1][1] + 1, " ")]:
            folded = _LOOKS.get(part, part) if latin else part
            folded = _LEET.get(folded, folded) if disguised else folded
            if not (folded.isalnum() or unicodedata.category(folded) in ("Mc", "Mn")):
                if joined and folded != " ":
                    continue
                folded = " "
            if folded == " " and (not letters or letters[-1] == " "):
                continue
            letters.append(folded)
            places.append(begin)
            ends.append(end)
    found = Folded("".join(letters).removesuffix(" "), places, ends)
    found = Folded(found.text, places[: len(found.text)], ends[: len(found.text)])
    return _closed_up(found) if joined else found


def _words(text: str) -> Iterator[list[tuple[int, int, str]]]:
    """The text cut at white space; characters taken apart, marks dropped."""
    word: list[tuple[int, int, str]] = []
    for begin, end, character in _characters(text):
        boxed = _unboxed(character)
        for part in unicodedata.normalize("NFKD", boxed.casefold()).casefold():
            if part.isspace() and word:
                yield word
                word = []
            if not (part.isspace() or _BLANK.match(part)):
                word.append((begin, end, part))
    if word:
        yield word


def _characters(text: str) -> Iterator[tuple[int, int, str]]:
    """What a reader sees, with its place: entities decoded, invisible characters left out."""
    entities = {found.start(): found for found in _ENTITY.finditer(text)}
    place = 0
    while place < len(text):
        found = entities.get(place)
        end = found.end() if found else place + 1
        for character in html.unescape(text[place:end]) if found else text[place]:
            category = unicodedata.category(character)
            is_hidden = category in ("Cf", "Cs") or (category == "Cc" and not character.isspace())
            if not (is_hidden or _BLANK.match(character)):
                yield place, end, character
        place = end


def _unboxed(character: str) -> str:
    for first, number in _BOXES:
        if first <= ord(character) < first + number:
            return chr(ord("a") + ord(character) - first)
    return character


def _closed_up(folded: Folded) -> Folded:
    """Without the spaces between letters that stand alone, where many do."""
    dropped: set[int] = set()
    for run in re.finditer(rf"(?<!\S)\S(?: \S(?!\S)){{{SINGLES - 1},}}", folded.text):
        dropped.update(range(run.start() + 1, run.end(), 2))
    kept = [place for place in range(len(folded.text)) if place not in dropped]
    return Folded(
        "".join(folded.text[place] for place in kept),
        [folded.places[place] for place in kept],
        [folded.ends[place] for place in kept],
    )
