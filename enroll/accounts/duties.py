"""The duties of staff accounts. Pure."""

from __future__ import annotations

from enum import StrEnum


class Duty(StrEnum):
    """What a staff account may do. (A *role* is a job role, in the catalog.)"""

    PLAN = "plan"
    MODERATE = "moderate"
    ADMINISTER = "administer"
