"""The signed address that bounces of one letter come back to (a variable envelope return path).

Mail servers report to the envelope's sender, RFC 5321's MAIL FROM. Ours names the letter and proves
that we wrote it: whoever has not had that very letter cannot say that it did not arrive.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

LONGEST_LOCAL = 24  # of the address set; with 12 digits and the signature that makes RFC 5321's 64
_SIGNED = re.compile(r"([^\s<>\"@,;:]+)\+(\d{1,12})-([a-z2-7]{26})@([a-z0-9.-]+)")


def return_address(letter_id: int, *, bounces: str, secret: str) -> str:
    """Where a report about this letter goes: `bounces+42-signature@example.org`, at most 64 octets
    before the @. All of it is lower case: some servers do not keep the case of what they return to.
    """
    local, _at, domain = bounces.lower().rpartition("@")
    return f"{local}+{letter_id}-{_signature(letter_id, secret)}@{domain}"


def letter_named(headers: Iterable[str], *, bounces: str, secret: str) -> int | None:
    """The letter whose signed address stands in one of these headers; only with a true signature."""
    local, _at, domain = bounces.lower().rpartition("@")
    for header in headers:
        for found in _SIGNED.finditer(header.lower()):
            if (found[1], found[4]) != (local, domain):
                continue
            letter_id = int(found[2])
            if hmac.compare_digest(found[3], _signature(letter_id, secret)):
                return letter_id
    return None


def _signature(letter_id: int, secret: str) -> str:
    """128 bits of a keyed hash, in letters that no mail server minds."""
    digest = hmac.digest(secret.encode(), f"bounce:{letter_id}".encode(), hashlib.sha256)
    return base64.b32encode(digest[:16]).decode().rstrip("=").lower()
