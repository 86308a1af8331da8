"""The product as real processes, and visitors who come to it all at once.

A race that threads in one process win may be lost between processes, and the other way round; so
what these tests talk to is what `make run` starts: gunicorn with several processes, a worker, the
commands, each forked from one that has read their modules (see `warm.py`). Only the visitors are
threads of ours.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Self, TypeVar

from tests.postgres import free_port
from tests.visiting import Visitor
from tests.warm import Started

ROOT = Path(__file__).parent.parent
T = TypeVar("T")

_numbers = itertools.count(1)


def environment(
    database_url: str, instance: Path, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of one process: nothing of the machine's owner, no rate limits.

    Empty values are set on purpose: they keep a `.env` in this folder from setting them.
    """
    owners = ("ENROLL_", "FLASK_", "GUNICORN_")
    plain = ("DATABASE_URL", "PORT", "BIND", "WEB_CONCURRENCY", "MAKE_BEGAN_AT")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(owners) and k not in plain}
    ours = {
        "DATABASE_URL": database_url,
        "ENROLL_DATABASE_URL": database_url,
        "ENROLL_INSTANCE": str(instance),
        "ENROLL_PUBLIC_URL": "",
        "ENROLL_MAIL_SERVER": "",
        "ENROLL_REDIS_URL": "",
        "ENROLL_RATELIMIT_ENABLED": "false",
        "ENROLL_PAGES_KEPT": "0",  # what a test has done it wants to see at once
        "PYTHONUNBUFFERED": "1",
    }
    return kept | ours | dict(extra or {})


def command(
    database_url: str, instance: Path, *args: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `flask --app wsgi …` to its end. Its exit status is the test's to judge."""
    argv = ["flask", "--app", "wsgi", *args]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        program = Started(argv, environment(database_url, instance, env), out, errors)
        try:
            status = program.wait(120)
        finally:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
        wrote = [file.seek(0) or file.read().decode() for file in (out, errors)]
    return subprocess.CompletedProcess(argv, status, *wrote)


class Program:
    """One started program with all its children, and what they wrote."""

    def __init__(self, argv: list[str], env: dict[str, str], log: Path) -> None:
        self._argv = argv
        self._env = env
        self._log = log
        self._process: subprocess.Popen[bytes] | Started | None = None

    def start(self) -> None:
        """Start it as the head of a process group of its own, so that it can be killed whole."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = self._started(log)

    def _started(self, log: IO[bytes]) -> subprocess.Popen[bytes] | Started:
        return subprocess.Popen(
            self._argv,
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def stop(self, patience: float = 10.0) -> int | None:
        """Ask it to end; after `patience` seconds, kill it. Its exit status, if it was running."""
        process = self._process
        if process is None:
            return None
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
        self.kill()
        return process.returncode

    def kill(self) -> None:
        """Kill every process of the group at once, as a power cut would."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None  # its number may be somebody else's from now on

    def is_running(self) -> bool:
        """Whether the first process of the group is alive."""
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        """What it wrote to stdout and stderr."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Ours(Program):
    """A program of ours, by the name of its module: forked with its modules read."""

    def _started(self, log: IO[bytes]) -> Started:
        return Started(self._argv, self._env, log, log)


class Site(Ours):
    """The pages under gunicorn, on a port of their own. After `kill_web`, `start` starts anew."""

    def __init__(
        self,
        database_url: str,
        tmp_path: Path,
        workers: int = 4,
        env: Mapping[str, str] | None = None,
        app_module: str = "wsgi:app",
        pythonpath: Path | None = None,
    ) -> None:
        """`app_module` and `pythonpath`: for a test that wraps `wsgi:app` in a file of its own."""
        self.port = free_port()
        self.instance = tmp_path
        self.base_url = f"http://127.0.0.1:{self.port}"
        ours = {
            "BIND": f"127.0.0.1:{self.port}",
            "PORT": str(self.port),
            "ENROLL_LOCAL_PORT": str(self.port),
            "WEB_CONCURRENCY": str(workers),
        }
        argv = ["gunicorn", "-c", "gunicorn.conf.py"]
        if pythonpath:
            argv += ["--pythonpath", str(pythonpath)]
        super().__init__(
            [*argv, app_module],
            environment(database_url, tmp_path, ours | dict(env or {})),
            tmp_path / f"web-{next(_numbers)}.log",
        )

    def start(self, patience: float = 30.0) -> None:
        """Return once /healthz answers 200; raise with the log if it does not in time."""
        super().start()
        deadline = time.monotonic() + patience
        while not self._is_healthy():
            if not self.is_running() or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the site did not start:\n{self.log()}")
            time.sleep(0.05)

    def kill_web(self) -> None:
        """SIGKILL to gunicorn and all its workers, in the middle of whatever they do."""
        self.kill()

    def visitor(self) -> Visitor:
        """Somebody new, with an empty cookie jar."""
        return Visitor(self.base_url)

    def _is_healthy(self) -> bool:
        try:
            return self.visitor().get("/healthz").status == 200
        except (OSError, http.client.HTTPException):
            return False


class Worker(Ours):
    """The loop that sends letters and frees seats, as a process."""

    def __init__(
        self, database_url: str, tmp_path: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self._where = (database_url, tmp_path)
        self._extra = env
        super().__init__(
            ["flask", "--app", "wsgi", "worker"],
            environment(database_url, tmp_path, env),
            tmp_path / f"worker-{next(_numbers)}.log",
        )

    def run_once(self) -> str:
        """`worker --once`: until nothing is due now. What it wrote; raises if it failed."""
        done = command(*self._where, "worker", "--once", env=self._extra)
        if done.returncode:
            raise RuntimeError(f"worker --once failed:\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr


def at_once(callables: Iterable[Callable[[], T]]) -> list[T]:
    """Run all of them from the same moment on, each in a thread; their results in order.

    Raises the first error, in order, after all have ended.
    """
    waiting = list(callables)
    if not waiting:
        return []
    start = threading.Barrier(len(waiting))

    def run(one: Callable[[], T]) -> T:
        start.wait()
        return one()

    with ThreadPoolExecutor(len(waiting)) as crowd:
        results = [crowd.submit(run, one) for one in waiting]
    return [result.result() for result in results]


def read_mailbox(instance: Path) -> list[EmailMessage]:
    """Every letter the product delivered locally, in the order of their numbers."""
    paths = sorted((instance / "mailbox").glob("*.eml"), key=lambda path: int(path.stem))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
