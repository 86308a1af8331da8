"""The arithmetic of coverage: which level a course gives a skill. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Level(StrEnum):
    """How a module treats a skill: the standard terms of a curriculum map, weakest first."""

    INTRODUCED = "I"
    REINFORCED = "R"
    MASTERED = "M"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


def by_skill(cells: Iterable[tuple[str, Level]]) -> dict[str, Level]:
    """The highest level each skill reaches over (skill slug, level) pairs."""
    found: dict[str, Level] = {}
    for skill, level in cells:
        if skill not in found or level.rank > found[skill].rank:
            found[skill] = level
    return found
