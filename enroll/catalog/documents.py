"""The shape of what staff write: the skill list, a role guide, a course. Pure.

A document is what a file of the catalog holds: a mapping of plain values, as YAML or JSON has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

Document = Mapping[str, Any]


class Kind(StrEnum):
    """What a document is about."""

    SKILLS = "skills"  # one document for the whole list; its slug is "skills"
    ROLE = "role"
    COURSE = "course"


LEVELS = ("Beginner", "Intermediate", "Advanced")
