"""Runs the migrations on the application's own database."""

from alembic import context
from flask import current_app

from enroll.db import WRITING

database = current_app.extensions["migrate"].db


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Not the tables in which SQLite keeps its index of the search; no model describes them."""
    return not (kind == "table" and str(name).startswith("search_index"))


def run() -> None:
    # One transaction for all: an upgrade that fails half-way leaves the database as it was.
    with database.engine.connect().execution_options(**WRITING) as connection:
        options = current_app.extensions["migrate"].configure_args
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            include_name=is_ours,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
