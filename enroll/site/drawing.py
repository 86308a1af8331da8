"""Draws the pictures that a shared link is shown with: words on our ground, under our roof. Knows no page.

Drawn at twice the size and made smaller, so that edges are smooth. Long words wrap and shrink until all
of them fit; nothing is cut. Letters come from two fonts; what neither has (Devanagari, Arabic) would be
drawn wrong or as boxes, so such a text is left out and the plain words of the picture stand alone.
"""

from __future__ import annotations

from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

VENDOR = Path(__file__).parent.parent / "static" / "vendor"
FONTS = (VENDOR / "bricolage/bricolage-bold.woff2", VENDOR / "dejavu/dejavu-sans-bold.woff2")
SIZE = (1200, 630)  # what Facebook, WhatsApp and LinkedIn show uncut
TWICE = 2
MARGIN, ROOF, TILE = 72, 520, 220
CREAM, LAMP = "#f4f7f2", "#f6bd4b"


class Look(NamedTuple):
    """The institute's colours: the ground, and the quieter words on it."""

    ground: str = "#0d3f34"
    soft: str = "#c4d9cf"


class Day(NamedTuple):
    """A date as a leaf of a calendar."""

    month: str
    number: str
    year: str


class Words(NamedTuple):
    """What one picture says. `plain` is said where the letters of `title` cannot be drawn."""

    institute: str
    kind: str
    title: str
    plain: str
    below: tuple[str, ...] = ()
    day: Day | None = None
    look: Look = Look()


@lru_cache(64)
def draw(words: Words) -> bytes:
    """The picture as PNG. The last 64 are remembered: at some 30 kB each, two megabytes."""
    image = Image.new("RGB", (SIZE[0] * TWICE, SIZE[1] * TWICE), words.look.ground)
    pen = ImageDraw.Draw(image)
    _roof(pen)
    _head(pen, words)
    right = SIZE[0] - MARGIN
    if words.day and all(_font_for(one) for one in words.day):
        right -= TILE + 48
        _leaf(pen, words.day)
    _title(pen, words, right - MARGIN)
    small = image.resize(SIZE, Image.Resampling.LANCZOS).quantize(96, dither=Image.Dither.NONE)
    file = BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


def _title(pen: ImageDraw.ImageDraw, words: Words, width: int) -> None:
    """The kind, the title as large as it fits, and what is below it, hung in the middle of the space."""
    below = [one for one in words.below if _font_for(one)]
    room = ROOF - 150 - 40 - 46 * len(below) - (52 if words.kind else 0)
    path = _font_for(words.title)
    text = words.title if path else words.plain
    size, lines = _fitted(text, path or FONTS[0], width, room)
    top = 150 + (room - _height(size, len(lines))) // 2
    if words.kind and _font_for(words.kind):
        _write(pen, (MARGIN, top), words.kind, 34, LAMP)
        top += 52
    for line in lines:
        _write(pen, (MARGIN, top), line, size, CREAM, path or FONTS[0])
        top += _height(size, 1)
    top += 14
    for line in below:
        _write(pen, (MARGIN, top), line, _shrunk(line, 36, width), words.look.soft)
        top += 46


def _fitted(text: str, path: Path, width: int, room: int) -> tuple[int, list[str]]:
    """The largest size at which the words fit, and their lines; a word too long for a line is broken."""
    for size in range(104, 20, -4):
        lines = _wrapped(text, _font(path, size), width * TWICE)
        if _height(size, len(lines)) <= room:
            break
    return size, lines


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        lines += [""] if lines[-1] else []
        for letter in word:
            if font.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def _height(size: int, lines: int) -> int:
    return lines * size * 112 // 100


def _shrunk(text: str, size: int, width: int) -> int:
    """A size at which the words fit into one line."""
    path = _font_for(text) or FONTS[0]
    while size > 14 and _font(path, size).getlength(text) > width * TWICE:
        size -= 2
    return size


def _head(pen: ImageDraw.ImageDraw, words: Words) -> None:
    """The mark, a house with a lit window, and the institute's name."""
    x, y = MARGIN, 56
    house = [(0, 46), (0, 18), (18, 4), (18, 18), (36, 4), (36, 18), (54, 4), (54, 46)]
    pen.polygon([_twice(x + dx, y + dy) for dx, dy in house], CREAM)
    for dx in (8, 24, 40):
        _box(pen, (x + dx, y + 25, x + dx + 8, y + 35), LAMP)
    name = words.institute if _font_for(words.institute) else ""
    _write(pen, (x + 72, y + 10), name, _shrunk(name, 34, SIZE[0] - 2 * MARGIN - 72), CREAM)


def _roof(pen: ImageDraw.ImageDraw) -> None:
    """The saw-tooth roof of a workshop that lets the north light in; people are at work."""
    for x in range(0, SIZE[0], 100):
        pen.polygon(
            [_twice(*one) for one in ((x, ROOF + 60), (x + 100, ROOF), (x + 100, ROOF + 60))], CREAM
        )
    _box(pen, (0, ROOF + 60, SIZE[0], SIZE[1]), CREAM)
    for column in (0, 1, 3, 6, 7, 10):
        _box(pen, (column * 100 + 40, ROOF + 72, column * 100 + 66, ROOF + 98), LAMP)


def _leaf(pen: ImageDraw.ImageDraw, day: Day) -> None:
    """The day it begins, as on a calendar."""
    x, y = SIZE[0] - MARGIN - TILE, 176
    corners = (*_twice(x, y), *_twice(x + TILE, y + 262))
    pen.rounded_rectangle(corners, 22 * TWICE, CREAM)
    pen.rounded_rectangle((*_twice(x, y), *_twice(x + TILE, y + 70)), 22 * TWICE, LAMP)
    _box(pen, (x, y + 40, x + TILE, y + 70), LAMP)
    for text, top, size, ink in (
        (day.month, 14, 38, "#16221d"),
        (day.number, 66, 116, "#16221d"),
        (day.year, 206, 34, "#4a5a53"),
    ):
        _write(
            pen, (x + TILE // 2, y + top), text, _shrunk(text, size, TILE - 24), ink, middle=True
        )


def _write(
    pen: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    ink: str,
    path: Path | None = None,
    *,
    middle: bool = False,
) -> None:
    font = _font(path or _font_for(text) or FONTS[0], size)
    pen.text(_twice(*at), text, ink, font, anchor="ma" if middle else "la")


def _box(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], ink: str) -> None:
    left, top, right, bottom = (one * TWICE for one in box)
    pen.rectangle((left, top, right - 1, bottom - 1), ink)


def _twice(x: int, y: int) -> tuple[int, int]:
    return x * TWICE, y * TWICE


@cache
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size * TWICE, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(1024)
def _has(path: Path, letter: str) -> bool:
    """Does the font have this letter? Else it draws what it draws for a letter that no font has."""
    font = _font(path, 20)
    return letter == " " or bytes(font.getmask(letter)) != bytes(font.getmask("\U0010fffd"))


def _font_for(text: str) -> Path | None:
    """The first font that has every letter."""
    return next((path for path in FONTS if all(_has(path, letter) for letter in text)), None)
