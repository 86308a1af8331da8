"""Backup and restore: by the database's own means, never a copy of a live file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from enroll.db import db


class CannotBackUp(Exception):
    """The backup or the restore cannot be done; the message says why and what to do."""


def back_up(target: Path) -> None:
    """Write one file with everything that was committed when it began; the server may keep running.

    SQLite: its backup API, then an integrity check of the copy. PostgreSQL: `pg_dump`.
    """
    if target.exists():
        raise CannotBackUp(f"{target} exists already; name a new file.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if db.engine.dialect.name == "postgresql":
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={target}", _postgres_url())
        return
    with closing(sqlite3.connect(_sqlite_path())) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise CannotBackUp(f"The copy is damaged: {verdict}")


def restore(source: Path) -> None:
    """Fill an empty database from a backup. Refuses one that has content: nothing is overwritten."""
    if not source.is_file():
        raise CannotBackUp(f"{source} is not there.")
    if _has_content():
        raise CannotBackUp("This database has content. Restore into a new, empty one.")
    db.engine.dispose()
    if db.engine.dialect.name == "postgresql":
        _run(
            "pg_restore",
            "--exit-on-error",
            "--no-owner",
            "--single-transaction",
            f"--dbname={_postgres_url()}",
            str(source),
        )
        return
    read_only = f"file:{source}?mode=ro"
    with (
        closing(sqlite3.connect(read_only, uri=True)) as backup,
        closing(sqlite3.connect(_sqlite_path())) as target,
    ):
        backup.backup(target)


def _has_content() -> bool:
    with db.engine.connect() as connection:
        return bool(sa.inspect(connection).get_table_names())


def _sqlite_path() -> str:
    return str(db.engine.url.database)


def _postgres_url() -> str:
    """Without the password: that goes by the environment, which other accounts cannot list."""
    return str(db.engine.url.set(drivername="postgresql", password=None))


def _run(program: str, *arguments: str) -> None:
    if not shutil.which(program):
        raise CannotBackUp(f"{program} is missing; it comes with PostgreSQL's client programs.")
    environment = os.environ | {"PGPASSWORD": str(db.engine.url.password or "")}
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs, arguments never by a shell
        [program, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        raise CannotBackUp(f"{program} failed: {done.stderr.strip()}")
