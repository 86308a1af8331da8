"""A process that has imported the program, and is forked for each one the tests start.

Half of what a command takes is reading its modules, and a run of all tests starts some three hundred
commands, workers and servers. What is forked is a process of its own, as if it had been started by
its name: its own session, environment, files, connections and end; it makes the application anew.
(`test_make_run.py`, `test_readme.py` and the tests of backups start everything in the ordinary way.)
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
LONGEST = 200_000  # bytes of a request: arguments and environment


class Started:
    """One started program; like `subprocess.Popen` as far as the tests go."""

    def __init__(
        self, argv: list[str], env: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes]
    ) -> None:
        """`argv` is the name of a module and its arguments, as after `python -m`."""
        self.returncode: int | None = None
        self._ends, theirs = socket.socketpair()
        with theirs, open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device
            files = [file.fileno() for file in (nothing, stdout, stderr, theirs)]
            request = json.dumps({"argv": argv, "env": dict(env)}).encode()
            socket.send_fds(_nursery(), [request], files)
        self.pid = int(self._line())

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            line += self._ends.recv(1) or _never()
        return line

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, negative if a signal ended it; `TimeoutExpired` if it is not over."""
        if self.returncode is None:
            if not select.select([self._ends], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a program", timeout or 0)
            self.returncode = int(self._line())
            self._ends.close()
        return self.returncode

    def poll(self) -> int | None:
        """Its exit status, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def terminate(self) -> None:
        """Ask it to end."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


def _never() -> bytes:
    raise RuntimeError("the process that starts programs is gone")


_one_at_a_time = threading.Lock()


def _nursery() -> socket.socket:
    with _one_at_a_time:
        return _start_nursery()


@cache
def _start_nursery() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm", str(theirs.fileno())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C is for the tests; it sees their end by itself
        )
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


def serve(requests: socket.socket) -> None:
    """Fork one process for each request, until nobody is left who could make one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, files, *_ = socket.recv_fds(requests, LONGEST, 4)
        if not request:
            return
        if not os.fork():
            requests.close()
            _look_after(json.loads(request), files)
        for file in files:
            os.close(file)


def _look_after(request: dict, files: list[int]) -> None:
    """Fork the program itself, say its number, wait for its end, say how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if not pid:
        _become(request, files)
    with socket.socket(fileno=files.pop()) as teller:
        for file in files:
            os.close(file)
        with contextlib.suppress(OSError):  # who asked may be gone
            teller.sendall(f"{pid}\n".encode())
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with contextlib.suppress(OSError):
            teller.sendall(f"{status}\n".encode())
    os._exit(0)


def _become(request: dict, files: list[int]) -> None:
    """Be the program, as `python -m` would start it, to its end."""
    os.setsid()
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    os.closerange(3, max(files) + 1)
    os.environ.clear()
    os.environ.update(request["env"])
    sys.stdout.reconfigure(line_buffering=True, write_through=True)  # type: ignore[union-attr]
    sys.argv = request["argv"]
    status = 1
    try:
        runpy.run_module(request["argv"][0], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined] - threads that are no daemons end first
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    import flask.cli  # noqa: F401
    import gunicorn.app.wsgiapp  # noqa: F401
    import gunicorn.workers.gthread  # noqa: F401

    import enroll  # noqa: F401

    gc.freeze()  # what every child shares is left alone by its collector
    serve(socket.socket(fileno=int(sys.argv[1])))
