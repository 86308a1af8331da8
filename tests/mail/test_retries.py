"""When a letter is tried again."""

from __future__ import annotations

from datetime import timedelta

from enroll.mail.retries import LADDER, next_try


def test_the_ladder_outlasts_three_days_of_outage() -> None:
    least = sum(
        (next_try(tries, 0.0) or timedelta() for tries in range(1, len(LADDER) + 1)), timedelta()
    )
    typical = sum(
        (next_try(tries, 0.5) or timedelta() for tries in range(1, len(LADDER) + 1)), timedelta()
    )
    assert typical >= timedelta(hours=72)
    assert least >= timedelta(hours=57)


def test_it_climbs_and_then_ends() -> None:
    delays = [next_try(tries, 0.5) for tries in range(1, len(LADDER) + 1)]
    assert delays == sorted(delays)
    assert next_try(len(LADDER) + 1, 0.5) is None


def test_luck_spreads_the_tries() -> None:
    assert next_try(3, 0.0) < next_try(3, 0.5) < next_try(3, 0.99)
