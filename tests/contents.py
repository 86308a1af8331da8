"""The whole content of a database, to be compared before and after."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from enroll.db import db


def contents(*, without: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, ordered; equal if and only if nothing was written."""
    db.session.rollback()
    with db.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in db.metadata.sorted_tables
            if table.name not in without
        }
