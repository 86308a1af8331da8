"""What operators do: ask the doctor, take a backup while people register, restore it elsewhere."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from flask import Flask

from tests import make
from tests.contents import contents
from tests.journeys.walking import until
from tests.postgres import find_binaries, free_port
from tests.serving import Site, Worker, at_once, command

FIELDS = {"name": "Asha Verma", "consent": "y"}
SINK = {"ENROLL_MAIL_SERVER": "127.0.0.1", "ENROLL_MAIL_USE_TLS": "false"}


class Arrived(Message):
    """Keeps what a mail server was given."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list = []

    def handle_message(self, message) -> None:
        self.messages.append(message)


@pytest.fixture
def tools() -> dict[str, str]:
    """pg_dump and pg_restore of the server's own version come first: an older one refuses it."""
    folder = find_binaries()
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"} if folder else {}


@pytest.fixture
def empty_url(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A second database of the same kind, without a single table."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'restored.sqlite3'}"
        return
    server = request.getfixturevalue("postgres")
    name = f"{database_url.rpartition('/')[2]}_restored"
    server.create_database(name)
    yield server.url(name)
    server.drop_database(name)


# ---------------------------------------------------------------- the doctor


def test_the_doctor_prints_thirteen_lines(app: Flask, database_url: str, instance: Path) -> None:
    """On a server that has everything: thirteen times ok, and exit 0."""
    assert command(database_url, instance, "demo").returncode == 0
    Worker(database_url, instance).run_once()
    done = command(database_url, instance, "doctor")
    lines = done.stdout.splitlines()
    assert len(lines) == 13, done.stdout + done.stderr
    assert all(line.startswith("ok  ") for line in lines), done.stdout
    assert done.returncode == 0
    assert lines[-1] == f"ok   test mail arrived in the local mailbox, {instance / 'mailbox'}"
    assert not list((instance / "mailbox").glob("test-mail*")), "the test mail was left behind"


def test_the_doctor_says_what_is_missing(database_url: str, empty_url: str, instance: Path) -> None:
    """Thirteen lines also where there is nothing yet, and what to do about it."""
    done = command(empty_url, instance, "doctor")
    lines = done.stdout.splitlines()
    assert len(lines) == 13, done.stdout + done.stderr
    assert done.returncode == 1
    assert any(line.startswith("NOT ") and "db upgrade" in line for line in lines), done.stdout
    assert "Traceback" not in done.stderr


def test_the_doctor_sends_a_mail(app: Flask, database_url: str, instance: Path) -> None:
    arrived = Arrived()
    sink = Controller(arrived, hostname="127.0.0.1", port=free_port())
    sink.start()
    try:
        env = SINK | {"ENROLL_MAIL_PORT": str(sink.port)}
        done = command(database_url, instance, "doctor", env=env)
    finally:
        sink.stop()
    last = done.stdout.splitlines()[-1]
    assert last.startswith("ok   test mail arrived at 127.0.0.1"), done.stdout + done.stderr
    (message,) = arrived.messages
    assert "test mail" in message["Subject"]


def test_the_doctor_sees_that_nobody_takes_mail(
    app: Flask, database_url: str, instance: Path
) -> None:
    env = SINK | {"ENROLL_MAIL_PORT": str(free_port())}
    done = command(database_url, instance, "doctor", env=env)
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("NOT  test mail did not arrive: 127.0.0.1"), done.stdout
    assert len(lines) == 13
    assert done.returncode == 1


# ---------------------------------------------------------------- backup and restore


class Storm:
    """Visitors who keep registering; whose 303 has come is known at any moment."""

    def __init__(self, site: Site, code: str, visitors: int) -> None:
        self.acknowledged: list[str] = []
        self._site = site
        self._code = code
        self._over = threading.Event()
        self._crowd = threading.Thread(target=self._come, args=(visitors,))

    def _come(self, visitors: int) -> None:
        at_once([lambda n=n: self._keep_registering(n) for n in range(visitors)])

    def _keep_registering(self, first: int) -> None:
        visitor = self._site.visitor().prepare(self._code)
        number = 0
        while not self._over.is_set():
            email = f"person{first}-{number}@example.org"
            if visitor.submit(**FIELDS, email=email).status == 303:
                self.acknowledged.append(email)
            number += 1

    def __enter__(self) -> Storm:
        self._crowd.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._crowd.join()


def addresses(database_url: str) -> set[str]:
    """Everybody who is registered in this database."""
    engine = sa.create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = set(connection.execute(sa.text("SELECT email FROM registration")).scalars())
    engine.dispose()
    return found


@pytest.mark.storm
def test_a_backup_in_a_storm_holds_everybody_acknowledged(
    app: Flask,
    database_url: str,
    empty_url: str,
    instance: Path,
    tmp_path: Path,
    tools: dict[str, str],
) -> None:
    file = tmp_path / "backups" / "50%20 #1?.backup"  # a name may hold anything
    code = make.batch(capacity=50).code
    with Site(database_url, instance) as site, Storm(site, code, visitors=6) as storm:
        until(lambda: len(storm.acknowledged) >= 60 or None, "60 registrations")
        before = set(storm.acknowledged)
        taken = command(database_url, instance, "backup", str(file), env=tools)
        during = len(storm.acknowledged) - len(before)
        enough = len(storm.acknowledged) + 60
        until(lambda: len(storm.acknowledged) >= enough or None, "60 more after the backup")
        after = set(storm.acknowledged)
    assert taken.returncode == 0, taken.stdout + taken.stderr

    elsewhere = tmp_path / "elsewhere"
    restored = command(empty_url, elsewhere, "restore", str(file), env=tools)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert "The audit found 0 problems" in restored.stdout
    there = addresses(empty_url)
    print(f"{len(before)} before it began, {during} while it ran, {len(there)} in the backup")
    assert during, "nobody could register while the backup was taken"
    assert before <= there
    assert after - there, "the storm was over before the backup, so nothing was shown"
    audited = command(empty_url, elsewhere, "audit")
    assert audited.returncode == 0, audited.stdout + audited.stderr
    # And the restored one works: the next person gets a page, and a place.
    with Site(empty_url, elsewhere, workers=1) as site:
        answer = site.visitor().register(code, **FIELDS, email="next@example.org")
        assert answer.status == 303
    assert "next@example.org" in addresses(empty_url)


def test_a_restore_overwrites_nothing(
    app: Flask, database_url: str, instance: Path, tmp_path: Path, tools: dict[str, str]
) -> None:
    file = tmp_path / "enroll.backup"
    batch = make.batch()
    make.registration(batch)
    taken = command(database_url, instance, "backup", str(file), env=tools)
    assert taken.returncode == 0, taken.stdout + taken.stderr
    make.registration(batch)
    before = contents()
    refused = command(database_url, instance, "restore", str(file), env=tools)
    assert refused.returncode != 0
    assert "has content" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert contents() == before
    written = file.read_bytes()
    again = command(database_url, instance, "backup", str(file), env=tools)
    assert again.returncode != 0
    assert file.read_bytes() == written, "an older backup was overwritten"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_negative_control_a_copied_file_lacks_people(
    app: Flask, database_url: str, instance: Path, tmp_path: Path
) -> None:
    """Why there is a command: `cp` of the live file misses what is in its write-ahead log."""
    live = Path(database_url.removeprefix("sqlite:///"))
    copied, backed_up = tmp_path / "copied.sqlite3", tmp_path / "backed-up.sqlite3"
    batch = make.batch()
    with Site(database_url, instance, workers=1) as site:
        for number in range(5):
            person = {"email": f"person{number}@example.org"}
            assert site.visitor().register(batch.code, **FIELDS, **person).status == 303
        shutil.copy(live, copied)
        assert command(database_url, instance, "backup", str(backed_up)).returncode == 0

    def count(path: Path) -> int:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT count(*) FROM registration").fetchone()[0]

    assert count(backed_up) == 5
    assert count(copied) < 5, "the negative control no longer shows why a copy is not enough"


# ---------------------------------------------------------------- what must not pass for a backup


def test_a_backup_that_failed_leaves_nothing(
    app: Flask, empty_url: str, instance: Path, tmp_path: Path, tools: dict[str, str]
) -> None:
    """A mistyped DATABASE_URL is said, and no file passes for a backup, nor blocks the next try."""
    file = tmp_path / "enroll.backup"
    nowhere = "postgresql://postgres@127.0.0.1:1/nowhere"
    for url in (empty_url, nowhere):
        done = command(url, instance, "backup", str(file), env=tools)
        assert done.returncode != 0, done.stdout
        assert "Traceback" not in done.stderr
        assert not file.exists()


def test_a_backup_is_for_its_owner_only(
    app: Flask, database_url: str, instance: Path, tmp_path: Path, tools: dict[str, str]
) -> None:
    file = tmp_path / "50%20 #1?.backup"
    done = command(database_url, instance, "backup", str(file), env=tools)
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_is_no_backup_is_not_restored(
    app: Flask, empty_url: str, instance: Path, tmp_path: Path, tools: dict[str, str]
) -> None:
    for content in (b"this is no backup at all", b""):
        file = tmp_path / "garbage"
        file.write_bytes(content)
        done = command(empty_url, instance, "restore", str(file), env=tools)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr, done.stderr
