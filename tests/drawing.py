"""Draws docs/states.md from the tables of moves themselves: `python -m tests.drawing` writes it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from enroll.batches.states import BATCH_MOVES, BatchState
from enroll.mail.states import LETTER_MOVES, LetterState
from enroll.moves import Moves
from enroll.registrations.states import LIVE, MOVES, State

FILE = Path(__file__).parent.parent / "docs" / "states.md"

HEAD = """\
# States and moves

Every registration, batch and letter stands in one of a few states, and moves only as these tables
allow: the program refuses every other move, and `flask audit` replays all histories against them.

This page is drawn from the code by `python -m tests.drawing`; a test fails when the two differ.
"""


@dataclass(frozen=True)
class Subject:
    """One table of moves, with what a reader should know of it."""

    title: str
    is_what: str
    moves: Moves[Any]
    states: type[StrEnum]
    # Where a thing of this kind may rest for good.
    ended: frozenset[StrEnum]


SUBJECTS = (
    Subject(
        "Registrations",
        "A registration is one person's request for a seat in one batch. Pending, offered and"
        " confirmed hold a seat; who has ended may register again, as a new registration.",
        MOVES,
        State,
        frozenset(set(State) - LIVE),
    ),
    Subject(
        "Batches",
        "A batch is one dated run of a course. Only drafts are hidden; a batch that goes ahead"
        " stays confirmed to run when it is over.",
        BATCH_MOVES,
        BatchState,
        frozenset({BatchState.CONFIRMED_TO_RUN, BatchState.CALLED_OFF}),
    ),
    Subject(
        "Letters",
        "A letter is one e-mail on its way from the transaction it speaks of to the mail server of"
        " its reader. Unknown is an end unless an answer still comes: it is never sent twice.",
        LETTER_MOVES,
        LetterState,
        frozenset(
            {
                LetterState.SENT,
                LetterState.FAILED,
                LetterState.UNKNOWN,
                LetterState.SUPPRESSED,
            }
        ),
    ),
)


def page() -> str:
    """The whole of docs/states.md."""
    return "\n".join([HEAD, *(_section(subject) for subject in SUBJECTS)])


def _section(subject: Subject) -> str:
    drawing, table = "\n".join(_drawing(subject)), "\n".join(_table(subject))
    is_what = textwrap.fill(subject.is_what, 100)
    return f"## {subject.title}\n\n{is_what}\n\n```mermaid\n{drawing}\n```\n\n{table}\n"


def _drawing(subject: Subject) -> Iterable[str]:
    yield "stateDiagram-v2"
    for state in subject.states:
        yield f'    state "{_words(state)}" as {state.value}'
    for source, target, by in subject.moves:
        yield f"    {source.value if source else '[*]'} --> {target.value} : {_label(by)}"
    for state in subject.states:
        if state in subject.ended:
            yield f"    {state.value} --> [*]"


def _label(text: str) -> str:
    """The text of an arrow, without the two signs at which Mermaid believes a label to end."""
    return text.replace(": ", " – ").replace("; ", ", ")


def _table(subject: Subject) -> Iterable[str]:
    yield "| from | to | by |"
    yield "|---|---|---|"
    for source, target, by in subject.moves:
        yield f"| {_words(source) if source else '(nothing yet)'} | {_words(target)} | {by} |"


def _words(state: StrEnum) -> str:
    return state.value.replace("_", " ")


# ---------------------------------------------------------------- can everything be reached


def reached(moves: Moves[Any], start: StrEnum | None) -> set[StrEnum]:
    """Every state that moves lead to from `start`, or from nothing."""
    found: set[StrEnum] = set()
    waiting: list[StrEnum | None] = [start]
    while waiting:
        here = waiting.pop()
        for source, target, _by in moves:
            if source is here and target not in found:
                found.add(target)
                waiting.append(target)
    return found


def main() -> None:
    FILE.write_text(page())
    print(f"{FILE.name} is drawn")


if __name__ == "__main__":
    main()
