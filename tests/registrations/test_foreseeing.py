"""The preview of calling a batch off and the deed agree, wherever random walks through all verbs lead."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.db import atomically, db
from enroll.registrations import answering, steering
from enroll.registrations.foreseeing import foresee_call_off
from enroll.registrations.models import Registration
from enroll.registrations.states import LIVE, State
from tests import make
from tests.contents import contents
from tests.registrations.acting import adds_up, press, state, wish  # noqa: F401 - a fixture
from tests.registrations.test_walks import Walk

SEEDS = 6


class Measured(Exception):
    """Ends the transaction of a deed that is only looked at."""

    def __init__(self, found: tuple[int | None, Counter[int]]) -> None:
        self.found = found


def open_offers() -> dict[int, tuple[int, str]]:
    rows = db.session.execute(
        sa.select(Registration.id, Registration.batch_id, Registration.email).where(
            Registration.state == State.OFFERED
        )
    )
    return {row.id: (row.batch_id, row.email) for row in rows}


def deed(batch_id: int, now: datetime) -> tuple[int | None, Counter[int]]:
    """What calling off really does: how many are written to, and offered a seat in which batches."""

    def verb() -> None:
        people = set(
            db.session.scalars(
                sa.select(Registration.email).where(
                    Registration.batch_id == batch_id, Registration.state.in_(LIVE)
                )
            )
        )
        before = open_offers()
        told = steering.call_off(batch_id=batch_id, by="staff 1", now=now)
        new = [made for number, made in open_offers().items() if number not in before]
        raise Measured((told, Counter(batch for batch, email in new if email in people)))

    with pytest.raises(Measured) as measured:
        atomically(verb)
    return measured.value.found


def preview(batch_id: int, now: datetime) -> tuple[int, Counter[int]]:
    db.session.rollback()
    foreseen = foresee_call_off(batch_id, now)
    return foreseen.people, Counter({batch.id: number for batch, number in foreseen.elsewhere})


def on() -> list[int]:
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Batch.id).where(
                Batch.state.in_((BatchState.TENTATIVE, BatchState.CONFIRMED_TO_RUN))
            )
        )
    )


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_preview_is_what_happens(app: Flask, now: datetime, seed: int) -> None:
    walk = Walk(1000 + seed, now)
    walk.batches.append(make.batch(5, now=now).id)
    for number in range(60):
        walk.step()
        if number % 5 == 4:
            for batch_id in on():
                seen = preview(batch_id, walk.now)
                assert seen == deed(batch_id, walk.now), (batch_id, walk.taken[-6:])


def sign_up(batch: Batch, email: str, **more: Any) -> Registration:
    return make.registration(batch, email, confirmed=True, **more)


def test_whoever_considers_an_offer_elsewhere_gets_no_second_one(app: Flask, now: datetime) -> None:
    """She waits here and in the full batch by one wish, is offered a seat there: one at a time."""
    here, full = make.batch(1, now=now), make.batch(1, now=now)
    make.batch(9, code="open", now=now)
    sign_up(here, "sitting@example.org")
    leaver = sign_up(full, "leaver@example.org")
    asha = sign_up(here, "asha@example.org")
    wish(asha, full, now=now)
    press(answering.withdraw, leaver, now=now)
    assert make.states(full)["asha@example.org"] is State.OFFERED
    before = contents()
    people, offered = preview(here.id, now)
    assert contents() == before
    assert (people, offered.total()) == (2, 1)
    assert (people, offered) == deed(here.id, now)


def test_an_offer_that_ends_with_the_batch_makes_room_for_the_next(app: Flask, now: datetime) -> None:
    """His offer here is why he is not asked there; called off, the seat there is his again, and
    nobody of this batch passes him."""
    here, there = make.batch(1, now=now), make.batch(1, now=now)
    holder, other = sign_up(here, "holder@example.org"), sign_up(there, "other@example.org")
    ben = sign_up(here, "ben@example.org")
    wish(ben, there, now=now)
    press(answering.withdraw, holder, now=now)
    assert state(ben) is State.OFFERED
    press(answering.withdraw, other, now=now)
    sign_up(here, "carla@example.org")
    people, offered = preview(here.id, now)
    assert offered == Counter({there.id: 1})
    assert (people, offered) == deed(here.id, now)
    atomically(steering.call_off, batch_id=here.id, by="staff 1", now=now)
    assert make.states(there)["ben@example.org"] is State.OFFERED
    assert "carla@example.org" not in make.states(there)


pytestmark = pytest.mark.usefixtures("adds_up")
