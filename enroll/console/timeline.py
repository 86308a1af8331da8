"""One timeline of one person: moves, letters, calls and internal notes, in the order they came."""

from __future__ import annotations

from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

from enroll.console import queries, words
from enroll.console.telling import words_to_say
from enroll.mail.states import LetterState
from enroll.mail.telephone import Task, tasks_about
from enroll.registrations.letters import about
from enroll.registrations.models import Registration
from enroll.registrations.noting import notes_about
from enroll.registrations.personal import history

MOVE, LETTER, CALL, NOTE = "move", "letter", "call", "note"
_LAST = 2**63


class Entry(NamedTuple):
    """Something that happened: `row` is the move, letter, task or note itself."""

    at: datetime
    kind: str
    who: str
    row: Any
    say: str = ""  # what to tell on the telephone
    reached: Any = None  # the entry of the call, where a letter did not arrive
    move: int = _LAST  # the number of the move it is, or whose letter it is


def timeline(one: Registration) -> list[Entry]:
    """All of it, first to last; five queries, however much happened."""
    moves, notes = history(one), notes_about(one.id)
    calls = {task.letter_id: task for task in tasks_about([about(one.id)])}
    names = queries.names_of_hands(
        [row.by for row in (*moves, *notes)] + [task.told_by for task in calls.values()]
    )
    # Histories are read by id, because clocks may step back: no move stands before an earlier one.
    times = accumulate((move.at for move in moves), max)
    entries = [
        Entry(at, MOVE, words.hand(move.by, names), move, move=move.id)
        for at, move in zip(times, moves, strict=True)
    ]
    for letter in queries.letters_about(one):
        task = calls.get(letter.id)
        entry = Entry(letter.written_at, LETTER, "", letter)
        if task and letter.state is LetterState.SUPPRESSED:
            entry = _call(task, names)
        elif task:  # it did not arrive, and somebody has reached them by telephone
            entry = entry._replace(reached=_call(task, names))
        entries.append(entry._replace(move=_promised_by(letter)))
    entries += [
        Entry(note.at, NOTE, words.hand(note.by, names), note) for note in notes if note.text
    ]
    # Of what happened in one moment each move comes first, then its letter, then the rest.
    return sorted(entries, key=lambda entry: (entry.at, entry.move, entry.kind != MOVE))


def _promised_by(letter: Any) -> int:
    """The number of the move that promised this letter; of other letters none."""
    number = letter.dedupe_key.rpartition(":")[2]
    is_promised = letter.kind.startswith("registration_") and number.isdecimal()
    return int(number) if is_promised else _LAST


def _call(task: Task, names: dict[str, str]) -> Entry:
    who = words.hand(task.told_by, names) if task.told_at else ""
    return Entry(task.written_at, CALL, who, task, words_to_say(task.kind, task.context))
