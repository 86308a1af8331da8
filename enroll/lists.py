"""Several words as the reader's language joins them (CLDR)."""

from __future__ import annotations

from collections.abc import Iterable

from babel.lists import format_list
from flask_babel import get_locale


def listed(words: Iterable[object], style: str = "standard") -> str:
    """Words as in a sentence: Foundations, Machine Learning and MLOps.

    In the style `unit` without the last “and”, for what is listed but is no sentence. Babel 2.18
    knows that one for half of its languages only, and for Bengali and Kannada with a hole in it.
    """
    several, locale = [str(word) for word in words], get_locale() or "en_GB"
    try:
        return format_list(several, style, locale=locale)
    except (KeyError, ValueError):
        return format_list(several, locale=locale)
