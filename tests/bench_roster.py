"""The fourth part of `make bench`: how long a roster takes, and a press for many people.

Medians of single requests within one process, no network, with 1 000 and with 10 000 people in the
batch, three times as many in others beside it; then the time of one press for as many people as it
may mean, which is how long others who want the batch wait at the most.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import flask_migrate
import sqlalchemy as sa

from enroll import clock, create_app
from enroll.accounts.duties import Duty
from enroll.accounts.staffing import add_staff
from enroll.db import atomically, db
from enroll.registrations import bulk, roster
from enroll.registrations.bulk import MOST, Verb
from enroll.registrations.models import Registration
from enroll.registrations.roster import Sort, Wanted
from enroll.registrations.states import State
from tests import make
from tests.bench import databases
from tests.bench_comments import PASSWORD, _median, _signed_in
from tests.crowds import fill

ROSTER = "/staff/batches/large/roster"
PAGES = (
    ROSTER,
    f"{ROSTER}?sort=name",
    f"{ROSTER}?state=waitlisted",
    f"{ROSTER}?letters=failed",
    f"{ROSTER}?q=verma",
    f"{ROSTER}?q=nobody",
    "/staff/people?q=verma",
    "/staff/people?q=nobody",
)


def measure(kind: str, fresh: Callable[[Path], str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATABASE_URL": fresh(Path(folder)), "ENROLL_INSTANCE": folder}
        app = create_app()
        with app.app_context():
            flask_migrate.upgrade()
            atomically(
                add_staff,
                email="m@example.org",
                name="M",
                password=PASSWORD,
                duties=list(Duty),
                now=clock.now(),
            )
            large, others = make.batch(1, code="large"), [make.batch(1) for _ in range(3)]
            client = _signed_in(app.test_client())
            found: list[dict[str, float]] = []
            for number in (1_000, 9_000):
                for batch in (large, *others):
                    atomically(fill, batch.id, number, now=clock.now())
                pages = (*PAGES, f"{ROSTER}?after={_middle(large.id)}")
                found.append({page.partition("after")[0]: _median(client, page) for page in pages})
            for page, took in found[1].items():
                label = page + ("after=…, the middle" if page.endswith("?") else "")
                print(f"{kind:<11} {label:<52} {found[0][page]:6.0f} ms {took:6.0f} ms", flush=True)
            _press(kind, large.id)
            db.session.remove()
            db.engine.dispose()


def _middle(batch_id: int) -> str:
    """The key of the page in the middle of the list."""
    wanted, total = Wanted(states=frozenset({State.WAITLISTED})), 0
    total = roster.count(batch_id, wanted)
    number = db.session.scalar(
        sa.select(Registration.queue_number)
        .where(Registration.batch_id == batch_id, Registration.state == State.WAITLISTED)
        .order_by(Registration.queue_number)
        .offset(total // 2)
        .limit(1)
    )
    assert roster.page(batch_id, Wanted(), Sort.PLACE, after=f"1.{number}") is not None
    db.session.rollback()
    return f"1.{number}"


def _press(kind: str, batch_id: int) -> None:
    ids = roster.numbers(batch_id, Wanted(states=frozenset({State.WAITLISTED})), most=MOST)
    begun = time.perf_counter()
    atomically(
        bulk.act,
        verb=Verb.CANCEL,
        batch_id=batch_id,
        registration_ids=ids,
        reason="Because.",
        by="staff 1",
        now=clock.now(),
    )
    took = (time.perf_counter() - begun) * 1000
    print(f"{kind:<11} cancelling {len(ids)} at once {took:38.0f} ms", flush=True)


def main() -> None:
    print("rosters: median of single requests with 1 000 and with 10 000 in the batch")
    with databases() as kinds:
        for kind, fresh in kinds:
            measure(kind, fresh)


if __name__ == "__main__":
    main()
