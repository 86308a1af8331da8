"""kill -9 at the worst moments: nothing that was stored is lost, and every letter goes out once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from enroll.db import db
from enroll.mail.models import Letter
from enroll.registrations.models import Registration
from tests import make
from tests.contents import contents
from tests.postgres import free_port
from tests.serving import ROOT, Site, Visitor, Worker, environment, read_mailbox

pytestmark = pytest.mark.storm

FIELDS = {"name": "Asha Verma", "email": "asha@example.org", "consent": "y"}

# The product itself, in a process that dies as soon as a transaction of a request has committed.
DYING_WEB = """
import os, signal
from flask import request
from sqlalchemy import event
from sqlalchemy.orm import Session
from wsgi import app

@event.listens_for(Session, "after_commit")
def die(session):
    if os.path.exists({flag!r}) and request and request.method == "POST":
        os.remove({flag!r})
        os.kill(os.getpid(), signal.SIGKILL)
"""

# Workers on demand: for each line, one in a process of its own that dies before its n-th statement
# (0: never), some minutes later by its clock. Forked, because starting anew takes a second.
DYING_WORKERS = """
import os, signal, sys, traceback
from datetime import timedelta
from sqlalchemy import event
from sqlalchemy.engine import Engine
from enroll import clock, create_app, worker

app, now = create_app(), clock.now

def run(last, later):
    count = 0

    def die(*_):
        nonlocal count
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)

    clock.now = lambda: now() + timedelta(minutes=later)
    with app.app_context():
        if last:
            event.listen(Engine, "before_cursor_execute", die)
        worker.work(once=True)

for line in sys.stdin:
    child = os.fork()
    if not child:
        try:
            run(*map(int, line.split()))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_the_web_process_dies_between_commit_and_answer(
    app: Flask, database_url: str, instance: Path, tmp_path: Path
) -> None:
    flag = tmp_path / "die"
    (tmp_path / "dying.py").write_text(DYING_WEB.format(flag=str(flag)) + "\n")
    batch = make.batch(capacity=1)
    with Site(database_url, instance, app_module="dying:app", pythonpath=tmp_path) as site:
        visitor = Visitor(site.base_url).prepare(batch.code)
        flag.touch()
        with pytest.raises((ConnectionError, OSError)):
            visitor.submit(**FIELDS)
        site.kill_web()
    assert not flag.exists()
    with Site(database_url, instance) as site:
        assert make.states(batch) == {"asha@example.org": "pending"}
        Worker(database_url, instance).run_once()
        assert [str(letter["To"]) for letter in read_mailbox(instance)] == ["asha@example.org"]
        before = contents(without=("worker_beat",))
        assert Visitor(site.base_url).register(batch.code, **FIELDS).status == 303
        Worker(database_url, instance).run_once()
        assert contents(without=("worker_beat",)) == before
    assert len(read_mailbox(instance)) == 1


class Sink:
    """A mail server that keeps what it was given."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd asks for
        self, _server: object, _session: object, envelope: object
    ) -> str:
        message = message_from_bytes(envelope.content)
        self.got.append((envelope.rcpt_tos[0], message["Message-ID"]))
        return "250 kept"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    kept, port = Sink(), free_port()
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    yield kept, port
    server.stop()


class Workers:
    """Runs workers that die when they are told to."""

    def __init__(self, database_url: str, instance: Path, script: Path, smtp: int | None) -> None:
        mail = {
            "ENROLL_MAIL_SERVER": "127.0.0.1",
            "ENROLL_MAIL_PORT": str(smtp),
            "ENROLL_MAIL_USE_TLS": "false",
        }
        script.write_text(DYING_WORKERS)
        self._process = subprocess.Popen(
            [sys.executable, str(script)],
            env=environment(database_url, instance, mail if smtp else {})
            | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def work(self, *, last: int, later: int) -> int:
        """Run one until nothing is due, or until it dies; its exit status."""
        self._process.stdin.write(f"{last} {later}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


ROUTES = [("sqlite", False), ("postgresql", True)]
if os.environ.get("STORM") == "full":
    ROUTES += [("sqlite", True), ("postgresql", False)]


@pytest.mark.parametrize(("database_url", "by_smtp"), ROUTES, indirect=["database_url"])
def test_the_worker_dies_before_any_of_its_statements(
    app: Flask,
    database_url: str,
    instance: Path,
    tmp_path: Path,
    sink: tuple[Sink, int],
    by_smtp: bool,
) -> None:
    """After each death another worker, six minutes later, when the lease is over, does the rest."""
    kept, port = sink
    # SQLite is told a good deal more for the same work: its pragmas and each BEGIN.
    brief = 3 if database_url.startswith("sqlite") else 2
    step = 1 if os.environ.get("STORM") == "full" else brief
    deaths, last, status = 0, 1, -9

    def got(people: list[str]) -> Counter[str]:
        if by_smtp:
            return Counter(who for who, _ in kept.got if who in people)
        letters = (str(letter["To"]) for letter in read_mailbox(instance))
        return Counter(who for who in letters if who in people)

    smtp = port if by_smtp else None
    with Workers(database_url, instance, tmp_path / "dying.py", smtp) as workers:
        while status:
            batch = make.batch(capacity=2)
            people = [make.registration(batch).email for _ in range(3)]
            status = workers.work(last=last, later=0)
            assert status in (0, -9)
            assert workers.work(last=0, later=6) == 0
            assert got(people) == dict.fromkeys(people, 1), f"died before statement {last}"
            deaths, last = deaths + (status != 0), last + step
    print(f"the worker died {deaths} times")
    assert deaths >= 10
    unsure = sa.select(sa.func.count()).where(Letter.state.not_in(["sent", "unknown"]))
    db.session.rollback()
    assert db.session.scalar(unsure) == 0
    assert db.session.scalar(sa.select(sa.func.count(Registration.id))) == 3 * (deaths + 1)
