"""The clock jumps by an hour or a day, forward or back, while seats are held and while they are offered.

What was promised holds: nobody is overbooked, nothing that ended comes back or ends twice, no letter
goes out twice, and no written date moves to an earlier moment. What a wrong clock ends is not said
here: the worker may give people the time back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll import clock, worker
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.mail.states import LetterState
from enroll.refusal import Refused
from enroll.registrations import answering, arriving
from enroll.registrations.audit import audit
from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.states import LIVE, State
from enroll.registrations.tidying import tidy_batch
from tests import make

pytestmark = pytest.mark.storm

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
jumps = pytest.mark.parametrize("jump", [HOUR, DAY], ids=["hour", "day"])


# ---------------------------------------------------------------- what must hold at every moment


class Watch:
    """Sees everything after each step, and holds it against what it saw before."""

    def __init__(self, instance: Path) -> None:
        self._mailbox = instance / "mailbox"
        self._histories: dict[int, list[tuple[int, State]]] = {}
        self._letters: dict[str, tuple[str, str, str | None]] = {}
        self._deadlines: dict[tuple[int, int], datetime] = {}
        self._files: dict[str, tuple[int, int]] = {}

    def see(self, now: datetime) -> None:
        """Everything that a jump of the clock must not break; the audit knows the seats."""
        db.session.rollback()
        assert audit(now)["problems"] == []
        self._nothing_ended_goes_on()
        self._no_letter_changes()
        self._no_deadline_comes_closer()
        self._no_letter_is_sent_twice()
        db.session.rollback()

    def ended_by_the_clock(self) -> int:
        """How many holds and offers the clock has ended."""
        event = RegistrationEvent
        over = sa.and_(event.by == "clock", event.from_state.in_((State.PENDING, State.OFFERED)))
        return db.session.scalar(sa.select(sa.func.count(event.id)).where(over)) or 0

    def _nothing_ended_goes_on(self) -> None:
        """Histories only grow, and end once at the most, with their last row."""
        event = RegistrationEvent
        histories: dict[int, list[tuple[int, State]]] = {}
        rows = sa.select(event.registration_id, event.id, event.to_state).order_by(event.id)
        for registration_id, event_id, state in db.session.execute(rows):
            histories.setdefault(registration_id, []).append((event_id, state))
        for registration_id, history in histories.items():
            before = self._histories.get(registration_id, [])
            assert history[: len(before)] == before
            assert all(state in LIVE for _, state in history[:-1]), history
        self._histories = histories

    def _no_letter_changes(self) -> None:
        """What was written stays written, with the date that was in it, under a key of its own."""
        rows = db.session.scalars(sa.select(Letter)).all()
        letters = {
            row.dedupe_key: (row.recipient, row.message_id, row.context.get("deadline_at"))
            for row in rows
        }
        assert len(letters) == len(rows)
        assert letters | self._letters == letters
        self._letters = letters

    def _no_deadline_comes_closer(self) -> None:
        """A hold or an offer is kept as long as its letter says, and as it was kept before."""
        for one in db.session.scalars(
            sa.select(Registration)
            .where(Registration.deadline_at.is_not(None))
            .execution_options(populate_existing=True)
        ):
            began = self._began(one)
            assert one.deadline_at >= self._deadlines.get((one.id, began), one.deadline_at)
            self._deadlines[one.id, began] = one.deadline_at
            for key, (_, _, written) in self._letters.items():
                if key.startswith(f"registration:{one.id}:") and key.endswith(f":{began}"):
                    assert written is None or one.deadline_at >= datetime.fromisoformat(written)

    def _began(self, registration: Registration) -> int:
        """The history row with which its present state began."""
        began = 0
        before = None
        for event_id, state in self._histories[registration.id]:
            began = event_id if state is not before else began
            before = state
        return began

    def _no_letter_is_sent_twice(self) -> None:
        """One try was enough for each, and no file of the mailbox was put in anew."""
        twice = sa.and_(Letter.state == LetterState.SENT, Letter.attempts != 1)
        assert db.session.scalar(sa.select(sa.func.count(Letter.id)).where(twice)) == 0
        files = {
            path.name: (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in self._mailbox.glob("*.eml")
        }
        assert files | self._files == files
        self._files = files


# ---------------------------------------------------------------- what happens in a story


class Story:
    """Two batches of one seat, one held and one on offer until the same moment; people wait behind."""

    def __init__(self, watch: Watch, now: datetime) -> None:
        self.watch = watch
        held, offered = make.batch(capacity=1, now=now), make.batch(capacity=1, now=now)
        self.batch_ids = [held.id, offered.id]
        leaving = make.registration(offered, confirmed=True, now=now)
        make.registration(offered, confirmed=True, now=now)
        atomically(answering.withdraw, batch_id=offered.id, registration_id=leaving.id, now=now)
        # An offer is kept for two days, a hold for one.
        self.deadline_at = make.registration(held, now=now + DAY).deadline_at
        for batch in (held, offered):
            make.registration(batch, confirmed=True, now=now + DAY)
            make.registration(batch, confirmed=True, now=now + DAY)
            make.registration(batch, now=now + DAY)
        ends = sa.select(Registration.deadline_at).where(Registration.seat_number.is_not(None))
        assert set(db.session.scalars(ends)) == {self.deadline_at}

    def act(self, now: datetime) -> None:
        """Everybody asks for the seat, in time or not; a newcomer comes to each batch."""
        for one in self._everybody():
            who = {"batch_id": one.batch_id, "registration_id": one.id, "now": now}
            with contextlib.suppress(Refused):
                if one.address_confirmed_at:
                    atomically(answering.accept, **who)
                else:
                    atomically(answering.confirm, **who, seen=one.state)
        for batch_id in self.batch_ids:
            newcomer = make.applicant(f"newcomer-{batch_id}-{now.timestamp()}@example.org")
            atomically(arriving.register, batch_id=batch_id, applicant=newcomer, now=now)
        self.watch.see(now)

    def leave(self, now: datetime) -> None:
        """Everybody who is enrolled gives the seat back."""
        for one in self._everybody():
            if one.state is State.CONFIRMED:
                atomically(
                    answering.withdraw,
                    batch_id=one.batch_id,
                    registration_id=one.id,
                    now=now,
                )
        self.watch.see(now)

    def _everybody(self) -> list[Registration]:
        db.session.rollback()
        return list(db.session.scalars(sa.select(Registration).order_by(Registration.id)))


def tidy_at(story: Story, now: datetime) -> None:
    """Tidy both batches, by the verb, with `now` for the present."""
    for batch_id in story.batch_ids:
        atomically(tidy_batch, batch_id=batch_id, now=now)


def work_at(now: datetime) -> None:
    """Be a worker whose clock shows `now`, until nothing is due; in a process of its own."""
    shift = now - true_now()
    clock.now = lambda: true_now() + shift
    try:
        worker.work(once=True)
    finally:
        clock.now = true_now


true_now = clock.now


@pytest.fixture(params=["verb", "worker"])
def look(
    request: pytest.FixtureRequest, elsewhere: Callable[[Callable[[], Any]], Any]
) -> Callable[[Story, datetime], None]:
    """Looks after holds and offers at a moment, by the verb or by the worker, and sees what became."""

    def run(story: Story, now: datetime) -> None:
        if request.param == "verb":
            tidy_at(story, now)
        else:
            elsewhere(partial(work_at, now))
        story.watch.see(now)

    return run


@pytest.fixture
def story(app: Flask, instance: Path, now: datetime) -> Story:
    return Story(Watch(instance), now)


def go_on(story: Story, look: Callable[[Story, datetime], None], now: datetime) -> None:
    """The clock is right again: people act, seats move on, and days later it is all still well."""
    look(story, now)
    story.act(now + MINUTE)
    look(story, now + 2 * MINUTE)
    story.leave(now + 3 * MINUTE)
    for days in (2, 4, 8):
        look(story, now + days * DAY)
    story.act(now + 8 * DAY + HOUR)
    look(story, now + 8 * DAY + 2 * HOUR)


@jumps
def test_the_clock_jumps_forward_and_is_put_right(
    story: Story, look: Callable[[Story, datetime], None], jump: timedelta
) -> None:
    """Past the end of a hold and an offer, and back to where they still run."""
    right = story.deadline_at - jump / 2
    look(story, right)
    assert story.watch.ended_by_the_clock() == 0
    look(story, right + jump)
    story.act(right + jump + MINUTE)
    look(story, right + jump + 2 * MINUTE)
    go_on(story, look, right + 5 * MINUTE)


@jumps
def test_the_clock_jumps_back_and_is_put_right(
    story: Story, look: Callable[[Story, datetime], None], jump: timedelta
) -> None:
    """A hold and an offer have ended; now the clock says that they would still run."""
    right = story.deadline_at + jump / 2
    look(story, right)
    assert story.watch.ended_by_the_clock() == 2
    look(story, right - jump)
    story.act(right - jump + MINUTE)
    look(story, right - jump + 2 * MINUTE)
    go_on(story, look, right + 5 * MINUTE)
