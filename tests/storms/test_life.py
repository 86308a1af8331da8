"""The whole life of seats, all at once: people press every button while time runs out and staff decide.

Real gunicorn with four processes, two real workers, two processes of the office, sixteen browsers,
five batches. What came of it is judged by queries of our own, not by the program's functions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll import clock
from enroll.db import WRITING, atomically, db, lock_batches
from enroll.registrations import answering, arriving
from enroll.registrations.states import State
from tests import make
from tests.contents import contents
from tests.postgres import ThrowawayPostgres
from tests.serving import Site, Worker, command
from tests.storms.conftest import IS_FULL
from tests.storms.judging import broken_chains, unfair, wrong_letters, wrong_mail
from tests.storms.living import FIELDS, Town, Weather, rage

pytestmark = pytest.mark.storm

SECONDS = 30.0 if IS_FULL else 8.0
ROUNDS = 100 if IS_FULL else 20
LONGEST = 60.0  # three tries of a lock or two each: no answer may take longer

# The product with one bug in it, as `gunicorn careless:app`.
FORGETS_TO_PROMOTE = """
from enroll.registrations import answering
from enroll.registrations.allocation import move
from enroll.registrations.locking import lock_person
from enroll.registrations.outcomes import HasEnded, Outcome
from enroll.registrations.states import State
from wsgi import app

def withdraw(*, batch_id, registration_id, now):
    one = lock_person(registration_id, batch_id)
    if not one.state.is_live:
        raise HasEnded(state=one.state)
    move(one, State.WITHDRAWN, by="student", why="gave it up", now=now)
    return Outcome(one, changed=True)

answering.withdraw = withdraw
"""
LOCKS_TOO_WEAKLY = """
from enroll.db import lock_batches
from enroll.registrations import locking
from wsgi import app

locking.lock_batches = lambda *batches, shared=False: lock_batches(*batches, shared=True)
"""
IS_IMPATIENT = """
from importlib import import_module

house = import_module("enroll.db")
house.LOCK_TIMEOUT = house.BUSY_TIMEOUT = 0.2
from wsgi import app
"""


# ---------------------------------------------------------------- the town


@pytest.fixture
def reading(app: Flask) -> Iterator[sa.Engine]:
    """A way into the database that is not the program's."""
    engine = sa.create_engine(db.engine.url)
    yield engine
    engine.dispose()


@pytest.fixture
def found(app: Flask, reading: sa.Engine) -> Callable[[Site], Town]:
    """Founds a town around a site: five small batches of one course, each with its own rules."""

    def run(site: Site) -> Town:
        rules: list[dict[str, Any]] = [{}, {}, {"hold_hours": 1}]
        rules += [{"waitlist_limit": 6}, {"hold_limit": 2}]
        batches = [
            make.batch(capacity, code=f"batch-{number}", **rule)
            for number, (capacity, rule) in enumerate(zip((2, 3, 4, 5, 8), rules, strict=True), 1)
        ]
        routes = {rule.rule.rpartition("/")[2] for rule in app.url_map.iter_rules()}
        return Town(
            site.base_url,
            reading,
            {batch.code: batch.id for batch in batches},
            frozenset(routes & {"confirm", "accept", "pass", "withdraw", "transfer"}),
        )

    return run


@pytest.fixture
def careless(database_url: str, instance: Path, tmp_path: Path) -> Callable[[str], Site]:
    """A site that is not quite the product: this module serves it."""

    def run(module: str) -> Site:
        (tmp_path / "careless.py").write_text(module)
        return Site(database_url, instance, app_module="careless:app", pythonpath=tmp_path)

    return run


def deadlocks(town: Town) -> int:
    """How many deadlocks PostgreSQL has counted in this database; SQLite knows none."""
    if town.reading.dialect.name == "sqlite":
        return 0
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return int(town.ask(query)[0].deadlocks)


# ---------------------------------------------------------------- what must hold afterwards


def unkind_answers(weather: Weather) -> Iterator[str]:
    """Nobody met an error: a page, a redirect, or a no in words."""
    for met in weather.met:
        allowed = (200,) if met.what == "look" else (303, 409, 422)
        if met.status not in allowed:
            yield f"{met.what}: {met.status}"
    longest = max(met.seconds for met in weather.met)
    if longest > LONGEST:
        yield f"somebody waited {longest:.1f} s"


def settle(town: Town, worker: Worker) -> None:
    """Let the clock and the post do what is left, until nothing moves any more."""
    before = None
    while before != (now := town.ask("SELECT max(id), count(*) FROM registration_event")[0][:]):
        before = now
        worker.run_once()


# ---------------------------------------------------------------- the stories


def test_a_whole_life_in_the_storm(
    found: Callable[[Site], Town],
    racers: tuple[Any, Any],
    database_url: str,
    instance: Path,
) -> None:
    """Nobody meets an error or waits beside an idle seat, and everybody is told what happened."""
    with ExitStack() as running:
        site = running.enter_context(Site(database_url, instance, workers=4))
        town = found(site)
        workers = [running.enter_context(Worker(database_url, instance)) for _ in range(2)]
        stuck = deadlocks(town)
        weather = rage(town, SECONDS, racers)
        assert [worker.stop() for worker in workers] == [0, 0]
        assert unfair(town.ask) == []
        settle(town, workers[0])
    report(town, weather, deadlocks(town) - stuck)
    for program in (site, *workers):
        assert "Traceback" not in program.log(), program.log()
    assert weather.unfair == []
    assert Counter(unkind_answers(weather)) == {}
    assert unfair(town.ask) == []
    assert list(broken_chains(town.ask)) == []
    assert list(wrong_letters(town.ask)) == []
    assert list(wrong_mail(town.ask, instance)) == []
    done = command(database_url, instance, "audit")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_withdrawal_that_forgets_those_who_wait_is_found(
    found: Callable[[Site], Town], careless: Callable[[str], Site]
) -> None:
    """The storm must be able to fail: without the promotion somebody waits beside an idle seat."""
    with careless(FORGETS_TO_PROMOTE) as site:
        town = found(site)
        weather = rage(town, SECONDS / 2)
    seen = set(weather.unfair)
    print(f"a seat was idle in {len(seen)} cases, {weather.looks} looks")
    assert seen
    assert all(line.startswith("idle") for line in seen)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_lock_that_is_too_weak_is_found(
    found: Callable[[Site], Town],
    careless: Callable[[str], Site],
    database_url: str,
    instance: Path,
) -> None:
    """The storm must be able to fail: with the newcomers' lock for everything the rows break."""
    with careless(LOCKS_TOO_WEAKLY) as site:
        town = found(site)
        weather = rage(town, SECONDS)
    audit = command(database_url, instance, "audit")
    answers = Counter(unkind_answers(weather))
    print(f"{Counter(weather.unfair)}, answers {dict(answers)}\n{audit.stderr}")
    assert weather.unfair or list(broken_chains(town.ask)) or audit.returncode == 2


def test_who_meets_a_lock_is_told_to_try_again(
    found: Callable[[Site], Town], careless: Callable[[str], Site]
) -> None:
    """After three tries of a lock that stays: a 409 that says when to come back, nothing is changed."""
    with careless(IS_IMPATIENT) as site:
        town = found(site)
        batch_id = town.batches["batch-1"]
        atomically(
            arriving.register, batch_id=batch_id, applicant=make.applicant(), now=clock.now()
        )
        page, form = town.somebody("pending"), "/batches/batch-1/register"
        visitor = site.visitor()
        hidden, before = visitor.open_form(form), contents()
        db.session.connection(execution_options=WRITING)
        lock_batches(batch_id)
        answers = {
            button: visitor.post(f"{page}/{button}", hidden | {"to": "batch-2"})
            for button in sorted(town.buttons)
        }
        answers["register"] = visitor.post(form, hidden | FIELDS | {"email": "b@example.org"})
        db.session.rollback()
    assert contents() == before
    met = {name: (one.status, "Retry-After" in one.headers) for name, one in answers.items()}
    assert met == dict.fromkeys(answers, (409, True))


def press_confirm(batch_id: int, registration_id: int) -> None:
    who = {"batch_id": batch_id, "registration_id": registration_id}
    atomically(answering.confirm, **who, seen=State.PENDING, now=clock.now())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_one_person_confirms_in_two_batches_at_once(
    app: Flask, postgres: ThrowawayPostgres, race: Callable[..., list[Any]]
) -> None:
    """Two windows of one person never wait for each other in a circle, which costs both a second."""
    one, other = make.batch(capacity=ROUNDS), make.batch(capacity=ROUNDS)
    before = postgres.log().count("deadlock detected")
    for number in range(ROUNDS):
        held = [make.registration(batch, f"person{number}@example.org") for batch in (one, other)]
        race(*[partial(press_confirm, mine.batch_id, mine.id) for mine in held])
    assert {*make.states(one).values(), *make.states(other).values()} == {State.CONFIRMED}
    assert postgres.log().count("deadlock detected") - before == 0


def report(town: Town, weather: Weather, stuck: int) -> None:
    """The figures of the storm, for whoever reads the log."""
    answers = Counter((met.what, met.status) for met in weather.met)
    presses = [met for met in weather.met if met.what != "look"]
    busy = sum(met.is_busy for met in presses)
    slow = max(weather.met, key=lambda met: met.seconds)
    (count,) = town.ask(
        "SELECT (SELECT count(*) FROM registration) people,"
        " (SELECT count(*) FROM registration_event) moves,"
        " (SELECT count(*) FROM registration_event WHERE to_state = 'offered') offers,"
        " (SELECT count(*) FROM registration WHERE replaces_id IS NOT NULL) transfers"
    )
    letters = Counter(row.state for row in town.ask("SELECT state FROM letter"))
    print(f"\n{town.reading.dialect.name}, {SECONDS:.0f} s, {weather.looks} looks")
    print(f"  {dict(count._mapping)}, letters {dict(letters)}")
    print(f"  busy: {busy} of {len(presses)} presses; deadlocks: {stuck}")
    print(f"  longest answer: {slow.seconds:.2f} s ({slow.what}, {slow.status})")
    print(f"  answers: {dict(sorted(answers.items()))}")
    print(f"  office: {dict(weather.office)}")
