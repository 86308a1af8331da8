"""What calling a batch off would offer to whom, played through on paper: the steps of `call_off`. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Leaver(NamedTuple):
    """Somebody live in the batch that would be called off."""

    id: int
    email: str
    wish_id: int | None
    is_confirmed: bool


class Waiter(NamedTuple):
    """Somebody on the waitlist of another batch."""

    id: int
    email: str
    queue_number: int
    group_id: int | None
    wish_id: int | None
    is_confirmed: bool
    is_resting: bool


@dataclass
class Place:
    """Another batch: may anything be offered there, how many seats are free, who waits."""

    makes_offers: bool
    free: int
    waiting: list[Waiter] = field(default_factory=list)


class Foresight:
    """Plays it through; `others` are the ids that `call_off` would try, in its order.

    `open_offers` are (wish, registration) of every offer that is open; `live` are the (batch, address)
    of whoever is in one of the others already.
    """

    def __init__(
        self,
        others: Sequence[int],
        places: Mapping[int, Place],
        open_offers: Iterable[tuple[int, int]],
        live: Iterable[tuple[int, str]],
    ) -> None:
        self._others = others
        self._places = places
        self._live = set(live)
        self._offers: defaultdict[int, set[int]] = defaultdict(set)
        for wish_id, registration_id in open_offers:
            self._offers[wish_id].add(registration_id)

    def offered(self, people: Sequence[Leaver]) -> Counter[int]:
        """How many of these people get an offer in which batch; they come in the order they leave."""
        found: Counter[int] = Counter()
        for one in people:
            there = self._find(one)
            if one.wish_id is not None:
                self._offers[one.wish_id].discard(one.id)
            if there is not None:
                self._places[there].free -= 1
                found[there] += 1
                if one.wish_id is not None:
                    self._offers[one.wish_id].add(-one.id)  # the row it will be has no id yet
        theirs = {one.email for one in people}
        for batch_id in sorted(self._places):
            promoted = sum(one.email in theirs for one in self._promote(self._places[batch_id]))
            if promoted:
                found[batch_id] += promoted
        return found

    def _find(self, one: Leaver) -> int | None:
        if not one.is_confirmed:
            return None
        if one.wish_id is not None and self._offers[one.wish_id] - {one.id}:
            return None
        for batch_id in self._others:
            place = self._places[batch_id]
            if place.makes_offers and place.free and not self._eligible(place):
                return None if (batch_id, one.email) in self._live else batch_id
        return None

    def _promote(self, place: Place) -> list[Waiter]:
        """Who is offered the free seats of a place at the end."""
        made: list[Waiter] = []
        while place.makes_offers and (eligible := self._eligible(place)):
            first = min(eligible, key=lambda one: one.queue_number)
            turn = [first] if first.group_id is None else self._ready(place, first.group_id)
            if len(turn) > place.free:
                break
            place.free -= len(turn)
            for one in turn:
                place.waiting.remove(one)
                if one.wish_id is not None:
                    self._offers[one.wish_id].add(one.id)
            made += turn
        return made

    # ---------------------------------------------------------------- as in eligibility.py

    def _eligible(self, place: Place) -> list[Waiter]:
        return [
            one
            for one in place.waiting
            if self._waits(one) and (one.group_id is None or self._fits(place, one.group_id))
        ]

    def _waits(self, one: Waiter) -> bool:
        return one.is_confirmed and not one.is_resting and not self._considers(one)

    def _considers(self, one: Waiter) -> bool:
        return one.wish_id is not None and bool(self._offers[one.wish_id])

    def _ready(self, place: Place, group_id: int) -> list[Waiter]:
        mates = [one for one in place.waiting if one.group_id == group_id and self._waits(one)]
        return sorted(mates, key=lambda one: one.queue_number)

    def _fits(self, place: Place, group_id: int) -> bool:
        mates = [one for one in place.waiting if one.group_id == group_id]
        if any(not one.is_confirmed or self._considers(one) for one in mates):
            return False
        return len(self._ready(place, group_id)) <= place.free
