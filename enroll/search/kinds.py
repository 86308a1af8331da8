"""What can be found, the weightier first where two titles match alike. Pure."""

from __future__ import annotations

from enum import StrEnum


class Found(StrEnum):
    """What an entry leads to."""

    GUIDE = "guide"
    COURSE = "course"
    SKILL = "skill"
    BATCH = "batch"
    MODULE = "module"

    @property
    def weight(self) -> int:
        return len(Found) - list(Found).index(self)
