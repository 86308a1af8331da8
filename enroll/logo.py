"""The institute's logo: an SVG or PNG file, looked at once when the server starts."""

from __future__ import annotations

import hashlib
import re
import struct
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

LARGEST = 50_000  # bytes: every page shows it, on a bad line too
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = "{http://www.w3.org/2000/svg}"
_RUNS = frozenset({"script", "foreignobject", "handler", "listener"})
_ADDRESSES = ("href", "src")


class BadLogo(Exception):
    """The file cannot be the logo; the message says why, as the end of a sentence."""


class Logo(NamedTuple):
    """A logo that can be served: its bytes, its kind, and its size in its own units."""

    data: bytes
    kind: str  # svg or png
    width: float
    height: float

    @property
    def address(self) -> str:
        """Where it is served; it changes with the content, so browsers may keep it for ever."""
        return f"/logo.{self.kind}?v={self.digest}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()[:12]

    def width_at(self, height: int) -> int:
        """How wide it is when it is so high, so that pages can leave it its place."""
        return max(1, round(self.width * height / self.height))


def read_logo(path: Path) -> Logo:
    """Read the file. Refuses with `BadLogo` what is too large, no picture, or could do something."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise BadLogo(f"cannot be read: {error.strerror or error}") from None
    if len(data) > LARGEST:
        raise BadLogo("is larger than 50 kB")
    if data.startswith(_PNG) and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return _sized(data, "png", width, height)
    return _svg(data)


def _svg(data: bytes) -> Logo:
    if b"<!ENTITY" in data:  # nor can a small file then unfold into a large one
        raise BadLogo("is an SVG with entities of its own; save it as plain SVG")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - without entities; the operator's own file
    except (ElementTree.ParseError, ValueError, LookupError):
        raise BadLogo("is neither an SVG nor a PNG file") from None
    if root.tag != f"{_SVG}svg":
        raise BadLogo("is neither an SVG nor a PNG file")
    for element in root.iter():
        if _is_active(element):
            raise BadLogo("is an SVG with a script, or with something from elsewhere, in it")
    box = [float(one) for one in re.findall(r"-?[\d.]+", root.get("viewBox", ""))][2:4]
    sides = box or [_units(root.get(name, "")) for name in ("width", "height")]
    return _sized(data, "svg", *sides)


def _sized(data: bytes, kind: str, *sides: float) -> Logo:
    if len(sides) != 2 or not all(0 < side < 100_000 for side in sides):
        raise BadLogo("does not say how wide and how high it is")
    return Logo(data, kind, *sides)


def _units(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)(px)?", text.strip())
    return float(found[1]) if found else 0


def _is_active(element: ElementTree.Element) -> bool:
    """Does it run, react, or fetch? An address within the file or in it as data does neither."""
    tag = element.tag if isinstance(element.tag, str) else ""
    if tag.rpartition("}")[2].lower() in _RUNS:
        return True
    for name, value in element.attrib.items():
        plain = name.rpartition("}")[2].lower()
        is_elsewhere = not value.strip().startswith(("#", "data:image/"))
        if plain.startswith("on") or (plain in _ADDRESSES and is_elsewhere):
            return True
    return False
