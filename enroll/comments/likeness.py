"""A fingerprint of a text that look-alikes share. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_LINK = re.compile(r"(?:https?|hxxps?)://\S*|www\.\S+", re.IGNORECASE)


def likeness(body: str) -> str:
    """64 hexadecimal characters, the same for texts that differ only in letters' case, accents,
    numbers, the targets of links, punctuation, emoji and invisible characters."""
    bare = _LINK.sub(" link ", unicodedata.normalize("NFKD", body).casefold())
    kept = "".join(
        character if unicodedata.category(character)[0] == "L" else " "
        for character in bare
        if unicodedata.category(character) not in ("Mn", "Cf")
    )
    # Without any letter only the characters themselves are left to compare.
    words = " ".join(kept.split()) or " ".join(bare.split())
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
