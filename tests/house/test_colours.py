"""Whatever colour an institute has: all that is made from it can be read."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from enroll.colours import DARK, ENOUGH, LIGHT, contrast, luminance, palette
from enroll.web import PINE, STATIC

COLOURS = st.integers(0, 2**24 - 1).map(lambda number: f"#{number:06x}")
LAMP = "#f6bd4b"


@given(COLOURS)
@example("#000000")
@example("#ffffff")
@example("#ffff00")
@example("#0000ff")
@settings(deadline=None, max_examples=300)
def test_every_pair_that_is_read_has_enough_contrast(colour: str) -> None:
    made = palette(colour)
    for scheme, under in ((made.light, LIGHT), (made.dark, DARK)):
        all_of = {**made.light, **scheme}
        for text in ("accent", "accent-hover"):
            for ground in (under["ground"], under["surface"], under["sunken"], scheme["accent-soft"]):
                assert contrast(scheme[text], ground) >= ENOUGH, (text, ground)
            assert contrast(scheme["on-accent"], scheme[text]) >= ENOUGH, text
        assert contrast(under["ink"], scheme["accent-soft"]) >= ENOUGH
        for text in ("on-pine", "on-pine-soft"):
            assert contrast(all_of[text], all_of["pine"]) >= ENOUGH, text
        # The mark and the focus ring on the header: WCAG 2.2, 1.4.11.
        assert contrast(LAMP, all_of["pine"]) >= 3
        assert contrast(under["ink"], under["ground"]) >= ENOUGH
        assert scheme["accent"] != scheme["accent-hover"]


@given(COLOURS)
@settings(deadline=None, max_examples=200)
def test_a_colour_that_can_be_read_stays_as_it_was_given(colour: str) -> None:
    made = palette(colour)
    grounds = [LIGHT[name] for name in ("ground", "surface", "sunken")]
    grounds.append(made.light["accent-soft"])
    can_be_read = all(contrast(colour, ground) >= ENOUGH for ground in grounds)
    assert made.is_shifted != can_be_read
    if made.is_shifted:
        assert luminance(made.light["accent"]) < luminance(colour)


def test_it_is_shifted_no_further_than_it_must_be() -> None:
    shifted = palette("#ffcc00").light["accent"]
    nearest = min(contrast(shifted, ground) for ground in (LIGHT["sunken"], LIGHT["ground"]))
    assert ENOUGH <= nearest < ENOUGH + 0.25


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    greys = [luminance(f"#{number:02x}{number:02x}{number:02x}") for number in range(256)]
    assert all(one < other for one, other in pairwise(greys))


@given(COLOURS)
@settings(deadline=None, max_examples=50)
def test_the_style_sheet_is_nothing_but_custom_properties(colour: str) -> None:
    lines = palette(colour).style.splitlines()
    shape = r"(:root \{|\}+|@media screen and \(prefers-color-scheme: dark\) \{|  --[a-z-]+: #[0-9a-f]{6};)"
    assert [line for line in lines if not re.fullmatch(shape, line)] == []


def test_the_grounds_are_those_of_our_style_sheet() -> None:
    """Whoever changes a ground in tokens.css changes it in colours.py too."""
    style = (STATIC / "tokens.css").read_text()
    light, _, dark = style.partition("prefers-color-scheme: dark")
    for css, known in ((light, LIGHT), (dark, DARK)):
        for name, value in known.items():
            found = re.search(rf"--{name}: (#[0-9a-f]+);", css)[1]
            assert found in (value, value[::2] if value == "#ffffff" else value), name
    assert f"--pine: {PINE};" in light
    assert f"--lamp: {LAMP};" in light
    for name in palette(PINE).light:
        assert f"--{name}: " in light, name
