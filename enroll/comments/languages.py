"""Guesses the language of a comment from its script and its small words. Pure.

Rough on purpose: libraries that know a hundred languages weigh a hundred megabytes, and all that hangs
on the guess is whether a moderator is told that it may not be a language the institute welcomes.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_SCRIPTS = {
    "DEVANAGARI": "hi",
    "TAMIL": "ta",
    "TELUGU": "te",
    "BENGALI": "bn",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "ARABIC": "ar",
    "CYRILLIC": "ru",
    "CJK": "zh",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "THAI": "th",
    "GREEK": "el",
    "HEBREW": "he",
}
_SMALL_WORDS = {
    "en": "the and is to of you for it in that this are have with not but can what my i do was be",
    "de": "der die das und ist ich nicht ein eine zu mit auf für den auch es wie wir haben bei",
    "es": "el la de que y en los las un una es por con para no me lo se como pero muy hola",
    "fr": "le la les de des et est je vous un une pour pas que dans sur avec ce il nous",
    "pt": "o a os de que e em um uma não para com por mais como mas eu você do da",
    "it": "il di che e la un una per non con sono mi ho ma come questo della è",
    "id": "yang dan di untuk dengan tidak saya ini itu ada bisa akan dari ke juga",
    "tr": "ve bir bu için ile çok ben ne var mi da de gibi ama daha",
    "hi": "hai ka ki ke ko se mein me kya nahi hoga bhi aur koi kar mera hum aap kaise bhai ho",
}
_MARATHI = re.compile(r"(?:आहे|आहेत|नाही|मला|करा|होते|साठी|मध्ये|ची|च्या|ळ)")
_WORDS = re.compile(r"[^\W\d_]+")


def language(text: str) -> str | None:
    """The language as ISO 639, or `None` where it cannot be told: short texts, code, mixtures."""
    scripts = Counter(
        unicodedata.name(character, "").split(" ")[0].split("-")[0]
        for character in text
        if character.isalpha()
    )
    if not scripts:
        return None
    script, often = scripts.most_common(1)[0]
    if often * 2 < scripts.total():
        return None
    if script == "LATIN":
        return _latin(text)
    if scripts["HIRAGANA"] + scripts["KATAKANA"]:
        return "ja"
    if script == "DEVANAGARI" and len(_MARATHI.findall(text)) >= 2:
        return "mr"
    return _SCRIPTS.get(script)


def _latin(text: str) -> str | None:
    words = _WORDS.findall(text.lower())
    scores = {
        code: sum(word in small for word in words)
        for code, small in ((code, set(found.split())) for code, found in _SMALL_WORDS.items())
    }
    best, second = sorted(scores.values(), reverse=True)[:2]
    if best < 3 or best < second * 1.5 or best * 12 < len(words):
        return None
    return next(code for code, score in scores.items() if score == best)
