"""Telephone numbers: for which country one without + is meant, and how people write and read them.

A browser's language names a country (hi-IN), but English as it is installed says en-US and en-GB all
over the world: those two count last, after where the batch takes place and the setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import phonenumbers
from babel.core import get_global
from flask import current_app
from phonenumbers import PhoneNumberFormat, PhoneNumberType

_EVERYWHERE = frozenset({"en-us", "en-gb"})


class Example(NamedTuple):
    """A number as people write it at home, and one from elsewhere."""

    here: str
    abroad: str


def likely_regions(*, zone: str, languages: Iterable[str]) -> tuple[str, ...]:
    """Countries (ISO 3166), the likeliest first; the one of the settings is always among them.

    `zone` is the batch's; `languages` are what the browser asks for (BCP 47), the dearest first.
    """
    asked = list(languages)
    found = [
        *(_region_of(one) for one in asked if one.lower() not in _EVERYWHERE),
        region_of_zone(zone),
        str(current_app.config["PHONE_REGION"]),
        *(_region_of(one) for one in asked if one.lower() in _EVERYWHERE),
    ]
    return tuple(dict.fromkeys(one for one in found if one in phonenumbers.SUPPORTED_REGIONS))


def region_of_zone(zone: str) -> str:
    """The country whose time zone this is; empty for UTC and its kin, which have none."""
    territories, aliases = get_global("zone_territories"), get_global("zone_aliases")
    return str(territories.get(zone) or territories.get(aliases.get(zone)) or "")


def normal_phone(text: str, regions: Sequence[str] = ()) -> str:
    """The number as E.164 where it can be read as one, else as typed.

    Without + it is that of the first of these countries in which there can be such a number; the
    setting's where none is named.
    """
    for number in _read(text, regions or [str(current_app.config["PHONE_REGION"])]):
        return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    return text


def spaced_phone(text: str) -> str:
    """An E.164 number as people read it: +91 98765 43210. Everything else as it stands."""
    for number in _read(text, [None]):
        return str(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL))
    return text


def example(regions: Sequence[str]) -> Example:
    """How to write one, in the likeliest of these countries and from another one."""
    here = regions[0] if regions else "GB"
    return Example(
        here=_example(here, PhoneNumberFormat.NATIONAL),
        abroad=_example("IN" if here == "GB" else "GB", PhoneNumberFormat.INTERNATIONAL),
    )


def _read(text: str, regions: Iterable[str | None]) -> Iterator[phonenumbers.PhoneNumber]:
    for region in regions:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            yield number


def _example(region: str, form: int) -> str:
    number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    number = number or phonenumbers.example_number(region)
    return str(phonenumbers.format_number(number, form)) if number else ""


def _region_of(language: str) -> str:
    """The country in hi-IN or zh-Hant-TW; empty where none is named."""
    return next((one.upper() for one in language.split("-")[1:] if len(one) == 2), "")
