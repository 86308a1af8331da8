"""How the pages about messages name things: audiences, states, reasons, and why something is refused."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from enroll.console import words
from enroll.console.message_queries import Fate
from enroll.refusal import Refused
from enroll.registrations.drafting import AlreadySent, NobodyToWriteTo, Rewritten
from enroll.registrations.message_states import Audience, LeftOut, MessageState

AUDIENCES = {
    Audience.ENROLLED: _("Everybody enrolled"),
    Audience.HELD: _("Everybody with a seat held or offered"),
    Audience.WAITING: _("Everybody on the waitlist"),
    Audience.LIVE: _("Everybody registered, enrolled or not"),
    Audience.CHOSEN: _("The people you picked"),
}
MESSAGE_STATES = {
    MessageState.DRAFT: _("Draft, not sent"),
    MessageState.SENDING: _("Is being sent"),
    MessageState.SENT: _("All e-mails written"),
    MessageState.STOPPED: _("Stopped"),
}
FATES = {
    Fate.FAILED: _("Failed, telephone instead"),
    Fate.LEFT_OUT: _("Left out"),
    Fate.TAKEN_BACK: _("Taken back, not sent"),
    Fate.TO_WRITE: _("To be written"),
    Fate.WAITS: _("Waits to be sent"),
    Fate.SENT: _("Sent"),
}
LEFT_OUT = {
    LeftOut.ERASED: _("The data is deleted"),
    LeftOut.ENDED: _("The registration has ended"),
    LeftOut.MOVED: _("Is no longer among those you wrote to"),
    LeftOut.NO_ADDRESS: _("Has no e-mail address"),
    LeftOut.UNCONFIRMED: _("Has not confirmed the e-mail address"),
    LeftOut.RETURNED: _("The mail server refused the last e-mail"),
    LeftOut.STOPPED: _("You stopped the message first"),
}
# What a telephone call can still do.
TO_TELEPHONE = frozenset({LeftOut.NO_ADDRESS, LeftOut.UNCONFIRMED, LeftOut.RETURNED})
PLACEHOLDERS = {
    "name": _("the person's name"),
    "batch": _("the title of the batch"),
    "starts": _("the first day"),
    "ends": _("the last day"),
    "link": _("the person's own page"),
}


def unknown_placeholder(name: str) -> str:
    """One sentence for words in braces that stand for nothing."""
    return gettext(
        "“{%(name)s}” stands for nothing. Use {name}, {batch}, {starts}, {ends} or {link}, or write it"
        " without the braces.",
        name=name,
    )


def why_not(refusal: Refused) -> str:
    """One sentence for every no these pages know."""
    if isinstance(refusal, AlreadySent):
        return gettext("This message was sent already, so its words stay. Nothing was changed.")
    if isinstance(refusal, Rewritten):
        return gettext(
            "A colleague has changed this message meanwhile. Nothing was sent: read it once more."
        )
    if isinstance(refusal, NobodyToWriteTo):
        return gettext("Nobody can be reached by this message, so nothing was sent.")
    return words.why_not(refusal)
