"""What a person agrees to when registering. Pure: the words stand in the form, their version here."""

from __future__ import annotations

# Raise it whenever the sentence in templates/site/registering/_consent.html changes its meaning.
CONSENT_TEXT = "2026-11"


def consent_version(minimum_age: int) -> str:
    """Which sentence was agreed to: its text's version and the age it named, e.g. 2026-11/18."""
    return f"{CONSENT_TEXT}/{minimum_age}"
