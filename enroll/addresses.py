"""Mail addresses that look mistyped: asha@gmial.com was probably meant for gmail.com. Pure.

No kept library does this (pymailcheck: last release 2021). It is only ever a question: whoever says
that the address is right is believed. Distances are those of OSA: letters put in, left out, changed
or exchanged with their neighbour.
"""

from __future__ import annotations

from rapidfuzz import process
from rapidfuzz.distance import OSA

# Where most people have their mail, in India and elsewhere; of two as near, the first is proposed.
PROVIDERS = (
    *("gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "yahoo.co.in", "rediffmail.com"),
    *("icloud.com", "yahoo.in", "live.com", "outlook.in", "ymail.com", "proton.me", "zoho.com"),
    *("protonmail.com", "googlemail.com", "yahoo.co.uk", "hotmail.co.uk", "hotmail.fr", "aol.com"),
    *("yahoo.fr", "yahoo.de", "hotmail.de", "hotmail.it", "hotmail.es", "outlook.de", "outlook.fr"),
    *("t-online.de", "freenet.de", "web.de", "gmx.de", "gmx.net", "gmx.com", "gmx.at", "gmx.ch"),
    *("yandex.ru", "yandex.com", "mail.ru", "inbox.ru", "libero.it", "orange.fr", "wanadoo.fr"),
    *("comcast.net", "verizon.net", "btinternet.com", "naver.com", "hanmail.net", "fastmail.com"),
)
# Real ones that are one slip away from those above.
_REAL = frozenset(
    {
        *("mail.com", "email.com", "me.com", "mac.com", "msn.com", "qq.com", "163.com", "126.com"),
        *("live.in", "live.co.uk", "live.de", "live.fr", "zoho.in", "zohomail.com", "zohomail.in"),
        *("love.com", "gmx.fr", "gmx.us", "att.net", "sky.com", "tutanota.com", "tuta.com"),
        *("hey.com", "pm.me", "rocketmail.com", "inbox.com", "inbox.lv", "daum.net", "bk.ru"),
    }
)
_KNOWN = _REAL.union(PROVIDERS)
_NAMES = {domain.partition(".")[0] for domain in PROVIDERS}
# These have no other ending; the other names have one in many countries.
_ONLY_COM = frozenset({"gmail", "icloud", "rediffmail", "googlemail"})
# No country's and nobody's: nothing ends like this on purpose.
_NO_ENDINGS = {
    **dict.fromkeys(("con", "cmo", "ocm", "coom", "comm", "vom", "xom", "cpm", "conm"), "com"),
    **dict.fromkeys(("nte", "ent", "ner", "nett"), "net"),
    **dict.fromkeys(("ogr", "rog", "orgg"), "org"),
}
# Beside a name that everybody knows, these are slips too, although countries have them.
_SLIPS = frozenset({"co", "cm", "om", "cim", "c", "com.com", *_NO_ENDINGS})
SHORTEST = 5  # letters of a name; the shorter ones all resemble each other


def suggest_address(address: str) -> str | None:
    """The address that was probably meant; `None` for one that is probably right."""
    local, at, typed = address.rpartition("@")
    domain = typed.casefold()
    if not (local and at and "." in domain) or domain in _KNOWN:
        return None
    meant = _meant(domain)
    return f"{local}@{meant}" if meant and meant != domain else None


def _meant(domain: str) -> str | None:
    name, _, ending = domain.partition(".")
    if name in _ONLY_COM:
        return f"{name}.com"
    if name in _NAMES:  # another country's, unless its ending is a slip
        return f"{name}.com" if ending in _SLIPS and f"{name}.com" in _KNOWN else _ended(domain)
    return _nearest(domain) or _ended(domain)


def _nearest(domain: str) -> str | None:
    """A provider one slip away, or two where at least the first letter is right."""
    ended = _ended(domain) or domain
    if ended in _KNOWN:
        return ended
    able = [one for one in PROVIDERS if len(one.partition(".")[0]) >= SHORTEST]
    near = process.extract(ended, able, scorer=OSA.distance, score_cutoff=2, limit=None)
    likely = [
        (distance, place, one)
        for one, distance, place in near
        if distance == 1 or one[0] == ended[0]
    ]
    return min(likely)[2] if likely else None


def _ended(domain: str) -> str | None:
    """The domain with an ending that exists, where its own exists nowhere."""
    begin, _, ending = domain.rpartition(".")
    return f"{begin}.{_NO_ENDINGS[ending]}" if ending in _NO_ENDINGS else None
