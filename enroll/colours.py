"""An institute's one colour made into all that its pages need of it, so that every pair can be read. Pure.

Lightness is moved in OKLCH, where equal steps look equal and the hue stays what it was (Ottosson 2020,
https://bottosson.github.io/posts/oklab/); contrast is that of WCAG 2.2, and 4.5:1 is asked of all text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

ENOUGH = 4.5  # WCAG 2.2, 1.4.3: text of any size
STEP = 0.005  # of lightness, too little to be seen

HEX = re.compile(r"#[0-9a-fA-F]{6}")

# What the accent stands on, as tokens.css has it; a test holds the two together.
LIGHT = {"ground": "#f2f4ee", "surface": "#ffffff", "sunken": "#e7ebe3", "ink": "#16221d"}
DARK = {"ground": "#0f1714", "surface": "#18231e", "sunken": "#0b110f", "ink": "#e8eeea"}


class Shade(NamedTuple):
    """A colour in OKLCH: lightness 0 to 1, chroma, hue in radians."""

    lightness: float
    chroma: float
    hue: float


class Palette(NamedTuple):
    """Custom properties by name, without the dashes: those of the light scheme, and of the dark."""

    given: str
    light: Mapping[str, str]
    dark: Mapping[str, str]

    @property
    def is_shifted(self) -> bool:
        """Could the colour not be read as it was given?"""
        return self.light["accent"] != self.given

    @property
    def style(self) -> str:
        """The style sheet: nothing but custom properties."""
        dark = f"@media screen and (prefers-color-scheme: dark) {{\n{_rule(self.dark)}}}\n"
        return _rule(self.light) + dark


def palette(accent: str) -> Palette:
    """All that pages need, from #rrggbb. What could not be read is made darker, or lighter in the dark."""
    given = accent.lower()
    shade = _shade(given)
    return Palette(given, _light(given, shade), _dark(shade))


def _light(given: str, shade: Shade) -> dict[str, str]:
    soft = _tint(shade, 0.93, 0.035)
    under = [LIGHT["ground"], LIGHT["surface"], LIGHT["sunken"], soft]
    accent = given if _reads(given, under) else _found(shade, -STEP, under)
    now = _shade(accent)
    # Nearly black cannot become darker under the pointer, so it becomes lighter.
    to = now.lightness - 0.09 if now.lightness > 0.2 else now.lightness + 0.3
    return {
        "accent": accent,
        "accent-hover": _found(now._replace(lightness=to), -STEP, under),
        "on-accent": _upon(accent, LIGHT["ink"]),
        "accent-soft": soft,
        "focus": accent,
        "pine": _tint(shade, 0.33, 0.11),
        "pine-wall": _tint(shade, 0.47, 0.08),
        "on-pine": _tint(shade, 0.975, 0.008),
        "on-pine-soft": _tint(shade, 0.87, 0.03),
    }


def _dark(shade: Shade) -> dict[str, str]:
    soft = _tint(shade, 0.31, 0.05)
    under = [DARK["ground"], DARK["surface"], DARK["sunken"], soft]
    accent = _found(shade._replace(lightness=max(shade.lightness, 0.8)), STEP, under)
    now = _shade(accent)
    to = now.lightness + 0.07 if now.lightness < 0.92 else now.lightness - 0.08
    return {
        "accent": accent,
        "accent-hover": _found(now._replace(lightness=to), STEP, under),
        "on-accent": _upon(accent, _tint(shade, 0.23, 0.04)),
        "accent-soft": soft,
        "pine": _tint(shade, 0.26, 0.08),
    }


def _upon(ground: str, ink: str) -> str:
    """White or ink, whichever reads better; black where neither is enough, which no accent needs."""
    return max(("#ffffff", ink), key=lambda text: contrast(text, ground))


def _tint(shade: Shade, lightness: float, most: float) -> str:
    return _hex(Shade(lightness, min(shade.chroma, most), shade.hue))


def _found(shade: Shade, step: float, under: Iterable[str]) -> str:
    """The first lightness from here that reads on all of these; black and white do at the latest."""
    under = list(under)
    while not _reads(found := _hex(shade), under):
        shade = shade._replace(lightness=shade.lightness + step)
    return found


def _reads(text: str, under: Iterable[str]) -> bool:
    return all(contrast(text, ground) >= ENOUGH for ground in under)


def _rule(values: Mapping[str, str]) -> str:
    lines = "".join(f"  --{name}: {value};\n" for name, value in values.items())
    return f":root {{\n{lines}}}\n"


# ---------------------------------------------------------------- contrast


def contrast(one: str, other: str) -> float:
    """From 1 to 21, whichever is the text (WCAG 2.2, “contrast ratio”)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """From 0 to 1 (WCAG 2.2, “relative luminance”)."""
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> tuple[float, float, float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return red, green, blue


# ---------------------------------------------------------------- OKLCH


def _shade(colour: str) -> Shade:
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    return Shade(lightness, math.hypot(a, b), math.atan2(b, a))


def _hex(shade: Shade) -> str:
    """As #rrggbb; what no screen shows loses colour and keeps its lightness and hue."""
    lightness = min(max(shade.lightness, 0.0), 1.0)
    for left in range(20, -1, -1):
        parts = _red_green_blue(lightness, shade.chroma * left / 20, shade.hue)
        if all(-0.0005 <= part <= 1.0005 for part in parts):
            break
    return "#" + "".join(f"{_byte(part):02x}" for part in parts)


def _red_green_blue(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Linear light, beyond 0 to 1 where no screen can show it."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _byte(part: float) -> int:
    part = min(max(part, 0.0), 1.0)
    return round(255 * (part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055))
