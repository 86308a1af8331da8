"""A text with holes as bytes to send, plain or compressed once: what stands in the holes never is.

So a secret in a hole cannot be guessed from how well the page packs (BREACH), and handing a page out
costs no compression: one gzip member (RFC 1952) of packed parts and, between them, stored blocks.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_END = b"\x01\x00\x00\xff\xff"  # an empty last block (RFC 1951)


class Parcel:
    """The parts of a text around its holes."""

    def __init__(self, parts: Sequence[str]) -> None:
        self._plain = [part.encode() for part in parts]
        self._packed = [_pack(part) for part in self._plain]
        self.size = sum(map(len, self._plain)) + sum(map(len, self._packed))
        self.digest = hashlib.sha256(b"".join(self._plain)).hexdigest()[:24]
        self._whole = self._gzip([]) if len(parts) == 1 else None

    def plain(self, filling: Sequence[bytes]) -> bytes:
        """The text with this in its holes."""
        return b"".join(_woven(self._plain, filling))

    def gzip(self, filling: Sequence[bytes]) -> bytes:
        """The same, compressed."""
        return self._whole or self._gzip(filling)

    def _gzip(self, filling: Sequence[bytes]) -> bytes:
        checksum = size = 0
        for piece in _woven(self._plain, filling):
            checksum, size = zlib.crc32(piece, checksum), size + len(piece)
        packed = _woven(self._packed, [_stored(one) for one in filling])
        return b"".join([_HEAD, *packed, _END, struct.pack("<II", checksum, size & 0xFFFFFFFF)])


def _woven(parts: Sequence[bytes], filling: Sequence[bytes]) -> list[bytes]:
    woven = [parts[0]]
    for one, part in zip(filling, parts[1:], strict=True):
        woven += [one, part]
    return woven


def _pack(part: bytes) -> bytes:
    """Blocks that end at a whole byte and look back at nothing before them."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH)


def _stored(piece: bytes) -> bytes:
    """A block as it is (RFC 1951, 3.2.4); what stands in a hole is far below its 65,535 bytes."""
    return struct.pack("<BHH", 0, len(piece), 0xFFFF ^ len(piece)) + piece
