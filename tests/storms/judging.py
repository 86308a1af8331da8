"""Judges what a storm has left behind, by queries of its own: none of the program's functions is asked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from tests.serving import read_mailbox

Ask = Callable[[str], Sequence[sa.Row]]

# Somebody could be offered a seat that is free: written anew here, from the design alone.
IDLE = """
    SELECT batch.code, one.id FROM batch JOIN registration one ON one.batch_id = batch.id
    WHERE one.state = 'waitlisted' AND one.address_confirmed_at IS NOT NULL AND NOT one.is_resting
    AND EXISTS (SELECT 1 FROM seat WHERE seat.batch_id = batch.id AND NOT seat.taken)
    AND NOT EXISTS (SELECT 1 FROM registration other
                    WHERE other.wish_id = one.wish_id AND other.state = 'offered')
    AND NOT EXISTS (SELECT 1 FROM registration mate
                    WHERE mate.group_id = one.group_id AND mate.state = 'waitlisted'
                    AND (mate.address_confirmed_at IS NULL OR EXISTS
                         (SELECT 1 FROM registration other
                          WHERE other.wish_id = mate.wish_id AND other.state = 'offered')))
    AND (one.group_id IS NULL OR
         (SELECT count(*) FROM registration mate WHERE mate.group_id = one.group_id
          AND mate.state = 'waitlisted' AND NOT mate.is_resting)
         <= (SELECT count(*) FROM seat WHERE seat.batch_id = batch.id AND NOT seat.taken))
"""
SEATS = """
    SELECT code, (SELECT count(*) FROM seat WHERE seat.batch_id = batch.id AND seat.taken) AS taken,
           (SELECT count(*) FROM registration one WHERE one.batch_id = batch.id
            AND one.state IN ('pending', 'offered', 'confirmed')) AS sitting
    FROM batch
"""

# Which letter each move promises. By hand, from the design: not the program's table.
LETTERS = {
    (None, "pending"): "held",
    (None, "waitlisted"): "waitlisted",
    (None, "confirmed"): "confirmed",
    ("pending", "confirmed"): "confirmed",
    ("waitlisted", "offered"): "offered",
    ("waitlisted", "confirmed"): "confirmed",
    ("offered", "confirmed"): "confirmed",
    ("offered", "waitlisted"): "passed",
    **{(before, "expired"): "expired" for before in ("pending", "waitlisted", "offered")},
}
for _end in ("withdrawn", "cancelled"):
    LETTERS |= {(s, _end): _end for s in ("pending", "waitlisted", "offered", "confirmed")}
TOO_MANY = "three unasked letters today already"
SILENT = {"transfer", "wish", "erasure", "call-off", "telephone", "reconsidered"}


def unfair(ask: Ask) -> list[str]:
    """Seats that are idle beside somebody eligible, or taken by another number of people."""
    idle = [f"idle: {row.code}, registration {row.id}" for row in ask(IDLE)]
    return idle + [
        f"taken: {row.code}, {row.taken} by {row.sitting}"
        for row in ask(SEATS)
        if row.taken != row.sitting
    ]


def histories(ask: Ask) -> dict[int, list[sa.Row]]:
    """The moves of every registration, first to last."""
    found: dict[int, list[sa.Row]] = defaultdict(list)
    for row in ask(
        "SELECT id, registration_id, from_state, to_state, by_whom"
        " FROM registration_event ORDER BY id"
    ):
        found[row.registration_id].append(row)
    return found


def broken_chains(ask: Ask) -> Iterator[str]:
    """Each history begins with nothing, goes on where it stood, and ends in the present."""
    moves = histories(ask)
    for row in ask("SELECT id, state FROM registration"):
        before = None
        for move in moves[row.id]:
            if move.from_state != before:
                yield f"registration {row.id}: jumps from {before} over {move.from_state}"
            before = move.to_state
        if before != row.state:
            yield f"registration {row.id}: {row.state}, but its history ends in {before}"


def promised(move: sa.Row) -> str | None:
    """The kind of letter that this move promises, if it promises one."""
    if move.by_whom in SILENT or move.from_state == move.to_state:
        return None
    return f"registration_{LETTERS[move.from_state, move.to_state]}"


def wrong_letters(ask: Ask) -> Iterator[str]:
    """Each move that promises a letter has one; there are no others, and each has found its end."""
    owed = Counter(
        (f"registration:{whom}", promised(move))
        for whom, moves in histories(ask).items()
        for move in moves
        if promised(move)
    )
    letters = ask("SELECT about, kind, state, last_error FROM letter")
    written = Counter((letter.about, letter.kind) for letter in letters)
    yield from (f"{n} not written: {which}" for which, n in (owed - written).items())
    yield from (f"{n} too many: {which}" for which, n in (written - owed).items())
    left = {
        (f"registration:{whom}", f"{move.from_state} no more")
        for whom, moves in histories(ask).items()
        for move in moves
    }
    for letter in letters:
        why = letter.last_error
        is_outdated = (letter.about, why) in left or why == TOO_MANY
        if letter.state != "sent" and not (letter.state == "suppressed" and is_outdated):
            yield f"{letter.about}: {letter.kind} is {letter.state}: {why}"


def wrong_mail(ask: Ask, instance: Path) -> Iterator[str]:
    """In the mailbox lies every letter that was sent, once, at the person it was written to."""
    rows = ask("SELECT message_id, recipient FROM letter WHERE state = 'sent'")
    sent = Counter((row.message_id, row.recipient) for row in rows)
    there = Counter((str(m["Message-ID"]), str(m["To"])) for m in read_mailbox(instance))
    yield from (f"{n} not in the mailbox: {which}" for which, n in (sent - there).items())
    yield from (f"{n} too many in the mailbox: {which}" for which, n in (there - sent).items())
