"""How large the storms are: small in the gate, full with `make storm` (STORM=full).

And the processes that race: forked once, driven over pipes, started at one real moment.
"""

from __future__ import annotations

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

import pytest
from flask import Flask

from enroll.db import WRITING, atomically, db
from enroll.registrations import answering, arriving
from enroll.registrations.models import Registration
from tests import make

IS_FULL = os.environ.get("STORM") == "full"


@pytest.fixture
def rounds() -> int:
    """How often a race is run."""
    return 200 if IS_FULL else 10


@pytest.fixture
def race_rounds() -> int:
    """How often a race between two verbs is run, which takes milliseconds, not a site."""
    return 500 if IS_FULL else 100


# ---------------------------------------------------------------- processes that race

Verb = Callable[[], Any]
AHEAD = 0.002  # seconds between the order and the start: both have read it by then
PATIENCE = 30.0


class Racer:
    """A process of the product that runs one verb after the other, each at the moment it is told."""

    def __init__(self) -> None:
        fork = multiprocessing.get_context("fork")
        self._pipe, far_end = fork.Pipe()
        self._process = fork.Process(target=self._run, args=(far_end,), daemon=True)
        self._process.start()
        far_end.close()

    def begin(self, verb: Verb, at: float = 0.0) -> None:
        """Run this when the clock that all processes share (time.monotonic) shows `at`."""
        self._pipe.send((verb, at))

    def answer(self) -> Any:
        """What the verb answered; raises if it raised, with the traceback of its process."""
        if not self._pipe.poll(PATIENCE):
            raise TimeoutError("a racer does not answer")
        answer, trouble = self._pipe.recv()
        if trouble:
            raise RuntimeError(trouble)
        return answer

    def stop(self) -> None:
        """Let it end, and wait for that."""
        self._pipe.send((None, 0.0))
        self._process.join(PATIENCE)
        self._pipe.close()

    def _run(self, orders: Connection) -> None:
        self._pipe.close()
        while (order := orders.recv())[0] is not None:
            orders.send(_run_at(*order))
        db.engine.dispose()


def _run_at(verb: Verb, at: float) -> tuple[Any, str]:
    time.sleep(max(0.0, at - time.monotonic() - AHEAD / 2))
    while time.monotonic() < at:
        pass  # sleeping to the end would wake too late by more than the races are about
    try:
        return verb(), ""
    except BaseException:
        return None, traceback.format_exc()
    finally:
        db.session.remove()


@pytest.fixture
def racers(app: Flask) -> Iterator[tuple[Racer, Racer]]:
    """Two processes on the database of `app`; connections are their own, none survives the fork."""
    db.session.remove()
    db.engine.dispose()
    pair = (Racer(), Racer())
    yield pair
    for racer in pair:
        racer.stop()


@pytest.fixture
def race(racers: tuple[Racer, Racer]) -> Callable[..., list[Any]]:
    """Runs two verbs in two processes from the same moment on; what they answered.

    With `later` the second begins so many seconds after the first, or before it.
    """

    def run(one: Verb, other: Verb, *, later: float = 0.0) -> list[Any]:
        start = time.monotonic() + AHEAD
        racers[0].begin(one, start + max(0.0, -later))
        racers[1].begin(other, start + max(0.0, later))
        return [racer.answer() for racer in racers]

    return run


@pytest.fixture
def elsewhere(racers: tuple[Racer, Racer]) -> Callable[[Verb], Any]:
    """Runs a verb in a process of its own, where it may bend the clock and disturb nobody."""

    def run(verb: Verb) -> Any:
        racers[0].begin(verb)
        return racers[0].answer()

    return run


# ---------------------------------------------------------------- what they race for


@pytest.fixture
def fill(app: Flask) -> Callable[..., list[tuple[int, int, int | None]]]:
    """Makes batches whose only seat is taken: the ids of batch, holder and who waits, if somebody does.

    By the program's verbs, but in one transaction: else preparing takes longer than racing.
    """

    def run(
        *, is_waited_for: Sequence[bool], holder_confirmed: bool, now: datetime
    ) -> list[tuple[int, int, int | None]]:
        batches = [(make.batch(capacity=1, now=now).id, waits) for waits in is_waited_for]

        def verb() -> list[tuple[int, int, int | None]]:
            return [
                (
                    batch_id,
                    _sit_down("holder", batch_id, now, confirmed=holder_confirmed),
                    _sit_down("waiting", batch_id, now) if waits else None,
                )
                for batch_id, waits in batches
            ]

        return atomically(verb)

    return run


def _sit_down(who: str, batch_id: int, now: datetime, *, confirmed: bool = True) -> int:
    newcomer = make.applicant(f"{who}-{batch_id}@example.org")
    person_id = arriving.register(batch_id=batch_id, applicant=newcomer, now=now)
    assert person_id is not None
    if confirmed:
        state = db.session.get_one(Registration, person_id).state
        answering.confirm(batch_id=batch_id, registration_id=person_id, seen=state, now=now)
    return person_id


@pytest.fixture
def naive_copies(app: Flask) -> None:
    """Copies of the tables that people sit in, for the negative controls: `naive_seat` and so on.

    Made this way they have the columns and none of the constraints.
    """
    with db.engine.connect().execution_options(**WRITING) as connection, connection.begin():
        for table in ("seat", "registration", "registration_event"):
            connection.exec_driver_sql(f"CREATE TABLE naive_{table} AS SELECT * FROM {table}")
