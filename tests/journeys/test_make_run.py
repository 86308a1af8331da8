"""`make run`, the first of the two commands of the README: what it starts, prints and ends.

The environment counts as built (`-o install`), so nothing is fetched from outside.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import lacking
from tests.journeys.walking import Walker, letter_to, link_in, until
from tests.postgres import free_port
from tests.serving import ROOT, Program, Visitor, environment

pytestmark = pytest.mark.storm

PROC = Path("/proc")


def processes_of(instance: Path) -> dict[int, str]:
    """Every living process that was started with this instance folder, by its number.

    honcho gives each of its children a process group of its own, so the group says nothing.
    """
    mark = f"ENROLL_INSTANCE={instance}".encode()
    found = {}
    for folder in PROC.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            # A zombie has no environment any more, so it does not count.
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                said = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(folder.name)] = said
        except OSError:
            continue
    return found


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def run(instance: Path, tmp_path: Path, port: int) -> Iterator[Program]:
    """`make run PORT=…` as it is typed, with an empty instance folder."""
    if not shutil.which("make"):
        lacking("make", "`make run` is tested as it is typed. Run `apt install make`.")
    if not (PROC / "self" / "environ").exists():
        lacking("/proc", "which processes are left after `make run` can be seen on Linux only.")
    env = environment("", instance)
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"):
        env.pop(name, None)  # `make test` may be what runs us
    binaries = os.path.relpath(Path(sys.executable).parent, ROOT)
    argv = ["make", "-o", "install", "run", f"PORT={port}", f"BIN={binaries}"]
    program = Program(argv, env, tmp_path / "run.log")
    with program:
        yield program
    for number in processes_of(instance):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def status(port: int, path: str) -> int | None:
    """What the page answers, or nothing while nobody listens."""
    try:
        return Visitor(f"http://127.0.0.1:{port}").get(path).status
    except OSError:
        return None


def test_make_run(run: Program, port: int, instance: Path) -> None:
    base_url = f"http://127.0.0.1:{port}"

    def ready() -> bool | None:
        assert run.is_running(), run.log()
        return status(port, "/readyz") == 200 or None

    until(ready, "make run: /readyz answers 200")

    # The lines a newcomer needs: where it is, where the letters are, how staff sign in.
    printed = until(lambda: run.log() if "Enroll is ready" in run.log() else None, "the last line")
    sign_in = json.loads((instance / "demo-sign-in.json").read_text())
    for line in (
        rf"Enroll: +{base_url}/",
        rf"Mailbox: +{base_url}/mailbox",
        rf"Staff: +{base_url}/staff/login",
        rf"^ +{re.escape(sign_in['email'])}$",
        rf"^ +{re.escape(sign_in['password'])}$",
        rf"Enroll is ready: {base_url}/ ",
    ):
        assert re.search(line, printed, re.MULTILINE), f"{line} is not in:\n{printed}"

    staff = Walker(base_url)
    staff.open("/staff/login")
    assert staff.press("Sign in", **sign_in).status in (302, 303)

    # A registration, and its letter on the page that shows the mailbox.
    person = Walker(base_url)
    person.open("/batches")
    person.follow("weekday evenings")
    person.follow("Register", "Join the waitlist")
    button = ("Register", "Join the waitlist")
    pressed = person.press(*button, name="Asha Verma", email="asha@example.org", consent="y")
    assert pressed.status == 303, person.text()
    letter = letter_to(instance, "asha@example.org", "Confirm your e-mail")
    person.open("/mailbox")
    person.follow("Confirm your e-mail")
    assert link_in(letter, base_url) in person.page.text

    # One SIGTERM ends all of it.
    before = processes_of(instance)
    assert len(before) >= 4, before  # honcho, gunicorn and its two, the worker
    began = time.monotonic()
    run.stop(patience=30)
    until(lambda: not processes_of(instance) or None, f"end of {len(before)} processes")
    print(f"SIGTERM ended everything after {time.monotonic() - began:.2f} s")
    assert status(port, "/healthz") is None
