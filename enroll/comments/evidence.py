"""What the rules are told of a comment, what they find, and what that comes to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from enroll.comments.bayes import WordCounts

RULE_SET = 2  # raised with every change of a rule: findings are frozen with it
LIKELY_SPAM = 4.0  # from so much doubt on, a comment is shown among the likely spam


class FormToken(StrEnum):
    """What the ticket in the form says."""

    FRESH = "fresh"
    EARLY = "early"
    OLD = "old"
    REPLAYED = "replayed"
    MISSING = "missing"
    FORGED = "forged"


@dataclass(frozen=True)
class Circumstances:
    """A text and all that the rules may know around it."""

    name: str
    body: str
    reserved_names: tuple[str, ...]  # the institute and its staff
    listed_words: tuple[str, ...]
    welcome: tuple[str, ...]  # languages, ISO 639
    form: FormToken
    seconds: float | None  # between showing the form and sending it
    trap_filled: bool
    same_text: int  # look-alikes of the last month
    address_turned_down: int  # in 90 days
    network_turned_down: int
    network_lately: int  # comments in the last hour
    counts: WordCounts


@dataclass(frozen=True)
class Finding:
    """What one rule found. `facts` are what its sentence needs: matched words and where they stand."""

    rule: str
    weight: float
    holds: bool
    facts: Mapping[str, Any]


def doubt(findings: Sequence[Finding]) -> float:
    """How much speaks against a comment."""
    return round(sum(one.weight for one in findings), 2)


def holds(findings: Sequence[Finding]) -> bool:
    """Must a moderator read it, whoever wrote it?"""
    return any(one.holds for one in findings)


def is_likely_spam(findings: Sequence[Finding]) -> bool:
    """Is it shown last, one line, ticked?"""
    return doubt(findings) >= LIKELY_SPAM
