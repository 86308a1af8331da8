"""What `flask audit` says of a database, as an operator would ask it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.serving import command


def audited(database_url: str, instance: Path) -> dict[str, int]:
    """The figures of the only batch; fails unless the audit exits 0 with no problem."""
    done = command(database_url, instance, "audit", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["problems"] == []
    (figures,) = answer["batches"].values()
    return figures
