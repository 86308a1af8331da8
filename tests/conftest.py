"""What every test may ask for: an application on each of the two databases, freshly migrated."""

from __future__ import annotations

import contextvars
import gc
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.exc import DBAPIError
from werkzeug.routing import Rule

from enroll import clock, create_app
from enroll.db import db
from tests import postgres as throwaway

IN_CI = os.environ.get("CI") == "true"
_not_tested: dict[str, str] = {}


def lacking(what: str, why: str) -> None:
    """Skip with a loud line at the end of the run; in CI nothing may be skipped."""
    _not_tested[what] = why
    if IN_CI:
        pytest.fail(f"{what} is missing: {why}")
    pytest.skip(f"{what}: {why}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for what, why in _not_tested.items():
        terminalreporter.section(f"NOT TESTED: {what}", sep="!", red=True, bold=True)
        terminalreporter.line(why)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Pages marked `either_database` say nothing about the database: each test runs on one of the two,
    half of them on each. The verbs behind the pages are tested on both."""
    kept, spared = [], []
    for item in items:
        other = ("sqlite", "postgresql")[zlib.crc32(item.originalname.encode()) % 2] \
            if isinstance(item, pytest.Function) else ""
        wanted = not item.get_closest_marker("either_database") or other not in item.name
        (kept if wanted else spared).append(item)
    config.hook.pytest_deselected(items=spared)
    items[:] = kept


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine's owner reaches a test; none meets a rate limit or an old page unasked."""
    clean_environment(monkeypatch)


def clean_environment(patch: pytest.MonkeyPatch) -> None:
    """The same for a fixture that more than one test shares."""
    for name in list(os.environ):
        if name.startswith("ENROLL_") or name in ("DATABASE_URL", "PORT"):
            patch.delenv(name)
    patch.setenv("ENROLL_RATELIMIT_ENABLED", "false")
    patch.setenv("ENROLL_PAGES_KEPT", "0")


# ---------------------------------------------------------------- the two databases


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[throwaway.ThrowawayPostgres]:
    """A real PostgreSQL server, once per run, with a migrated database `template` to copy."""
    if throwaway.find_binaries() is None:
        lacking("PostgreSQL", throwaway.why_missing())
    server = throwaway.ThrowawayPostgres()
    server.start()
    try:
        server.create_database("template")
        _migrate(server.url("template"), tmp_path_factory.mktemp("template-postgres"))
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def template_shape(postgres: throwaway.ThrowawayPostgres) -> str:
    """What a test's database must still look like to be used again."""
    return postgres.shape("template")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    folder = tmp_path_factory.mktemp("template-sqlite")
    _migrate(f"sqlite:///{folder / 'template.sqlite3'}", folder)
    return folder / "template.sqlite3"


def _migrate(url: str, instance: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("ENROLL_INSTANCE", str(instance))
        app = create_app()
        with app.app_context():
            flask_migrate.upgrade()
            if url.startswith("sqlite"):
                with db.engine.connect() as connection:
                    # A copied file must be whole without its write-ahead log.
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()


_names = iter(range(1_000_000))
_spare: list[str] = []  # databases of tests that are over, emptied to be used again


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database of each kind: every test that asks for it runs twice."""
    with fresh_database(request, tmp_path) as url:
        yield url


@contextmanager
def fresh_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The address of one of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        path = folder / "enroll.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: throwaway.ThrowawayPostgres = request.getfixturevalue("postgres")
    if _spare:
        name = _spare.pop()
    else:
        server.create_database(name := f"test_{os.getpid()}_{next(_names)}", template="template")
    shape = request.getfixturevalue("template_shape")
    yield server.url(name)
    if server.empty(name, if_shaped=shape):
        _spare.append(name)
    else:  # the test changed more than rows
        server.drop_database(name)


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """The instance folder of the test's application."""
    return tmp_path / "instance"


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates compiled once per run: that took a third of the time of a test with pages."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("compiled")))


@pytest.fixture(scope="session", autouse=True)
def _addresses_compiled_once() -> Iterator[None]:
    """Werkzeug compiles two functions for each of our two hundred addresses: half of what it takes to
    make an application, of which a run of all tests makes some thousands. They depend on the
    address alone, so each is compiled once per run."""
    kept: dict[tuple[Any, ...], Any] = {}
    compile_one = Rule._compile_builder

    def compile_once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in kept:
            kept[key] = compile_one(rule, append_unknown)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


def _hash_lightly(app: Flask) -> None:
    """Passwords of tests are hashed by argon2 as always, but with a thousandth of the work: it is
    meant to be slow, and was a fifth of the time of all tests of staff pages.
    `test_staffing.py` shows what the program itself asks for."""
    app.extensions["security"].pwd_context.update(
        argon2__time_cost=1, argon2__memory_cost=64, argon2__parallelism=1
    )


def _be_patient() -> None:
    """A test that has looked may wait for another process as long as a slow machine needs. (The
    program's own processes keep their limit on transactions that idle.)"""
    if db.engine.dialect.name != "postgresql":
        return

    @sa.event.listens_for(db.engine, "connect")
    def wait(connection: psycopg.Connection, _record: object) -> None:
        connection.autocommit = True  # else this would begin a transaction
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.autocommit = False


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not look at it again and again, which was a
    seventh of the time of a test with pages."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture
def app(
    database_url: str,
    instance: Path,
    monkeypatch: pytest.MonkeyPatch,
    compiled: FileSystemBytecodeCache,
) -> Iterator[Flask]:
    """The application, with its context open, on a fresh database."""
    with application(monkeypatch, database_url, instance, compiled) as app:
        yield app


@contextmanager
def application(
    patch: pytest.MonkeyPatch, url: str, instance: Path, compiled: FileSystemBytecodeCache
) -> Iterator[Flask]:
    """The same for a fixture that more than one test shares."""
    patch.setenv("DATABASE_URL", url)
    patch.setenv("ENROLL_INSTANCE", str(instance))
    app = create_app()
    app.test_client_class = Browser
    _hash_lightly(app)
    app.jinja_env.bytecode_cache = compiled
    with app.app_context():
        _be_patient()
        yield app
        # The server may have ended the connection of a test that looked and then waited.
        with suppress(DBAPIError):
            db.session.remove()
        db.engine.dispose()


@pytest.fixture
def limited(
    database_url: str,
    instance: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Flask]:
    """The application with its limits on, as people run it."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ENROLL_INSTANCE", str(instance))
    monkeypatch.setenv("ENROLL_RATELIMIT_ENABLED", "true")
    app = create_app()
    app.test_client_class = Browser
    _hash_lightly(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


class Browser(FlaskClient):
    """A browser without JavaScript: keeps cookies, follows nothing by itself.

    Each request runs outside the test's own application context, as on a server: else Flask would
    share `g` between them, and a token or a signed-in person of one would be seen by the next.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return contextvars.Context().run(super().open, *args, **kwargs)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody's browser."""
    return app.test_client()


@pytest.fixture
def now() -> datetime:
    """The present, once for the whole test."""
    return clock.now()
