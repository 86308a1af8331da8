"""The levels of coverage: how far a module takes a skill. Pure."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How a module treats a skill: the standard terms of a curriculum map, weakest first."""

    INTRODUCED = "I"
    REINFORCED = "R"
    MASTERED = "M"

    @property
    def rank(self) -> int:
        return list(Level).index(self)
