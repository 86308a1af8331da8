"""What a finding says to a moderator, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from enroll.comments.evidence import Finding, FormToken
from enroll.lists import listed

Facts = Mapping[str, Any]


def sentence(finding: Finding) -> str:
    """One sentence in the reader's language; matched words stand in it as they were typed."""
    return _SENTENCES[finding.rule](finding.facts)


def rule_names() -> dict[str, str]:
    """What moderators call the rules, to filter by."""
    return {
        "links": _("Links"),
        "words": _("Listed words"),
        "hints": _("Words that add up"),
        "contacts": _("Telephone numbers and addresses"),
        "duplicate": _("Said before"),
        "too_fast": _("Typed too fast"),
        "trap": _("Hidden field filled"),
        "form": _("Old or reused form"),
        "turned_down": _("Turned down before"),
        "crowd": _("Many from one network"),
        "language": _("Other language"),
        "reserved_name": _("Reserved name"),
        "learnt": _("Like spam seen before"),
    }


def _quoted(facts: Facts) -> str:
    return listed((f"“{one['text']}”" for one in facts["matches"]), "unit")


def _links(facts: Facts) -> str:
    words = ngettext(
        "%(num)s link: %(what)s", "%(num)s links: %(what)s", facts["count"], what=_quoted(facts)
    )
    return str(words)


def _words(facts: Facts) -> str:
    return str(
        ngettext(
            "A listed word: %(what)s",
            "%(num)s listed words: %(what)s",
            facts["count"],
            what=_quoted(facts),
        )
    )


def _hints(facts: Facts) -> str:
    return str(_("Fine one by one, together often an advertisement: %(what)s", what=_quoted(facts)))


def _contacts(facts: Facts) -> str:
    return str(
        _("A telephone number, address or name in a messenger: %(what)s", what=_quoted(facts))
    )


def _duplicate(facts: Facts) -> str:
    return str(
        ngettext(
            "The same was sent once before in the last month",
            "The same was sent %(num)s times before in the last month",
            facts["count"],
        )
    )


def _too_fast(facts: Facts) -> str:
    return str(
        _(
            "%(letters)s characters were sent %(seconds)s seconds after the form was shown",
            letters=facts["letters"],
            seconds=facts["seconds"],
        )
    )


def _form(facts: Facts) -> str:
    return {
        FormToken.OLD: str(_("The form was more than a day old")),
        FormToken.REPLAYED: str(_("The form had been sent before with other words")),
        FormToken.MISSING: str(_("It did not come from our form")),
        FormToken.FORGED: str(_("Its form was not made by us, or for another page")),
    }[FormToken(facts["form"])]


def _turned_down(facts: Facts) -> str:
    return str(
        _(
            "Turned down in the last 90 days: %(address)s of this address, %(network)s of its network today",
            address=facts["address"],
            network=facts["network"],
        )
    )


def _crowd(facts: Facts) -> str:
    return str(_("%(count)s comments came from its network within an hour", count=facts["count"]))


def _language(facts: Facts) -> str:
    return str(
        _(
            "It seems to be written in “%(code)s”, which is not listed as welcome",
            code=facts["language"],
        )
    )


def _reserved(facts: Facts) -> str:
    return str(_("The name is kept for us: “%(name)s”", name=facts["name"]))


def _learnt(facts: Facts) -> str:
    words = listed((f"{word} {weight:+.1f}" for word, weight in facts["words"]), "unit")
    return str(
        _(
            "Like spam that was decided before, %(chance)s: %(words)s",
            chance=facts["chance"],
            words=words,
        )
    )


_SENTENCES: dict[str, Callable[[Facts], str]] = {
    "links": _links,
    "words": _words,
    "hints": _hints,
    "contacts": _contacts,
    "duplicate": _duplicate,
    "too_fast": _too_fast,
    "trap": lambda _facts: str(_("A field was filled that only programs see")),
    "form": _form,
    "turned_down": _turned_down,
    "crowd": _crowd,
    "language": _language,
    "reserved_name": _reserved,
    "learnt": _learnt,
}
