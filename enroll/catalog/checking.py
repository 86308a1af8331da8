"""What is wrong with a document, in sentences that a person can act on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import NamedTuple, TypeGuard

import flask_babel

from enroll.catalog.documents import Kind, Path
from enroll.catalog.notation import printable
from enroll.catalog.shapes import (
    BAND,
    SHAPES,
    Code,
    Flag,
    OneOf,
    Record,
    Rows,
    Shape,
    Text,
    Whole,
)

gettext: Callable[..., str] = flask_babel.gettext  # it ships no types

# They turn the direction of all text after them, in other people's lists too.
_DIRECTION_CONTROLS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

LONGEST_CODE = 200  # characters: the column of an ESCO URI
LONGEST_SLUG = 80


class Problem(NamedTuple):
    """One thing that is wrong: where in the document, and what to do about it."""

    path: tuple[str | int, ...]  # keys, and numbers from 0: ("modules", 2, "hours")
    words: str


def problems(kind: Kind, document: object) -> list[Problem]:
    """Everything that keeps this document from being published, in the order of the document.

    No problems: every column holds it and every page shows it. Only what it names elsewhere (skills,
    courses, roles) is not looked up here. Takes any value, of any type.
    """
    found = list(_check(SHAPES[kind], document, ()))
    if kind is Kind.COURSE and isinstance(document, Mapping):
        needed = document.get("requires")
        for number, slug in enumerate(needed if isinstance(needed, list) else []):
            if isinstance(slug, str) and slug == document.get("slug"):
                words = gettext("A course cannot require itself.")
                found.append(Problem(("requires", number), words))
        beside, all_hours = document.get("hours_beside"), document.get("hours_per_week")
        if _is_whole(beside) and _is_whole(all_hours) and beside > all_hours > 0:
            words = gettext("These are some of the hours a week, so there cannot be more of them.")
            found.append(Problem(("hours_beside",), words))
    return found


def _check(shape: Shape, value: object, path: Path) -> Iterator[Problem]:
    match shape:
        case Record():
            yield from _check_record(shape, value, path)
        case Rows():
            yield from _check_rows(shape, value, path)
        case _:
            words = _wrong(shape, value)
            if words is not None:
                yield Problem(path, words)


def _check_record(shape: Record, value: object, path: Path) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        words = gettext("Write keys with values here: %(keys)s.", keys=", ".join(shape.keys))
        yield Problem(path, words)
        return
    for name, inner in shape.keys.items():
        if name not in value:
            if name not in shape.optional:
                yield Problem((*path, name), gettext("This is missing."))
        elif value[name] is not None or name not in shape.nullable:
            yield from _check(inner, value[name], (*path, name))
    for name in value:
        if name not in shape.keys:
            words = gettext(
                "There is no “%(key)s” here, only: %(keys)s.",
                key=printable(str(name)),
                keys=", ".join(shape.keys),
            )
            yield Problem((*path, str(name)), words)
    low, high = value.get("from"), value.get("to")
    if shape is BAND and _is_whole(low) and _is_whole(high) and low > high > 0:
        yield Problem((*path, "from"), gettext("This is above the upper end of the band."))


def _check_rows(shape: Rows, value: object, path: Path) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(path, gettext("Write a list here."))
        return
    if len(value) < shape.least:
        yield Problem(path, gettext("Write at least one entry."))
    seen: set[str] = set()
    for number, one in enumerate(value):
        yield from _check(shape.of, one, (*path, number))
        name, place = one, (*path, number)
        if shape.once is not None:
            name, place = isinstance(one, Mapping) and one.get(shape.once), (*place, shape.once)
        elif not isinstance(shape.of, Code):
            continue
        if isinstance(name, str):
            if name in seen:
                yield Problem(place, gettext("“%(name)s” is here twice.", name=printable(name)))
            seen.add(name)


def _wrong(shape: Text | Code | Whole | Flag | OneOf, value: object) -> str | None:
    """What is wrong with a plain value."""
    match shape:
        case Whole(least, most):
            if not _is_whole(value) or not least <= value <= most:
                return gettext(
                    "Write a whole number from %(least)s to %(most)s.", least=least, most=most
                )
        case Flag():
            return None if isinstance(value, bool) else gettext("Write true or false.")
        case OneOf(words):
            if not isinstance(value, str) or value not in words:
                return gettext("Write one of these: %(words)s.", words=", ".join(words))
        case Code():
            if not isinstance(value, str) or not _FORMS[shape](value):
                return _how_to_write(shape)
        case Text():
            return _wrong_text(shape, value)
    return None


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _wrong_text(shape: Text, value: object) -> str | None:
    if not isinstance(value, str):
        return gettext("Write text here; numbers, dates, yes and no become text in quotes.")
    if not value.strip() and not shape.may_be_empty:
        return gettext("Write something here.")
    if len(value) > shape.longest:
        return gettext(
            "This has %(length)s characters; at most %(longest)s are possible.",
            length=len(value),
            longest=shape.longest,
        )
    for character in value:
        is_control = unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
        if is_control or character in _DIRECTION_CONTROLS:
            return gettext("Remove the invisible characters, or type this again by hand.")
    if not shape.lines and any(character in value for character in "\n\t\u2028\u2029"):
        return gettext("Write this in one line.")
    return None


# ---------------------------------------------------------------- text in a form of its own


def _form(pattern: str, longest: int = LONGEST_CODE) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: len(text) <= longest and compiled.fullmatch(text) is not None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_FORMS: Mapping[Code, Callable[[str], bool]] = {
    Code.SLUG: _form(r"[a-z0-9]+(-[a-z0-9]+)*", LONGEST_SLUG),
    # What RFC 3986 lets a URI be made of.
    Code.URI: _form(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?([/?#][\w.~:/?#@!$&'()*+,;=%-]*)?"),
    Code.DAY: _is_day,
    Code.CURRENCY: _form(r"[A-Z]{3}"),
    Code.ELEMENT: _form(r"[1-6]\.[A-Z](\.\d{1,2}|\.[a-z]|\.[ID]\d{2})*"),
    Code.OCCUPATION: _form(r"\d{2}-\d{4}\.\d{2}"),
}


def _how_to_write(code: Code) -> str:
    match code:
        case Code.SLUG:
            return gettext(
                "Use small letters a to z and digits, with single hyphens between words,"
                " at most 80 characters."
            )
        case Code.URI:
            return gettext(
                "Write a web address that begins with https:// or http://, at most 200 characters."
            )
        case Code.DAY:
            return gettext("Write a day like 2027-03-12.")
        case Code.CURRENCY:
            return gettext("Write the three capital letters of a currency, like EUR.")
        case Code.ELEMENT:
            return gettext("Write the id of an O*NET element, like 2.A.2.a.")
        case Code.OCCUPATION:
            return gettext("Write an O*NET-SOC code, like 15-2051.00.")
