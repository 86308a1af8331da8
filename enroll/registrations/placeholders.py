"""What may stand in staff's words for something that differs from person to person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from markupsafe import Markup, escape

from enroll.comments.markup import to_html, to_text

PLACEHOLDERS = ("name", "batch", "starts", "ends", "link")
_ANY = re.compile(r"\{([^{}\n]{0,40})\}")
_KNOWN = re.compile("|".join(rf"\{{{name}\}}|%7B{name}%7D" for name in PLACEHOLDERS))
# "[My page]({link})": the renderer takes only whole addresses, so this one stands in for it.
_STAND_IN = "https://personal-link.invalid/"


def unknown(*texts: str) -> list[str]:
    """What stands in braces and is none of ours, in the order it comes."""
    found = [name for text in texts for name in _ANY.findall(text)]
    return list(dict.fromkeys(name for name in found if name not in PLACEHOLDERS))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The words as plain text. What is filled in is one line, and none of it is read again."""
    told = _told(values)
    return _KNOWN.sub(lambda found: told[_name(found[0])], to_text(text))


def fill_html(text: str, values: Mapping[str, str]) -> Markup:
    """The words, which are Markdown, as safe HTML; what is filled in is never read as marks."""
    told = _told(values)
    anchor = Markup('<a href="{0}">{0}</a>').format(told["link"])

    def replace(found: re.Match[str]) -> str:
        name = _name(found[0])
        if found[0].startswith("%"):  # within an address
            return str(escape(quote(told[name], safe="")))
        return str(anchor if name == "link" else escape(told[name]))

    drawn = str(to_html(text.replace("]({link})", f"]({_STAND_IN})")))
    filled = _KNOWN.sub(replace, drawn).replace(_STAND_IN, str(escape(told["link"])))
    return Markup(filled)  # noqa: S704 - sanitised by to_html, and all that is filled in is escaped


def blank(text: str, secrets: Iterable[str]) -> str:
    """The text with "…" wherever one of these words stands."""
    for secret in secrets:
        if len(secret) > 2:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text


def _told(values: Mapping[str, str]) -> dict[str, str]:
    return {name: " ".join(to_text(values[name]).split()) for name in PLACEHOLDERS}


def _name(found: str) -> str:
    return found.removeprefix("%7B").removesuffix("%7D").strip("{}")
