"""The base of every "no" that a person may read."""

from __future__ import annotations


class Refused(Exception):
    """A verb says no, for a reason its class names, and has changed nothing.

    Verbs raise a subclass for each reason; the view shows it in its own words. `facts` are the
    numbers and times that such a sentence needs.
    """

    def __init__(self, **facts: object) -> None:
        super().__init__(", ".join(f"{key}={value}" for key, value in facts.items()))
        self.facts = facts


class Busy(Refused):
    """Too many people at once: three tries met a lock each. Trying again later will work."""
