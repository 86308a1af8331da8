"""What the program writes beside a move, in the reader's language. What a person wrote stays as it is."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _

OF_REGISTRATIONS = {
    "a seat freed": _("a seat freed"),
    "accepted by telephone": _("accepted by telephone"),
    "accepted the offer": _("accepted the offer"),
    "address not confirmed in time": _("address not confirmed in time"),
    "another batch was called off": _("another batch was called off"),
    "application accepted": _("application accepted"),
    "asked for this batch too": _("asked for this batch too"),
    "batch called off": _("batch called off"),
    "batch started": _("batch started"),
    "cancelled by staff": _("cancelled by staff"),
    "confirmed the address": _("confirmed the address"),
    "corrected the address": _("corrected the address"),
    "data deleted": _("data deleted"),
    "gave it up": _("gave it up"),
    "hold ran out": _("hold ran out"),
    "looked at again": _("looked at again"),
    "moved here by staff": _("moved here by staff"),
    "not admitted": _("not admitted"),
    "not decided": _("not decided"),
    "offer lapsed": _("offer lapsed"),
    "offer lapsed again": _("offer lapsed again"),
    "offered by staff": _("offered by staff"),
    "passed the offer": _("passed the offer"),
    "registered": _("registered"),
    "registered by telephone": _("registered by telephone"),
    "registered in a group": _("registered in a group"),
    "registered, many seats are held": _("registered, many seats are held"),
    "skipped: one of the group considers an offer elsewhere": _(
        "skipped: one of the group considers an offer elsewhere"
    ),
    "took the seat": _("took the seat"),
}
OF_COMMENTS = {
    "answer": _("answer"),
    "appeal: published after all": _("appeal: published after all"),
    "appeal: the decision stands": _("appeal: the decision stands"),
    "imported": _("imported"),
    "moderator: approve": _("moderator: approve"),
    "moderator: reject": _("moderator: reject"),
    "moderator: return": _("moderator: return"),
    "moderator: spam": _("moderator: spam"),
    "nobody confirmed it": _("nobody confirmed it"),
    "not written by them": _("not written by them"),
    "posted": _("posted"),
    "removed for good": _("removed for good"),
    "reworded": _("reworded"),
    "taken back": _("taken back"),
    "text corrected": _("text corrected"),
    "trusted author": _("trusted author"),
    "undone": _("undone"),
    "waits for a moderator": _("waits for a moderator"),
    "words removed for good": _("words removed for good"),
}
OF_TEXTS = {
    "loaded from a file": _("loaded from a file"),
    "mapping changed": _("mapping changed"),
}
OF_LETTERS = {
    "a newer change": _("a newer change"),
    "a newer link": _("a newer link"),
    "a newer one": _("a newer one"),
    "another deadline": _("another deadline"),
    "decided anew": _("decided anew"),
    "imported without letters": _("imported without letters"),
    "it is decided": _("it is decided"),
    "other dates": _("other dates"),
    "stopped by staff": _("stopped by staff"),
    "the address was corrected": _("the address was corrected"),
    "the batch has begun": _("the batch has begun"),
}
WORDS = OF_REGISTRATIONS | OF_COMMENTS | OF_TEXTS | OF_LETTERS
# With something in them that is different each time.
_PATTERNS = [
    (re.compile(r"enrolled in (?P<code>\S+)"), _("enrolled in %(code)s")),
    (
        re.compile(r"skipped: a group of (?P<size>\d+) does not fit"),
        _("skipped: a group of %(size)s does not fit"),
    ),
    (re.compile(r"version (?P<number>\d+) restored"), _("version %(number)s restored")),
    (re.compile(r"out of turn: (?P<reason>.*)", re.DOTALL), _("out of turn: %(reason)s")),
]


def why_words(why: str) -> str:
    """Why something moved: our own words translated, a person's as they are."""
    if why in WORDS:
        return str(WORDS[why])
    for pattern, words in _PATTERNS:
        if found := pattern.fullmatch(why):
            return str(words) % found.groupdict()
    return why
