"""Caps on unconfirmed holds, kept also when the forms come in at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from enroll import clock
from enroll.db import atomically
from enroll.registrations import arriving
from enroll.registrations.states import State
from tests import make

pytestmark = pytest.mark.storm

Race = Callable[..., list[Any]]


def burst(race: Race, rounds: int, **common: object) -> Counter[int]:
    """Two people at once, in batches with a cap of one hold or from one network with such a cap.

    Answers how often so many of them held a seat.
    """
    held: Counter[int] = Counter()
    limit = None if "network" in common else 1
    for turn in range(rounds):
        one = make.batch(2, hold_limit=limit)
        # A network's cap counts over batches, so that no lock of a batch can help.
        batches = [one, one] if limit else [one, make.batch(2)]
        more = {
            name: f"{value}{turn}" if name == "network" else value for name, value in common.items()
        }
        verbs = [
            partial(
                atomically,
                arriving.register,
                batch_id=batch.id,
                applicant=make.applicant(f"p{turn}-{number}@example.org", **more),
                now=clock.now(),
            )
            for number, batch in enumerate(batches)
        ]
        states = [make.read(one_id).state for one_id in race(*verbs)]
        held[states.count(State.PENDING)] += 1
    return held


def test_a_batch_keeps_its_cap(race: Race, rounds: int) -> None:
    assert burst(race, rounds) == {1: rounds}


def test_a_network_keeps_its_cap(race: Race, rounds: int) -> None:
    assert burst(race, rounds, network="n", holds_allowed=1) == {1: rounds}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_negative_control_counting_alone_lets_both_in(
    database_url: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, rounds: int
) -> None:
    monkeypatch.setattr(arriving, "lock_alone", lambda _key: None)
    race = request.getfixturevalue("race")  # its processes are born with the weak lock
    held = burst(race, rounds, network="n", holds_allowed=1)
    print(f"cap of 1, held by two at once: {held[2]} of {rounds}")
    assert held[2] > 0
