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
    if not _has_content():
        raise CannotBackUp("This database has no tables. Is DATABASE_URL right?")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600, exist_ok=False)  # names and addresses: for nobody else on this machine
    try:
        _write(target)
    except BaseException:
        target.unlink()  # half a backup must not pass for one
        raise


def _write(target: Path) -> None:
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
    read_only = f"{source.resolve().as_uri()}?mode=ro"  # as_uri: a name may hold % or ?
    with closing(sqlite3.connect(read_only, uri=True)) as backup:
        try:
            tables = backup.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise CannotBackUp(f"{source} is no backup of SQLite: {error}") from None
        if not tables:
            raise CannotBackUp(f"{source} is empty.")
        with closing(sqlite3.connect(_sqlite_path())) as target:
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
