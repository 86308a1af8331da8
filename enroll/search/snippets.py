"""The few words around what was found, as pieces that a template escapes and marks. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from enroll.search.words import Token, Word, tokens

LENGTH = 220  # characters of a snippet, more or less: words are not cut
MOST = 200  # places in one text that are compared
BEFORE = 60  # characters before the first word that was found

_SPACE = "\u00a0"  # no line begins with the dots alone


class Piece(NamedTuple):
    """A stretch of text; `is_match`: it is what was looked for."""

    text: str
    is_match: bool


def snippet(text: str, words: Sequence[Word]) -> Sequence[Piece]:
    """The stretch of the text that holds most of the words; its beginning if it holds none."""
    text = " ".join(text.split())
    parts = list(tokens(text))
    matches = [(part, number) for part in parts if (number := _which(part, words)) is not None]
    begin, end = _window(text, parts, matches)
    pieces = [Piece(f"…{_SPACE}", False)] if begin else []
    at = begin
    for part, _ in matches:
        if begin <= part.begin and part.end <= end:
            pieces += [
                Piece(text[at : part.begin], False),
                Piece(text[part.begin : part.end], True),
            ]
            at = part.end
    pieces.append(Piece(text[at:end] + (f"{_SPACE}…" if end < len(text) else ""), False))
    return [piece for piece in pieces if piece.text]


def _which(part: Token, words: Sequence[Word]) -> int | None:
    """Which of the words this one is."""
    for number, word in enumerate(words):
        if part.word.stem == word.stem or part.word.folded == word.stem:
            return number
        if word.is_begun and part.word.folded.startswith(word.folded):
            return number
    return None


def _window(
    text: str, parts: Sequence[Token], matches: Sequence[tuple[Token, int]]
) -> tuple[int, int]:
    first = 0
    most = 0
    for part, _ in matches[:MOST]:
        stop = part.begin + LENGTH - BEFORE
        held = len({number for other, number in matches[:MOST] if part.begin <= other.begin < stop})
        if held > most:
            first, most = part.begin, held
    early = first - BEFORE
    begin = next(part.begin for part in parts if part.begin >= early) if early > 0 else 0
    if len(text) <= begin + LENGTH:
        return begin, len(text)
    ends = [part.end for part in parts if begin < part.end <= begin + LENGTH]
    return begin, ends[-1] if ends else begin + LENGTH
