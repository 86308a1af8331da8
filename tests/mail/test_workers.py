"""Two workers, as real processes, on one outbox: every letter goes out, and goes out once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from enroll import clock
from enroll.db import atomically, db
from enroll.mail.models import Letter, WorkerBeat
from tests import make
from tests.mail import posting
from tests.mail.servers import Server
from tests.serving import Worker, read_mailbox


def wait_until(is_so: Callable[[], bool], patience: float = 30.0) -> None:
    """Return once it is so; fail if it is not in time."""
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def counted(query: sa.Select) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


def sixty_letters_later() -> None:
    """Sixty letters that are not due yet."""
    batch = make.batch(capacity=40)
    for _ in range(60):
        make.registration(batch)
    put_off(timedelta(hours=1))


def put_off(by: timedelta) -> None:
    due = sa.update(Letter).values(due_at=clock.now() + by)
    atomically(lambda: db.session.execute(due))


def run_two_workers(database_url: str, instance: Path, settings: dict[str, str]) -> set[str]:
    """Both are up before anything is due; who dealt with letters. Ends when none is on its way."""
    on_its_way = sa.select(Letter.id).where(Letter.state.in_(["queued", "claimed", "sending"]))
    with (
        Worker(database_url, instance, settings) as one,
        Worker(database_url, instance, settings) as other,
    ):
        wait_until(lambda: counted(sa.select(WorkerBeat.name)) == 2)
        put_off(timedelta())
        wait_until(lambda: not counted(on_its_way))
        assert one.is_running()
        assert other.is_running()
        assert one.stop() == other.stop() == 0
        for worker in (one, other):
            assert "ERROR" not in worker.log()
    db.session.rollback()
    return set(db.session.scalars(sa.select(Letter.claimed_by)))


@pytest.mark.usefixtures("app_with_smtp")
def test_each_letter_arrives_once_by_smtp(
    database_url: str,
    instance: Path,
    smtp_settings: dict[str, str],
    server: tuple[Server, Controller],
) -> None:
    server[0].takes = 0.02
    sixty_letters_later()
    workers = run_two_workers(database_url, instance, smtp_settings)
    # Else it would not have been a race.
    assert len(workers) == 2
    kept = dict(list(db.session.execute(sa.select(Letter.recipient, Letter.message_id))))
    assert Counter(server[0].got) == dict.fromkeys(kept.items(), 1)
    assert len(kept) == 60
    assert set(db.session.scalars(sa.select(Letter.attempts))) == {1}


@pytest.mark.usefixtures("app")
def test_each_letter_arrives_once_in_the_mailbox(database_url: str, instance: Path) -> None:
    sixty_letters_later()
    run_two_workers(database_url, instance, {})
    recipients = Counter(str(letter["To"]) for letter in read_mailbox(instance))
    assert len(recipients) == 60
    assert set(recipients.values()) == {1}
    assert set(db.session.scalars(sa.select(Letter.attempts))) == {1}


@pytest.mark.usefixtures("app_with_smtp")
def test_two_workers_together_send_three_unasked_letters_to_an_address(
    database_url: str,
    instance: Path,
    smtp_settings: dict[str, str],
    server: tuple[Server, Controller],
) -> None:
    """Twelve to one address, spread over what the two take at a time; sixty others beside them."""
    server[0].takes = 0.02
    for _ in range(12):
        posting.post()
        posting.post(5, recipient="asked@example.org", is_unasked=False)
    put_off(timedelta(hours=1))
    run_two_workers(database_url, instance, smtp_settings)
    unasked = sa.select(Letter.state, sa.func.count()).where(Letter.is_unasked)
    counts = dict(list(db.session.execute(unasked.group_by(Letter.state))))
    assert counts == {"sent": 3, "suppressed": 9}
    arrived = Counter(who for who, _ in server[0].got)
    assert arrived == {posting.ADDRESS: 3, "asked@example.org": 60}
    workers = sa.select(Letter.claimed_by).where(Letter.is_unasked).distinct()
    # Else it would not have been a race.
    assert len(list(db.session.scalars(workers))) == 2
    assert [slot.number for slot in posting.slots()] == [1, 2, 3]
