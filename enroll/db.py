"""The database: names, column types, one transaction at the edge, and the two locks on a batch."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ParamSpec, TypeVar

import psycopg
import sqlalchemy as sa
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase

from enroll.refusal import Busy

P = ParamSpec("P")
T = TypeVar("T")


class Base(DeclarativeBase):
    """What all tables share: every constraint has a name, the same one on both databases."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# Rows that `atomically` hands back are read by the view once more; refreshing them costs a query each.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate(render_as_batch=True, compare_type=True)


class Moment(sa.types.TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond. Naive datetimes are refused: they name no moment."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(states: type[StrEnum], name: str = "state") -> sa.Enum:
    """A column for a table of states: plain text and a named CHECK, readable in any SQL client."""
    return sa.Enum(
        states,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=24,
        values_callable=lambda enum: [member.value for member in enum],
    )


# ---------------------------------------------------------------- reading and writing

# A transaction reads unless it says otherwise: PostgreSQL is told READ ONLY, SQLite `query_only`.
WRITING = {"writing": True, "postgresql_readonly": False}
TRIES = 3
LOCK_TIMEOUT = 3  # seconds a statement waits for a lock on PostgreSQL
BUSY_TIMEOUT = 5  # seconds a writer waits for SQLite's one write lock


def init_app(app: Flask) -> None:
    """Bind the database to the application, with the rules above on every connection."""
    uri = sa.make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    options: dict[str, Any] = {"hide_parameters": True}  # no address and no token in a traceback
    if uri.get_backend_name() == "postgresql":
        options |= {
            "pool_pre_ping": True,
            "execution_options": {"postgresql_readonly": True},
            "connect_args": {
                "options": f"-c lock_timeout={LOCK_TIMEOUT}s"
                " -c idle_in_transaction_session_timeout=10s -c timezone=UTC"
            },
        }
    else:
        options["connect_args"] = {"timeout": BUSY_TIMEOUT}
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    migrate.init_app(app, db, directory=str(_migrations(app)))
    with app.app_context():
        sa.event.listen(db.engine, "handle_error", _tell_no_row)
        if db.engine.dialect.name == "sqlite":
            _govern_sqlite(db.engine)


def _migrations(app: Flask) -> str:
    return f"{app.root_path}/../migrations"


def _tell_no_row(context: sa.engine.ExceptionContext) -> None:
    """Keep the row that PostgreSQL quotes (DETAIL: Failing row contains …) out of tracebacks."""
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        told, error.args = str(error), (error.diag.message_primary,)
        if wrapped is not None:
            wrapped.args = (str(wrapped.args[0]).replace(told, str(error)),)


def _govern_sqlite(engine: Engine) -> None:
    """WAL, foreign keys on, and a BEGIN of our own in place of the driver's late one."""

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # FULL: an enrolment that was answered survives a power cut too.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred BEGIN that writes later loses half of its tries to "database is locked".
        if connection.get_execution_options().get("writing"):
            connection.exec_driver_sql("PRAGMA query_only = OFF")
            _begin_immediate(connection)
        else:
            connection.exec_driver_sql("PRAGMA query_only = ON")
            connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    """Wait for SQLite's one write lock, asking every few milliseconds.

    SQLite's own way of waiting sleeps longer and longer, so that whoever has waited most comes
    last: beside eight people registering without a pause, somebody who withdrew waited over a
    second, and asking at this steady pace a tenth of that.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            break
        except DBAPIError as error:
            if not is_contention(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.001, 0.003))  # noqa: S311 - guards nothing
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}")


class Again(Exception):
    """A verb learnt under its locks that it needs others: run it anew, it will ask for the right ones."""


def atomically(verb: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one verb in one transaction of its own and commit it: all of it happens, or nothing.

    Ends any open read first, so that the verb sees the present. On a deadlock, a lock time-out or
    a busy database it runs the verb again, three times in all, then raises `Busy`. Verbs flush and
    never commit; whatever they raise rolls everything back.
    """
    for attempt in range(TRIES):
        db.session.rollback()
        try:
            db.session.connection(execution_options=WRITING)
            result = verb(*args, **kwargs)
            db.session.commit()
        except (DBAPIError, Again) as error:
            db.session.rollback()
            if isinstance(error, DBAPIError) and not is_contention(error):
                raise
            time.sleep(random.uniform(0.01, 0.1) * (attempt + 1))  # noqa: S311 - spreads the crowd, guards nothing
        except BaseException:
            db.session.rollback()
            raise
        else:
            return result
    raise Busy


def insert_once(
    dialect: str,
    table: sa.FromClause,
    *unique: Any,
    where: sa.TextClause | None = None,
) -> Any:
    """An INSERT that does nothing where a row with the same `unique` columns is there already.

    `where` is the condition of a partial unique index. Both databases know ON CONFLICT DO NOTHING,
    in a dialect of their own.
    """
    return insert_into(dialect, table).on_conflict_do_nothing(
        index_elements=list(unique), index_where=where
    )


def insert_into(dialect: str, table: sa.FromClause) -> Any:
    """An INSERT that can be told what to do ON CONFLICT, in the dialect of the database."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)


def is_writing() -> bool:
    """Are we inside `atomically`? Then what has to happen with it joins its transaction."""
    session = db.session()
    return session.in_transaction() and bool(
        session.connection().get_execution_options().get("writing")
    )


def dialect_name() -> str:
    """`postgresql` or `sqlite`: for the few statements that they do not share."""
    return db.session.connection().dialect.name


def is_contention(error: DBAPIError) -> bool:
    """Did the statement fail only because of somebody else's transaction?"""
    cause = error.orig
    if isinstance(cause, sqlite3.OperationalError):
        return cause.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return isinstance(
        cause,
        psycopg.errors.DeadlockDetected
        | psycopg.errors.LockNotAvailable
        | psycopg.errors.SerializationFailure,
    )


# ---------------------------------------------------------------- the two locks on a batch

_LOCK_CLASS = 0x5EA7  # keeps our advisory locks apart from those of other programs on the server


def lock_batches(*batch_ids: int, shared: bool = False) -> None:
    """Lock the seating of these batches until the transaction ends; the first statement of a verb.

    Shared is for a single newcomer and for confirming a hold, exclusive for everything else.
    Several are taken in the order of their ids, so that two verbs can never wait for each other.
    Nobody asks for the stronger lock later. On SQLite BEGIN IMMEDIATE has locked already. Waits
    three seconds at the most, then the transaction is run again by `atomically`.
    """
    connection = db.session.connection()
    if not connection.get_execution_options().get("writing"):
        raise RuntimeError(
            "lock_batches() needs a writing transaction: call the verb by atomically()"
        )
    if connection.dialect.name != "postgresql":
        return
    function = sa.func.pg_advisory_xact_lock_shared if shared else sa.func.pg_advisory_xact_lock
    for batch_id in sorted(set(batch_ids)):
        db.session.execute(sa.select(function(_LOCK_CLASS, batch_id)))
