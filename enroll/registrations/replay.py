"""Replays histories: was every step possible, and did every seat go to the first in line? Pure.

What a row says of itself today (that its owner rests, for instance) is not believed: who stood
where at which moment follows from the steps before it. Two things leave no step, so nobody is
accused over them: a larger batch, which wakes those who rest, and how many seats were free, which
decides whether a group fits. A skipped group has a step that says so.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import inf
from operator import itemgetter
from typing import NamedTuple

from enroll.registrations.states import MOVES, SEATED, State

# Plain text throughout: millions of steps are compared.
ALLOWED = frozenset((source and source.value, target.value) for source, target, _by in MOVES)
PENDING, WAITLISTED = State.PENDING.value, State.WAITLISTED.value
OFFERED, CONFIRMED = State.OFFERED.value, State.CONFIRMED.value
SEATS = frozenset(state.value for state in SEATED)

# What the history's `by` and `why` say, where it matters here.
CLOCK = "clock"
STUDENT = "student"
ADDRESS_CONFIRMED = "confirmed the address"
ADDRESS_CORRECTED = "corrected the address"
BY_HAND = "registered by telephone"
SKIPPED = "skipped"
OUT_OF_TURN = "out of turn: "  # and then the reason of whoever offered the seat by hand

# When a wish had an open offer: from the step that made it to the step that ended it.
Offers = Mapping[int, Sequence[tuple[float, float]]]


class Step(NamedTuple):
    """One history row, and beside it what its registration is today.

    `is_known` tells whether, by the registration's own word, its address was confirmed by the time
    of the step.
    """

    batch_id: int
    id: int
    registration_id: int
    source: str | None
    target: str
    by: str
    why: str
    is_known: bool | None
    queue_number: int
    group_id: int | None
    wish_id: int | None
    state: str


def replay(steps: Iterable[Step], offers: Offers) -> Iterator[str]:
    """The problems in these histories; `steps` in the order of (batch_id, id), a batch at a time."""
    for _batch_id, batch in groupby(steps, key=itemgetter(0)):
        line = _Line(list(batch), offers)
        yield from line.problems()


def open_offers(steps: Iterable[tuple[int, int, int, str | None, str]]) -> Offers:
    """When each wish had an open offer, from (wish, registration, id, source, target) in id order."""
    found: dict[int, list[tuple[float, float]]] = {}
    began: dict[int, tuple[int, int]] = {}
    for wish_id, registration_id, step_id, source, target in steps:
        if source == OFFERED and registration_id in began:
            found.setdefault(wish_id, []).append((began.pop(registration_id)[1], step_id))
        if target == OFFERED:
            began[registration_id] = (wish_id, step_id)
    for wish_id, step_id in began.values():
        found.setdefault(wish_id, []).append((step_id, inf))
    return found


class _Line:
    """One batch: who stands where, step by step."""

    def __init__(self, steps: list[Step], offers: Offers) -> None:
        self._steps = steps
        self._offers = offers
        self._states: dict[int, str] = {}
        self._today: dict[int, str] = {}
        # Who has a step for the confirmed address was unknown before it, whatever the times say:
        # within one moment they do not tell before from after.
        self._told = {step[2] for step in steps if step[6] == ADDRESS_CONFIRMED}
        self._known: set[int] = set()
        # Who may be asked next, by queue number; and those who passed, until a seat frees.
        self._awake: list[tuple[int, int]] = []
        self._resting: dict[int, int] = {}
        self._bound = {step[2]: (step[9], step[10]) for step in steps if step[9] or step[10]}
        self._mates: dict[int, list[int]] = {}
        for registration_id, (group_id, _wish_id) in self._bound.items():
            if group_id is not None:
                self._mates.setdefault(group_id, []).append(registration_id)
        self._skipped: set[int] = set()
        # The group whose turn it is, and the number it was called by: its offers are one.
        self._turn: tuple[int, int] | None = None

    def problems(self) -> Iterator[str]:
        """Walk through all steps; then compare where everybody came to with today."""
        states, today = self._states, self._today
        for step in self._steps:
            _batch, step_id, who, source, target, by, why, _known, _number, *_, state = step
            today[who] = state
            if why == ADDRESS_CONFIRMED:
                self._known.add(who)
            elif why == ADDRESS_CORRECTED:  # from here on nobody knows whose it is
                self._forget(who, _number)
            before = states.get(who)
            if before != source or (source, target) not in ALLOWED:
                way = f"from {before or 'nothing'} over {source or 'nothing'} to {target}"
                yield f"registration {who}: its history jumps {way}"
            if target == OFFERED != source:
                yield from self._judge_offer(step)
            else:
                self._turn = None
                came = by == STUDENT or why == BY_HAND
                if source is None and target in SEATS and came and self._awake:
                    yield from self._judge_newcomer(who, step_id)
            states[who] = target
            if source == WAITLISTED or target == WAITLISTED:
                self._queue(step)
            elif source != OFFERED and source in SEATS and target not in SEATS:
                self._wake()
        for who, state in today.items():
            if states[who] != state:
                yield f"registration {who}: {state}, but its history ends in {states[who]}"

    # ------------------------------------------------------------ whose turn it was

    def _judge_offer(self, step: Step) -> Iterator[str]:
        """Every offer goes to the first in line, unless one by hand says why it does not."""
        rank = self._rank(step)
        if step.by != CLOCK and step.why.startswith(OUT_OF_TURN) and step.why[len(OUT_OF_TURN) :]:
            return
        first = self._first(rank, step.id)
        if first is not None:
            who = f"registration {step.registration_id} was offered a seat"
            yield f"{who} before registration {first}, who came first"

    def _judge_newcomer(self, registration_id: int, step_id: int) -> Iterator[str]:
        """A newcomer passes nobody who waits alone with a confirmed address.

        Whoever waits in a group may not fit, and a wish is locked together with another batch: of
        these two the steps do not tell enough.
        """
        first = self._first(inf, step_id, of_the_bound=False)
        if first is not None:
            who = f"registration {registration_id} came new and got a seat"
            yield f"{who} before registration {first}, who waited for it"

    def _rank(self, step: Step) -> float:
        """The number by which it was this person's turn: a group's is that of its first member."""
        group_id = step.group_id
        if group_id is None:
            self._turn = None
            return step.queue_number
        if self._turn is None or self._turn[0] != group_id:
            mates = self._mates[group_id]
            rank = min((number for number, who in self._awake if who in mates), default=None)
            self._turn = (group_id, step.queue_number if rank is None else rank)
        return self._turn[1]

    def _first(self, rank: float, step_id: int, *, of_the_bound: bool = True) -> int | None:
        """Who stood before this number and could have been asked."""
        for number, who in self._awake:
            if number >= rank:
                return None
            if who not in self._bound:
                return who
            if of_the_bound and self._could_be_asked(who, step_id):
                return who
        return None

    def _could_be_asked(self, who: int, step_id: int) -> bool:
        group_id, wish_id = self._bound[who]
        return (group_id is None or self._is_ready(group_id)) and (
            wish_id is None or self._is_free(wish_id, step_id)
        )

    def _is_ready(self, group_id: int) -> bool:
        """Not skipped since it last changed, and nobody in it has still to confirm an address."""
        return group_id not in self._skipped and not any(
            self._states.get(mate) == WAITLISTED and mate not in self._known
            for mate in self._mates[group_id]
        )

    def _is_free(self, wish_id: int, step_id: int) -> bool:
        return not any(made < step_id < ended for made, ended in self._offers.get(wish_id, ()))

    # ------------------------------------------------------------ who stands where

    def _queue(self, step: Step) -> None:
        """Come into the queue, leave it, rest, or become known while in it."""
        _batch, _id, who, source, target, _by, why, is_known, number, group_id, *_ = step
        if source != target and group_id is not None:
            self._skipped.discard(group_id)
        if target != WAITLISTED:
            self._leave(number, who)
            return
        if group_id is not None and why.startswith(SKIPPED):
            self._skipped.add(group_id)
        if is_known and who not in self._told:
            self._known.add(who)
        if source == OFFERED:
            self._resting[who] = number
        elif who in self._known and who not in self._resting:
            self._line_up(number, who)

    def _forget(self, who: int, number: int) -> None:
        """A corrected address has to be confirmed anew: until then its owner is not asked."""
        self._known.discard(who)
        self._told.add(who)
        if who not in self._resting:
            self._leave(number, who)

    def _line_up(self, number: int, who: int) -> None:
        place = bisect_left(self._awake, (number, who))
        if self._awake[place : place + 1] != [(number, who)]:
            insort(self._awake, (number, who))

    def _leave(self, number: int, who: int) -> None:
        self._resting.pop(who, None)
        place = bisect_left(self._awake, (number, who))
        if self._awake[place : place + 1] == [(number, who)]:
            del self._awake[place]

    def _wake(self) -> None:
        """A seat has freed: a new chance for those who rest."""
        for who, number in self._resting.items():
            if who in self._known:
                self._line_up(number, who)
        self._resting.clear()
