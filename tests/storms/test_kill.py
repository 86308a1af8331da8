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

# The worker itself, in a process that dies before its n-th statement; or one of six minutes later.
DYING_WORKER = """
import os, signal, sys
from datetime import timedelta
from sqlalchemy import event
from sqlalchemy.engine import Engine
from enroll import clock, create_app, worker

last, later = int(sys.argv[1]), timedelta(minutes=int(sys.argv[2]))
now = clock.now
clock.now = lambda: now() + later
count = 0

def die(*_):
    global count
    count += 1
    if count == last:
        os.kill(os.getpid(), signal.SIGKILL)

app = create_app()
with app.app_context():
    if last:
        event.listen(Engine, "before_cursor_execute", die)
    worker.work(once=True)
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


def work(
    database_url: str, instance: Path, script: Path, smtp: int | None, last: int, later: int
) -> int:
    """Run the worker until nothing is due, or until it dies; its exit status."""
    mail = {
        "ENROLL_MAIL_SERVER": "127.0.0.1",
        "ENROLL_MAIL_PORT": str(smtp),
        "ENROLL_MAIL_USE_TLS": "false",
        "PYTHONPATH": str(ROOT),
    }
    env = environment(database_url, instance, mail if smtp else {"PYTHONPATH": str(ROOT)})
    done = subprocess.run(
        [sys.executable, str(script), str(last), str(later)],
        env=env,
        capture_output=True,
        timeout=60,
    )
    return done.returncode


@pytest.mark.parametrize("by_smtp", [True, False], ids=["smtp", "mailbox"])
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
    smtp = port if by_smtp else None
    script = tmp_path / "dying.py"
    script.write_text(DYING_WORKER)
    step = 1 if os.environ.get("STORM") == "full" else 6
    deaths, last = 0, 1
    while True:
        batch = make.batch(capacity=2)
        people = [make.registration(batch).email for _ in range(3)]
        status = work(database_url, instance, script, smtp, last, 0)
        assert work(database_url, instance, script, smtp, 0, 6) == 0
        got = (
            [who for who, _ in kept.got]
            if by_smtp
            else [str(letter["To"]) for letter in read_mailbox(instance)]
        )
        assert Counter(who for who in got if who in people) == dict.fromkeys(people, 1), last
        if status == 0:
            break
        assert status == -9
        deaths, last = deaths + 1, last + step
    print(f"the worker died {deaths} times")
    assert deaths >= 3
    unsure = sa.select(sa.func.count()).where(Letter.state.not_in(["sent", "unknown"]))
    db.session.rollback()
    assert db.session.scalar(unsure) == 0
    assert db.session.scalar(sa.select(sa.func.count(Registration.id))) == 3 * (deaths + 1)
