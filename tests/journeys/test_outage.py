"""Nobody was there for three hours: the real worker comes back, is quiet first, and goes on when told."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll import clock
from enroll.db import atomically, db
from enroll.mail.models import Letter, WorkerBeat
from enroll.registrations import answering
from enroll.registrations.models import Outage, Registration
from enroll.registrations.states import State
from tests import make
from tests.serving import Worker, at_once, command, read_mailbox

HOUR = timedelta(hours=1)
A_MINUTE = timedelta(minutes=1)


def zone_in_which_it_is(hour: int, now: datetime) -> str:
    """A zone of whole hours where the clock shows this hour now (the sign is POSIX's: reversed)."""
    ahead = (hour - now.hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


class Town:
    """A batch with two seats on hold and one enrolment, left alone three hours ago."""

    def __init__(self, hour: int) -> None:
        self.now = now = clock.now()
        self.zone = zone_in_which_it_is(hour, now)
        batch = make.batch(
            5, now=now, zone=self.zone, opens_at=now - timedelta(days=9), hold_hours=1
        )
        over, ahead = (make.registration(batch, now=now - 4 * HOUR) for _ in range(2))
        self.over, self.ahead = over.id, ahead.id
        # Both were made at the same time: their ends are what this test is about.
        self.set_deadline(self.over, now - HOUR)
        self.set_deadline(self.ahead, now + HOUR)
        enrolled = make.registration(batch, now=now - 2 * HOUR)
        atomically(
            answering.confirm,
            batch_id=batch.id,
            registration_id=enrolled.id,
            seen=State.PENDING,
            now=now - 2 * HOUR,
        )
        self.enrolled = enrolled.id
        atomically(self.was_seen, at=now - 3 * HOUR)

    def set_deadline(self, registration_id: int, at: datetime) -> None:
        def verb() -> None:
            values = {"deadline_at": at, "remind_at": None}
            db.session.execute(
                sa.update(Registration).where(Registration.id == registration_id).values(values)
            )

        atomically(verb)

    @staticmethod
    def was_seen(*, at: datetime) -> None:
        db.session.execute(sa.insert(WorkerBeat).values(name="worker", seen_at=at))

    def deadlines(self) -> tuple[datetime, datetime]:
        return make.read(self.over).deadline_at, make.read(self.ahead).deadline_at

    def states(self) -> list[State]:
        return [make.read(one).state for one in (self.over, self.ahead, self.enrolled)]

    def letters(self, registration_id: int) -> dict[str, str]:
        """The state of each letter about a registration, by kind."""
        db.session.rollback()
        rows = db.session.execute(
            sa.select(Letter.kind, Letter.state).where(
                Letter.about == f"registration:{registration_id}"
            )
        )
        return {row.kind: row.state.value for row in rows}


def outages_noticed() -> list[Outage]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Outage)))


@pytest.fixture
def by_day(app: Flask) -> Town:
    return Town(hour=11)


def test_quiet_first_then_on(by_day: Town, database_url: str, instance: Path) -> None:
    town, worker = by_day, Worker(database_url, instance)
    db.session.rollback()  # PostgreSQL ends a transaction that idles while a command starts
    nothing = command(database_url, instance, "outage")
    assert (nothing.returncode, nothing.stdout) == (0, "Nothing is waiting.\n")

    assert "nobody was here" in worker.run_once()
    assert town.states() == [State.PENDING, State.PENDING, State.CONFIRMED]
    for found, was in zip(town.deadlines(), (town.now - HOUR, town.now + HOUR), strict=True):
        assert was + 3 * HOUR - A_MINUTE < found < was + 3 * HOUR + 2 * A_MINUTE
    assert town.letters(town.over) == {"registration_held": "queued", "reminder": "sent"}
    assert town.letters(town.ahead) == {"registration_held": "queued", "reminder": "sent"}
    assert set(town.letters(town.enrolled).values()) == {"queued"}
    assert len(read_mailbox(instance)) == 2

    told = command(database_url, instance, "outage")
    assert told.returncode == 0, told.stderr
    began = town.now - 3 * HOUR
    assert f"from {began:%Y-%m-%d %H:%M} to " in told.stdout
    assert "Deadlines extended, their people told: 2\n" in told.stdout
    assert "Deadlines over, not ended yet: 0\n" in told.stdout
    assert "Letters waiting: 4\n" in told.stdout
    assert "  registration_confirmed: 1\n  registration_held: 3\n" in told.stdout
    assert f"until {outages_noticed()[0].quiet_until:%Y-%m-%d %H:%M} UTC" in told.stdout

    after = town.deadlines()
    worker.run_once()  # a second start notices nothing new, and stays quiet
    assert len(outages_noticed()) == 1
    assert town.deadlines() == after
    assert len(read_mailbox(instance)) == 2

    went_on = command(database_url, instance, "outage", "--go-on")
    assert went_on.returncode == 0, went_on.stderr
    assert "The quiet is over" in went_on.stdout
    worker.run_once()
    assert len(read_mailbox(instance)) == 6
    assert set(town.letters(town.enrolled).values()) == {"sent"}
    assert town.states() == [State.PENDING, State.PENDING, State.CONFIRMED]
    assert town.deadlines() == after
    assert command(database_url, instance, "outage").stdout == "Nothing is waiting.\n"
    assert command(database_url, instance, "outage", "--go-on").stdout == "Nothing is waiting.\n"


def test_no_deadline_is_moved_into_the_night(
    app: Flask, database_url: str, instance: Path
) -> None:
    town = Town(hour=20)  # 19:… and 21:…, each three hours later: both would end at night
    Worker(database_url, instance).run_once()
    batch = make.read(town.over).batch_id
    zone = db.session.get_one(make.Batch, batch).tz
    for found in town.deadlines():
        assert found.astimezone(zone).time() == time(9)
        assert found > town.now + 3 * HOUR
    assert town.states()[:2] == [State.PENDING, State.PENDING]


def test_two_workers_that_come_back_together_notice_it_once(
    by_day: Town, database_url: str, instance: Path
) -> None:
    worker = Worker(database_url, instance)
    said = at_once([worker.run_once] * 2)
    assert sum("nobody was here" in one for one in said) == 1
    (outage,) = outages_noticed()
    assert (outage.deadlines, outage.letters) == (2, 4)
    for found, was in zip(by_day.deadlines(), (-HOUR, HOUR), strict=True):
        assert found < by_day.now + was + 3 * HOUR + 2 * A_MINUTE
    assert len(read_mailbox(instance)) == 2
