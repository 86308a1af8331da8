"""How likely a seat is, as earlier waitlists tell: counted by hand, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.db import atomically, db
from enroll.registrations import answering
from enroll.registrations.chances import Chances
from enroll.registrations.chances import chances as counted
from tests import make
from tests.console.acting import text
from tests.console.test_many_comments import sent
from tests.registrations.acting import press

DAY = timedelta(days=1)


def full(now: datetime, *, begun: int, waiting: int, takes: int, unsure: int = 0, **more) -> Batch:
    """A batch of one seat that began so many days ago: `takes` of those who waited got a seat.

    `unsure` more wait without a confirmed address.
    """
    past = now - (30 + begun) * DAY
    batch = make.batch(1, now=past, **more)
    seated = make.registration(batch, confirmed=True, now=past)
    queue = [make.registration(batch, confirmed=True, now=past) for _ in range(waiting)]
    for _ in range(unsure):
        make.registration(batch, now=past)
    for number in range(takes):
        at = past + (number + 1) * DAY
        press(answering.withdraw, seated, now=at)
        seated = queue[number]
        press(answering.accept, seated, now=at)
    return batch


def test_the_last_batches_are_counted_by_hand(app: Flask, now: datetime) -> None:
    course = make.course()
    full(now, begun=9, waiting=4, takes=3)
    full(now, begun=6, waiting=4, takes=1, unsure=2)
    past = now - 33 * DAY
    last = make.batch(1, now=past)
    seated = make.registration(last, confirmed=True, now=past)
    passes, leaves = (make.registration(last, confirmed=True, now=past) for _ in range(2))
    press(answering.withdraw, seated, now=past + DAY)
    press(answering.pass_offer, passes, now=past + DAY)
    press(answering.withdraw, leaves, now=past + DAY)
    # An offer that is not taken is no seat, but it was offered all the same.
    assert counted(course, now) == Chances(3, 10, 6, 4)


def test_too_few_batches_or_people_say_nothing(app: Flask, now: datetime) -> None:
    course = make.course()
    for begun in (3, 4):
        full(now, begun=begun, waiting=6, takes=1)
    assert counted(course, now) is None
    full(now, begun=-5, waiting=1, takes=0)  # has not begun
    full(now, begun=5, waiting=1, takes=0, course_id=make.course("other"))
    off = full(now, begun=5, waiting=1, takes=0)
    atomically(lambda: db.session.execute(
        sa.update(Batch).where(Batch.id == off.id).values(state=BatchState.CALLED_OFF)))
    assert counted(course, now) is None
    full(now, begun=6, waiting=0, takes=0)
    assert counted(course, now) == Chances(3, 12, 2, 2)
    assert counted(make.course("other"), now) is None


def test_it_takes_two_queries_however_many_batches_there_are(app: Flask, now: datetime) -> None:
    course = make.course()
    for begun in (3, 4, 5):
        full(now, begun=begun, waiting=4, takes=0)
    with sent() as few:
        assert counted(course, now) == Chances(3, 12, 0, 0)
    for begun in (6, 7, 8, 9):
        full(now, begun=begun, waiting=1, takes=1)
    with sent() as many:
        assert counted(course, now) == Chances(6, 15, 3, 3)  # the oldest is not counted
    for found in (few, many):
        assert len([one for one, _values in found if one.startswith("SELECT")]) == 2


@pytest.mark.either_database
def test_the_page_says_where_one_would_stand_and_how_it_went_before(
    client: FlaskClient, now: datetime
) -> None:
    batch = make.batch(1, code="full", now=now)
    path = "/batches/full"
    assert "on the list" not in client.get(path).text
    for _ in range(3):
        make.registration(batch, confirmed=True, now=now)
    page = text(client.get(path).text)
    assert "You would be number 3 on the list. We cannot say yet how likely a seat is" in page
    for begun, takes in ((3, 2), (4, 0), (5, 1)):
        full(now, begun=begun, waiting=4, takes=takes)
    page = text(client.get(path).text)
    assert "In the last 3 batches of this course, 3 of 12 people who waited got a seat." in page
