"""How far along a registration is: the stages of the line that my registration draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from enroll.registrations.models import Registration, RegistrationEvent
from enroll.registrations.states import State


class Stage(StrEnum):
    """What lies on the way from the form to the last day."""

    REGISTERED = "registered"
    ADDRESS = "address"
    DECISION = "decision"
    SEAT = "seat"
    BEGINS = "begins"
    ENDS = "ends"


class Standing(StrEnum):
    """Where a stage lies from where the person stands; the words are the classes of the drawing."""

    DONE = "done"
    HERE = "here"
    AHEAD = "ahead"
    ENDED = "ended"


@dataclass(frozen=True)
class Step:
    """One stage; `at` is the moment it was reached (UTC), `on` a day of the batch, in its zone."""

    stage: Stage
    standing: Standing
    at: datetime | None = None
    on: date | None = None


def steps(mine: Registration, history: Sequence[RegistrationEvent], now: datetime) -> list[Step]:
    """The stages of this registration, in order: those done, one that is here, those ahead.

    A registration that has ended ends the line where it ended.
    """
    found = [Step(Stage.REGISTERED, Standing.DONE, at=history[0].at)]
    if mine.address_confirmed_at:
        found.append(Step(Stage.ADDRESS, Standing.DONE, at=mine.address_confirmed_at))
    if not mine.state.is_live:
        return [*found, Step(_last_stage(mine), Standing.ENDED, at=history[-1].at)]
    ahead = [] if mine.address_confirmed_at else [Stage.ADDRESS]
    if mine.state is State.APPLIED:
        ahead.append(Stage.DECISION)
    enrolled = next((one.at for one in history if one.to_state is State.CONFIRMED), None)
    if mine.state is State.CONFIRMED:
        found.append(Step(Stage.SEAT, Standing.DONE, at=enrolled))
    else:
        ahead.append(Stage.SEAT)
    today = now.astimezone(mine.batch.tz).date()
    days = [(Stage.BEGINS, mine.batch.starts_on), (Stage.ENDS, mine.batch.ends_on)]
    return found + _not_yet(ahead) + [_day(stage, on, today) for stage, on in days]


def _not_yet(stages: Sequence[Stage]) -> list[Step]:
    """The first of what is still to come is where the person stands."""
    return [
        Step(stage, Standing.AHEAD if number else Standing.HERE)
        for number, stage in enumerate(stages)
    ]


def _day(stage: Stage, on: date, today: date) -> Step:
    return Step(stage, Standing.DONE if on < today else Standing.AHEAD, on=on)


def _last_stage(mine: Registration) -> Stage:
    return Stage.DECISION if mine.state is State.REJECTED else Stage.SEAT
