"""In which order a roster stands, and where a page goes on: keys that no two people of a batch share."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.registrations.models import Registration
from enroll.registrations.states import SEATED, State


class Sort(StrEnum):
    """What decides who stands on top."""

    PLACE = "place"  # the seated by seat, the waiting by place, the applications, who has left
    ARRIVAL = "arrival"
    LATEST = "latest"
    NAME = "name"


_RANK = sa.case(
    (Registration.state.in_(SEATED), 0),
    (Registration.state == State.WAITLISTED, 1),
    (Registration.state == State.APPLIED, 2),
    else_=3,
)
_NUMBER = sa.func.coalesce(Registration.seat_number, Registration.queue_number)
_RANKS = {State.WAITLISTED: 1, State.APPLIED: 2}


def key_columns(sort: Sort) -> list[sa.SQLColumnExpression[Any]]:
    """What a page is sorted by; no two people of a batch have the same."""
    if sort is Sort.PLACE:
        return [_RANK, _NUMBER]
    if sort is Sort.NAME:
        return [Registration.sought, Registration.id]
    return [Registration.queue_number]


def in_order(key: list[sa.SQLColumnExpression[Any]], *, falls: bool) -> list[sa.ColumnElement[Any]]:
    return [column.desc() if falls else column.asc() for column in key]


def key_of(one: Registration, sort: Sort) -> str:
    """The key as it stands in an address: numbers only, nothing about a person."""
    if sort is Sort.PLACE:
        rank = 0 if one.state.is_seated else _RANKS.get(one.state, 3)
        return f"{rank}.{one.seat_number or one.queue_number}"
    return str(one.id if sort is Sort.NAME else one.queue_number)


def bounds_of(batch_id: int, sort: Sort, text: str) -> list[Any] | None:
    """The values behind a key; `None` where it is none."""
    pieces = text.split(".")
    if len(pieces) != (2 if sort is Sort.PLACE else 1):
        return None
    if not all(piece.isascii() and piece.isdecimal() and len(piece) < 10 for piece in pieces):
        return None
    values = [int(piece) for piece in pieces]
    if sort is not Sort.NAME:
        return values
    anchor = aliased(Registration)
    own = anchor.batch_id == batch_id
    return [
        sa.select(anchor.sought).where(anchor.id == values[0], own).scalar_subquery(),
        values[0],
    ]


def is_beyond(
    key: list[sa.SQLColumnExpression[Any]], bounds: list[Any], *, falls: bool, is_back: bool
) -> sa.ColumnElement[bool]:
    """Behind the bounds in the direction we go."""
    down = falls is not is_back
    first, *rest = zip(key, bounds, strict=True)
    beyond: sa.ColumnElement[bool] = first[0] < first[1] if down else first[0] > first[1]
    for column, bound in rest:  # of two at the most: the second decides between equals
        later = column < bound if down else column > bound
        beyond = sa.or_(beyond, sa.and_(first[0] == first[1], later))
    return beyond
