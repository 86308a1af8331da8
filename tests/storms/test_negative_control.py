"""The storm must be able to fail: against a naive count-then-insert it oversells.

Tables without constraints, counting and inserting in two transactions (in one, SQLite's single
writer would serialise them and hide the bug), real processes, both databases.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.db import WRITING, db

pytestmark = pytest.mark.storm

CAPACITY, PROCESSES, ROUNDS = 3, 12, 10

NAIVE = f"""
import sys, time
import sqlalchemy as sa
url, number, begin_at = sys.argv[1], sys.argv[2], float(sys.argv[3])
engine = sa.create_engine(url, connect_args={{"timeout": 20}} if url.startswith("sqlite") else {{}})
with engine.connect() as connection:
    connection.exec_driver_sql("SELECT 1")
for round in range({ROUNDS}):
    time.sleep(max(0, begin_at + round * 0.25 - time.time()))
    with engine.begin() as connection:
        taken = connection.exec_driver_sql(f"SELECT count(*) FROM naive WHERE batch_id = {{round}}").scalar()
    if taken < {CAPACITY}:
        with engine.begin() as connection:
            connection.exec_driver_sql(
                f"INSERT INTO naive (batch_id, email) VALUES ({{round}}, '{{number}}')")
"""


def test_counting_then_inserting_oversells(app: Flask, database_url: str, tmp_path: Path) -> None:
    with db.engine.connect().execution_options(**WRITING) as connection, connection.begin():
        # A copy made this way has the columns and none of the constraints.
        connection.exec_driver_sql("CREATE TABLE naive AS SELECT * FROM registration")
    script = tmp_path / "naive.py"
    script.write_text(NAIVE)
    begin_at = str(time.time() + 3)
    crowd = [
        subprocess.Popen([sys.executable, str(script), database_url, str(number), begin_at])
        for number in range(PROCESSES)
    ]
    assert [process.wait(60) for process in crowd] == [0] * PROCESSES
    with db.engine.connect() as connection:
        sold = (
            connection.execute(sa.text("SELECT count(*) FROM naive GROUP BY batch_id"))
            .scalars()
            .all()
        )
    print(f"naive count-then-insert sold {sorted(sold)} of {CAPACITY}")
    assert max(sold) > CAPACITY
