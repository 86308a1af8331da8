"""A language nobody speaks: English with accents, in brackets, 40 % longer, from right to left.

Whatever in it still looks like English was never given to translators. It borrows the code of Urdu:
written from right to left, with a singular and a plural, and WTForms does not speak it either. So
dates and numbers come out in Urdu, everything else as ⟦śëñţëñčëś łïķëë ţħïśś⟧.
"""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from tests.catalogue import POT, messages, read

CODE = "ur"
LONGER = 1.4
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ACCENTED = "áƀçðéƒĝĥíĵķļɱñöþǫŕšţûṽŵẋýžÁƁÇÐÉƑĜĤÍĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽ"
_ACCENTS = str.maketrans(_PLAIN, _ACCENTED)
# What a translator must leave alone: placeholders, tags, entities.
_KEPT = re.compile(r"(%\(\w+\)[a-z]|%[%a-z]|<[^<>]+>|&#?\w+;)")
_WORD = re.compile(r"[^\W\d_]+")


def translate(sentence: str) -> str:
    """A sentence in the pseudo-language, its placeholders and markup as they were."""
    parts = _KEPT.split(sentence)
    parts[::2] = [_WORD.sub(_stretch, part) for part in parts[::2]]
    return f"⟦{''.join(parts)}⟧"


def _stretch(match: re.Match[str]) -> str:
    """Longer words, not only more of them: those are what does not fit on a small screen."""
    word = match[0].translate(_ACCENTS)
    missing = max(1, round(len(word) * (LONGER - 1)))
    middle = (len(word) + 1) // 2
    return word[:middle] + word[middle - 1].lower() * missing + word[middle:]


def catalogue() -> Catalog:
    """Every sentence of the English catalogue, in the pseudo-language."""
    made = Catalog(locale=CODE)
    for one in messages(read(POT)):
        if isinstance(one.id, tuple):
            singular, plural = one.id
            forms = [singular, *[plural] * (made.num_plurals - 1)]
            made.add(one.id, tuple(map(translate, forms)), flags=one.flags, context=one.context)
        else:
            made.add(one.id, translate(one.id), flags=one.flags, context=one.context)
    return made


def install(instance: Path) -> None:
    """Put it where an institute keeps translations of its own."""
    folder = instance / "translations" / CODE / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue())
