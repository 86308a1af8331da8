"""How long `flask audit` takes over a million registrations, on both databases; run by hand.

    .venv/bin/python -m tests.audit_million

A thousand full batches of a thousand people each (MILLION_BATCHES for fewer), planted by a few large
statements, with the histories and letters that verbs would have left. The times are those of the
whole command, as its caller waits for it.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from tests.bench import databases, plant
from tests.serving import ROOT, environment

Stamp = Callable[[float], str]

BATCHES = int(os.environ.get("MILLION_BATCHES", "1000"))
PEOPLE = 1000  # of each batch, by the order in which they came
SEATS = 600

# What becomes of the people of each batch: (first, last, state today, their seat less their number).
FATES = (
    (1, 5, "withdrawn", None),
    (6, 540, "confirmed", 0),
    (541, 570, "expired", None),
    (571, 600, "withdrawn", None),
    (601, 640, "confirmed", -60),
    (641, 645, "confirmed", -640),
    (646, 655, "waitlisted", None),
    (656, 660, "withdrawn", None),
    (661, 680, "offered", -80),
    (681, 950, "waitlisted", None),
    (951, 1000, "expired", None),
)

# The same days in every batch, one statement each. A line reads: who (first, last), from, to, by,
# why. Lines of one day alternate: the first person of each, then the second of each, as a seat that
# somebody leaves is offered to the next in the same transaction.
DAYS = (
    ((1, 600, None, "pending", "student", "registered"),),
    ((1, 540, "pending", "confirmed", "student", "confirmed the address"),),
    ((601, 1000, None, "waitlisted", "student", "registered"),),
    ((601, 950, "waitlisted", "waitlisted", "student", "confirmed the address"),),
    (
        (541, 570, "pending", "expired", "clock", "hold ran out"),
        (601, 630, "waitlisted", "offered", "clock", "a seat freed"),
    ),
    (
        (571, 600, "pending", "withdrawn", "student", "gave it up"),
        (631, 660, "waitlisted", "offered", "clock", "a seat freed"),
    ),
    ((601, 640, "offered", "confirmed", "student", "accepted the offer"),),
    (
        (641, 650, "offered", "waitlisted", "student", "passed the offer"),
        (661, 670, "waitlisted", "offered", "clock", "a seat freed"),
    ),
    (
        (651, 655, "offered", "waitlisted", "clock", "offer lapsed"),
        (671, 675, "waitlisted", "offered", "clock", "a seat freed"),
    ),
    (
        (656, 660, "offered", "withdrawn", "student", "gave it up"),
        (676, 680, "waitlisted", "offered", "clock", "a seat freed"),
    ),
    (
        (1, 5, "confirmed", "withdrawn", "student", "gave it up"),
        (641, 645, "waitlisted", "offered", "clock", "a seat freed"),
    ),
    ((641, 645, "offered", "confirmed", "student", "accepted the offer"),),
    ((951, 1000, "waitlisted", "expired", "clock", "address not confirmed in time"),),
)

# What a letter remembers: about as much as the snapshots that verbs take.
CONTEXT = '{"name": "Asha Verma", "why": "registered", "batch": {"title": "' + "x" * 500 + '"}}'


# ---------------------------------------------------------------- planting


def numbers(name: str, last: int, first: int = 1) -> str:
    """A table of numbers, in the one way both databases know."""
    return f"{name}(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM {name} WHERE n < {last})"


def fill(url: str, folder: Path) -> None:
    """A migrated database with all of it."""
    plant(url, folder, 1)
    engine = sa.create_engine(url)
    ago, is_sqlite = stamp(engine), engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if is_sqlite:  # nobody will miss this file after a power cut
            connection.exec_driver_sql("PRAGMA journal_mode = OFF")
            connection.exec_driver_sql("PRAGMA synchronous = OFF")
            connection.exec_driver_sql("PRAGMA cache_size = -500000")
        for statement in [
            *batches(engine),
            registrations(ago),
            *events(ago),
            *bonds(ago),
            letters(),
        ]:
            connection.exec_driver_sql(statement)
        connection.commit()
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
        if is_sqlite:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    engine.dispose()


def batches(engine: sa.Engine) -> list[str]:
    """Copies of the one batch there is, each with its seats, all of them taken."""
    names = [column["name"] for column in sa.inspect(engine).get_columns("batch")]
    changed = {"id": "many.n", "code": "'b-' || many.n"}
    copied = ", ".join(changed.get(name, f"batch.{name}") for name in names)
    return [
        "DELETE FROM seat",
        f"WITH RECURSIVE {numbers('many', BATCHES, 2)} INSERT INTO batch ({', '.join(names)})"
        f" SELECT {copied} FROM batch, many WHERE batch.id = 1 AND many.n <= {BATCHES}",
        f"WITH RECURSIVE {numbers('seats', SEATS)} INSERT INTO seat (batch_id, number, taken)"
        " SELECT batch.id, seats.n, true FROM batch, seats",
    ]


def registrations(ago: Stamp) -> str:
    """Everybody, as they are today. Batches fill side by side, so neighbours are strangers."""
    state = " ".join(f"WHEN p.n <= {last} THEN '{name}'" for _, last, name, _ in FATES)
    seat = " ".join(
        f"WHEN p.n <= {last} THEN " + ("NULL" if shift is None else f"p.n + {shift}")
        for _, last, _, shift in FATES
    )
    return f"""
        WITH RECURSIVE {numbers("p", PEOPLE)}
        INSERT INTO registration (id, batch_id, email, name, phone, background, message, language,
            state, seat_number, queue_number, token, deadline_at, address_confirmed_at,
            consent_version, consent_language, consented_at, created_at)
        SELECT {number("p.n")}, batch.id, 'person-' || {number("p.n")} || '@example.org',
            'Asha Verma', '+91 98765 43210', 'Support', 'By bus.', 'en',
            CASE {state} END, CASE {seat} END, p.n,
            'token-of-thirty-two-letters-' || {number("p.n")},
            CASE WHEN p.n BETWEEN 661 AND 680 THEN {ago(-2)} END,
            CASE WHEN p.n <= 540 OR p.n BETWEEN 601 AND 950 THEN {ago(7.5)} END,
            '2026-01', 'en', {ago(9)}, {ago(9)}
        FROM p, batch ORDER BY p.n, batch.id"""


def number(person: str, batch: str = "batch.id") -> str:
    """The id of a registration: people of all batches come in turn."""
    return f"(({person} - 1) * {BATCHES} + {batch})"


def stamp(engine: sa.Engine) -> Stamp:
    """How to write down the moment some days ago, as this database stores it."""

    def write(days: float) -> str:
        text = f"{datetime.now(UTC) - timedelta(days=days):%F %T}.000000"
        is_sqlite = engine.dialect.name == "sqlite"
        return f"'{text}'" if is_sqlite else f"timestamptz '{text}+00'"

    return write


def events(ago: Stamp) -> list[str]:
    """Every step, one half day after the other."""
    return [_day(lines, ago(9 - day / 2)) for day, lines in enumerate(DAYS)]


def _day(lines: tuple[tuple[object, ...], ...], at: str) -> str:
    parts = []
    for order, (first, last, source, target, by, why) in enumerate(lines):
        came_from = "NULL" if source is None else f"'{source}'"
        parts.append(
            f"SELECT p.n - {first} AS turn, {order} AS part, p.n AS person, {came_from} AS source,"
            f" '{target}' AS target, '{by}' AS by_whom, '{why}' AS why"
            f" FROM p WHERE p.n BETWEEN {first} AND {last}"
        )
    return f"""
        WITH RECURSIVE {numbers("p", PEOPLE)}
        INSERT INTO registration_event (registration_id, from_state, to_state, at, by_whom, why)
        SELECT {number("day.person")}, source, target, {at}, by_whom, why
        FROM ({" UNION ALL ".join(parts)}) AS day, batch
        ORDER BY turn, batch.id, part"""


def bonds(ago: Stamp) -> list[str]:
    """In each batch a group of five that waits, and wishes between every two neighbouring batches.

    One of a wish has an open offer in the odd batch and waits in the even one; the rest only wait.
    """
    wishes = [(680, 681), *((one, one) for one in range(700, 710))]
    found = [
        "INSERT INTO registration_group (id, batch_id) SELECT id, id FROM batch",
        "UPDATE registration SET group_id = batch_id WHERE queue_number BETWEEN 710 AND 714",
    ]
    for which, (odd, even) in enumerate(wishes):
        wish = f"({which * BATCHES} + (batch_id + 1) / 2)"
        found += [
            f"INSERT INTO wish (id, made_at) SELECT {wish.replace('batch_id', 'id')}, {ago(9)}"
            " FROM batch WHERE (id & 1) = 1",
            f"UPDATE registration SET wish_id = {wish} WHERE queue_number = {odd}"
            " AND (batch_id & 1) = 1",
            f"UPDATE registration SET wish_id = {wish} WHERE queue_number = {even}"
            " AND (batch_id & 1) = 0",
        ]
    return found


def letters() -> str:
    """The letter of every step that changes something, sent long ago."""
    kind = (
        "CASE WHEN from_state = 'offered' AND to_state = 'waitlisted' THEN 'passed'"
        " WHEN to_state = 'pending' THEN 'held' ELSE to_state END"
    )
    address = "'person-' || registration_id || '@example.org'"
    return f"""
        INSERT INTO letter (kind, about, recipient, language, context, dedupe_key, message_id,
            written_at, state, due_at, claimed_by, attempts, sent_at, last_error, is_unasked)
        SELECT 'registration_' || {kind}, 'registration:' || registration_id, {address}, 'en',
            '{CONTEXT}',
            'registration:' || registration_id || ':' || {kind} || ':' || id,
            '<letter-' || id || '@example.org>', at, 'sent', at, '', 1, at, '', false
        FROM registration_event
        WHERE from_state IS NULL OR from_state != to_state
        ORDER BY id"""


# ---------------------------------------------------------------- measuring


def measure(url: str, folder: Path) -> str:
    """Run the command once; how long it took and how much memory its process had at most."""
    before = time.monotonic()
    with (folder / "said").open("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "audit"],
            cwd=ROOT,
            env=environment(url, folder),
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        _pid, status, used = os.wait4(process.pid, 0)
        said.seek(0)
        lines = said.read().splitlines()
    words = "no problem" if status == 0 else f"{len(lines)} lines: {lines[:3]}"
    return f"{time.monotonic() - before:6.1f} s  {used.ru_maxrss / 1024:5.0f} MB  {words}"


def misplace(url: str) -> None:
    """The control: of a million, one had an offer who in truth came last. The audit must say so."""
    came_last = f"queue_number = {PEOPLE + 1} WHERE id = {number('661', '1')}"
    with sa.create_engine(url).begin() as connection:
        connection.exec_driver_sql(f"UPDATE registration SET {came_last}")


def rows(url: str) -> str:
    """How much there is to read."""
    tables = ("batch", "registration", "registration_event", "letter")
    with sa.create_engine(url).connect() as connection:
        counts = {
            table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in tables
        }
    return ", ".join(f"{table} {count:,}" for table, count in counts.items())


def _apart(work: Callable[..., None], *given: object) -> None:
    """Do it in a process of its own: a started program is said to need what its parent once did."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=given)
    process.start()
    process.join()
    assert process.exitcode == 0


def main() -> None:
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with databases() as kinds:
        for kind, fresh in kinds:
            with tempfile.TemporaryDirectory() as name:
                url = fresh(Path(name))
                before = time.monotonic()
                _apart(fill, url, Path(name))
                print(f"{kind}: {rows(url)} (planted in {time.monotonic() - before:.0f} s)")
                for _ in range(2):
                    print(f"{kind:<11} audit {measure(url, Path(name))}", flush=True)
                misplace(url)
                print(f"{kind:<11} again {measure(url, Path(name))}", flush=True)


if __name__ == "__main__":
    main()
