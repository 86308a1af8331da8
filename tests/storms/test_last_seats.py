"""Many people, few seats, real processes: gunicorn with four of them, on both databases.

The answer is read from the database and the mailbox, never from the pages.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.db import db
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.audits import audited
from tests.contents import contents
from tests.serving import Site, Visitor, Worker, at_once, read_mailbox

pytestmark = pytest.mark.storm

FIELDS = {"name": "Asha Verma", "phone": "", "background": "", "message": "", "consent": "y"}


@pytest.fixture
def site(app: Flask, database_url: str, instance: Path) -> Iterator[Site]:
    """The product under gunicorn with four processes, on the database of `app`."""
    with Site(database_url, instance, workers=4) as site:
        yield site


def person(number: int) -> str:
    return f"person{number}@example.org"


def ready(site: Site, code: str, email: str) -> Callable[[], int]:
    """A visitor who has the form open; calling it presses the button and gives the status."""
    visitor = Visitor(site.base_url)
    visitor.prepare(code)
    return lambda: visitor.submit(**FIELDS, email=email).status


def rows(batch: make.Batch) -> list[Registration]:
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Registration)
            .where(Registration.batch_id == batch.id)
            .order_by(Registration.queue_number)
        )
    )


def drain(database_url: str, instance: Path) -> Counter[str]:
    """Let the worker send what is due; how many letters everybody has."""
    Worker(database_url, instance).run_once()
    return Counter(str(message["To"]) for message in read_mailbox(instance))


def test_64_people_10_seats(site: Site, database_url: str, instance: Path) -> None:
    batch = make.batch(capacity=10)
    statuses = at_once([ready(site, batch.code, person(n)) for n in range(64)])
    assert Counter(statuses) == {303: 64}

    people = rows(batch)
    seated = [one for one in people if one.state is State.PENDING]
    waiting = [one for one in people if one.state is State.WAITLISTED]
    assert sorted(one.seat_number for one in seated) == list(range(1, 11))
    assert len({one.email for one in people}) == 64
    visitor = Visitor(site.base_url)
    pages = [visitor.get(f"/registrations/{one.token}").text for one in waiting]
    places = [
        place
        for place in range(1, 100)
        for page in pages
        if f"keep place {place} on the waitlist" in page
    ]
    assert places == list(range(1, 55))

    assert drain(database_url, instance) == {person(n): 1 for n in range(64)}
    assert audited(database_url, instance) == {
        "capacity": 10,
        "seated": 10,
        "waitlisted": 54,
        "letters": 64,
    }


def test_the_same_form_twenty_times_at_once(site: Site, database_url: str, instance: Path) -> None:
    batch = make.batch(capacity=10)
    statuses = at_once([ready(site, batch.code, person(1)) for _ in range(20)])
    assert Counter(statuses) == {303: 20}
    assert [one.state for one in rows(batch)] == [State.PENDING]
    assert drain(database_url, instance) == {person(1): 1}
    before = contents(without=("worker_beat",))
    assert at_once([ready(site, batch.code, person(1)) for _ in range(3)]) == [303] * 3
    assert contents(without=("worker_beat",)) == before


def test_double_clicks_turn_nobody_away(site: Site, rounds: int) -> None:
    """20 clicks of one person beside 9 others on 10 seats: nobody waits beside a free seat."""
    for number in range(rounds):
        batch = make.batch(capacity=10)
        clicks = [person(0)] * 20 + [person(n) for n in range(1, 10)]
        statuses = at_once([ready(site, batch.code, email) for email in clicks])
        assert Counter(statuses) == {303: 29}, f"round {number}"
        assert make.states(batch) == {person(n): State.PENDING for n in range(10)}, (
            f"round {number}"
        )


def test_a_withdrawal_is_not_starved_by_newcomers(site: Site, app: Flask) -> None:
    """A stream of people who register must not keep the one who gives a seat back waiting.

    With a weaker lock for newcomers (FOR SHARE on the batch) the stream starves it for seconds.
    """
    batch = make.batch(capacity=500)
    leaving = make.registration(batch, confirmed=True)
    # Read here: the threads below share no database session.
    code, leaving_id, page = batch.code, leaving.id, f"/registrations/{leaving.token}"
    withdrawn = threading.Event()
    served: list[float] = []

    def keep_coming(first: int) -> int:
        visitor = Visitor(site.base_url)
        visitor.prepare(code)
        for number in range(200):
            if withdrawn.is_set():
                break
            visitor.submit(**FIELDS, email=person(first * 1000 + number))
            served.append(time.monotonic())
        return len(served)

    def withdraw() -> int:
        visitor = Visitor(site.base_url)
        hidden = visitor.open_form(page, f"{page}/withdraw")
        patience = time.monotonic() + 60
        while len(served) < 30 and time.monotonic() < patience:
            time.sleep(0.005)
        began = time.monotonic()
        answer = visitor.post(f"{page}/withdraw", hidden)
        took = time.monotonic() - began
        withdrawn.set()
        print(f"withdrawal beside {len(served)} registrations: {took * 1000:.0f} ms")
        return answer.status

    results = at_once([withdraw, *[lambda n=n: keep_coming(n) for n in range(1, 9)]])
    assert results[0] == 303
    assert make.read(leaving_id).state is State.WITHDRAWN
    # It got through while people were still coming, long before the stream would have ended.
    assert 30 <= len(served) < 8 * 200
