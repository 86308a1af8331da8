"""The one guard that all tables of state moves share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)


class IllegalMove(Exception):
    """A verb tried a move that its table does not have: a bug of ours, never a person's mistake."""


class Moves(Generic[S]):
    """A table of the moves that are allowed between the states of one thing.

    `None` stands for "does not exist yet": its row lists the states a thing may begin in. The value
    beside each move says what makes it, for the history and for the drawing in the documentation.
    """

    def __init__(self, table: Mapping[S | None, Mapping[S, str]]) -> None:
        self._table = table

    def __iter__(self) -> Iterator[tuple[S | None, S, str]]:
        for source, targets in self._table.items():
            for target, by in targets.items():
                yield source, target, by

    def allows(self, source: S | None, target: S) -> bool:
        return target in self._table.get(source, {})

    def check(self, source: S | None, target: S) -> None:
        """Raise `IllegalMove` unless the table has this move."""
        if not self.allows(source, target):
            raise IllegalMove(f"{source or 'nothing'} → {target}")
