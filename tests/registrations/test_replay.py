"""Replaying histories: good ones give nothing, and each kind of wrong one gives its sentence."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, Self

import pytest

from enroll.registrations.replay import Offers, Step, open_offers, replay

BATCH = 1


@dataclass
class Story:
    """Writes histories as verbs would: ids rise, and each step begins where the last one ended.

    People are known by their queue numbers; a registration's id is ten times that.
    """

    batch_id: int = BATCH
    steps: list[Step] = field(default_factory=list)
    states: dict[int, str | None] = field(default_factory=dict)
    bound: dict[int, dict[str, int]] = field(default_factory=dict)
    ids: Any = field(default_factory=lambda: itertools.count(1))

    def step(self, who: int, target: str, why: str = "", by: str = "student", **more: Any) -> Self:
        source = self.states.get(who)
        self.states[who] = target
        given: dict[str, Any] = {
            "batch_id": self.batch_id,
            "id": next(self.ids),
            "registration_id": who * 10,
            "source": source,
            "target": target,
            "by": by,
            "why": why,
            "is_known": False,
            "queue_number": who,
            "group_id": None,
            "wish_id": None,
            "state": "",
        }
        self.steps.append(Step(**given | self.bound.get(who, {}) | more))
        return self

    def wait(self, *people: int, confirmed: bool = True, **bound: int) -> Self:
        """They come when no seat is free, and confirm their addresses."""
        for who in people:
            self.bound[who] = bound
            self.step(who, "waitlisted", "registered")
            if confirmed:
                self.confirm(who)
        return self

    def confirm(self, who: int) -> Self:
        return self.step(who, "waitlisted", "confirmed the address")

    def sit(self, who: int) -> Self:
        """Comes while a seat is free, and confirms."""
        self.step(who, "pending", "registered")
        return self.step(who, "confirmed", "confirmed the address")

    def offer(self, *people: int) -> Self:
        for who in people:
            self.step(who, "offered", "a seat freed", by="clock")
        return self

    def pass_on(self, who: int) -> Self:
        return self.step(who, "waitlisted", "passed the offer")

    def skip(self, who: int) -> Self:
        return self.step(who, "waitlisted", "skipped: a group of 2 does not fit", by="clock")

    def told(self, offers: Offers | None = None) -> list[str]:
        """What the replay says, if everybody stands today where their history ends."""
        return list(replay(_finished(self), offers or {}))


def _finished(story: Story) -> list[Step]:
    today = {step.registration_id: step.target for step in story.steps}
    return [step._replace(state=step.state or today[step.registration_id]) for step in story.steps]


def out_of_turn(who: int, first: int) -> str:
    return f"registration {who}0 was offered a seat before registration {first}0, who came first"


# ---------------------------------------------------------------- good histories


def test_no_history_no_problem() -> None:
    assert list(replay([], {})) == []


def test_seats_in_order_give_nothing() -> None:
    story = Story().sit(1).sit(2).wait(3, 4, 5)
    story.step(1, "withdrawn").offer(3).step(3, "confirmed")
    story.step(2, "withdrawn").offer(4).step(4, "expired", by="clock").offer(5)
    assert story.told() == []


def test_several_batches_do_not_mix() -> None:
    one, other = Story(batch_id=1).wait(1), Story(batch_id=2).wait(2).offer(2)
    assert list(replay(_finished(one) + _finished(other), {})) == []


# ---------------------------------------------------------------- impossible histories


def test_a_history_starts_from_nothing() -> None:
    story = Story()
    story.states[1] = "pending"
    assert story.step(1, "confirmed").told() == [
        "registration 10: its history jumps from nothing over pending to confirmed"
    ]


def test_each_step_begins_where_the_last_one_ended() -> None:
    story = Story().step(1, "pending").step(1, "expired")
    story.states[1] = "pending"
    assert story.step(1, "confirmed").told() == [
        "registration 10: its history jumps from expired over pending to confirmed"
    ]


@pytest.mark.parametrize("target", ["pending", "offered", "confirmed", "nonsense"])
def test_a_move_that_the_table_lacks_is_told(target: str) -> None:
    story = Story().step(1, "pending").step(1, "withdrawn").step(1, target)
    assert story.told() == [
        f"registration 10: its history jumps from withdrawn over withdrawn to {target}"
    ]


def test_a_history_ends_in_the_present() -> None:
    story = Story().step(1, "pending", state="confirmed")
    assert story.told() == ["registration 10: confirmed, but its history ends in pending"]


# ---------------------------------------------------------------- whose turn it was


def test_an_offer_out_of_order_is_found() -> None:
    assert Story().wait(1, 2, 3).offer(2).told() == [out_of_turn(2, first=1)]


def test_the_first_one_passed_over_is_named() -> None:
    story = Story().wait(1, 2, 3).offer(1).step(1, "confirmed")
    assert story.offer(3).told() == [out_of_turn(3, first=2)]


def test_the_order_is_that_of_the_numbers_not_of_the_rows() -> None:
    assert Story().wait(3, 2, 1).offer(1, 2, 3).told() == []
    assert Story().wait(3, 2, 1).offer(3).told() == [out_of_turn(3, first=1)]


def test_an_offer_by_hand_out_of_turn_carries_its_reason() -> None:
    why = "out of turn: the first three prefer the evening"
    story = Story().wait(1, 2, 3).step(3, "offered", why, by="staff 1")
    assert story.told() == []
    assert story.offer(1, 2).told() == []


@pytest.mark.parametrize("why", ["offered by staff", "asked by telephone", "out of turn: ", ""])
def test_one_without_a_reason_is_found(why: str) -> None:
    story = Story().wait(1, 2).step(2, "offered", why, by="staff 1")
    assert story.told() == [out_of_turn(2, first=1)]


def test_an_offer_by_hand_in_turn_needs_none() -> None:
    assert Story().wait(1, 2).step(1, "offered", "offered by staff", by="staff 1").told() == []


def test_the_clock_has_no_reasons() -> None:
    story = Story().wait(1, 2).step(2, "offered", "out of turn: it felt like it", by="clock")
    assert story.told() == [out_of_turn(2, first=1)]


def test_who_has_left_is_not_asked() -> None:
    assert Story().wait(1, 2).step(1, "withdrawn").offer(2).told() == []


def test_who_has_not_confirmed_is_not_asked() -> None:
    story = Story().wait(1, confirmed=False).wait(2).offer(2)
    assert story.told() == []
    assert story.confirm(1).told() == []


def test_who_confirms_comes_before_later_numbers() -> None:
    story = Story().wait(1, confirmed=False).wait(2, 3).offer(2).confirm(1).offer(3)
    assert story.told() == [out_of_turn(3, first=1)]


def test_who_came_with_a_confirmed_address_is_first_at_once() -> None:
    story = Story().step(1, "waitlisted", "moved here", is_known=True).wait(2).offer(2)
    assert story.told() == [out_of_turn(2, first=1)]


def test_within_one_moment_the_step_counts_and_not_the_time() -> None:
    """Arrived and confirmed in the same microsecond: the row says known, the step says later."""
    story = Story().step(1, "waitlisted", "registered", is_known=True).wait(2).offer(2)
    story.step(1, "waitlisted", "confirmed the address", is_known=True)
    assert story.told() == []


def test_an_applicant_confirmed_before_staff_decided() -> None:
    story = Story().step(1, "applied", "registered").step(1, "applied", "confirmed the address")
    story.step(1, "waitlisted", "application accepted", by="staff@example.org").wait(2).offer(2)
    assert story.told() == [out_of_turn(2, first=1)]


# ---------------------------------------------------------------- who rests


def test_who_passed_rests_until_a_seat_frees() -> None:
    story = Story().sit(1).wait(2, 3, 4).offer(2).pass_on(2).offer(3)
    assert story.told() == []
    story.step(1, "withdrawn").offer(4)
    assert story.told() == [out_of_turn(4, first=2)]


@pytest.mark.parametrize("end", ["withdrawn", "expired", "cancelled"])
def test_a_hold_that_ends_frees_a_seat(end: str) -> None:
    story = Story().step(1, "pending").wait(2, 3, 4).offer(2).pass_on(2).offer(3)
    assert story.step(1, end).offer(2).told() == []
    story = Story().step(1, "pending").wait(2, 3, 4).offer(2).pass_on(2).offer(3)
    assert story.step(1, end).offer(4).told() == [out_of_turn(4, first=2)]


def test_an_offer_that_ends_wakes_nobody() -> None:
    story = Story().wait(1, 2, 3).offer(1).pass_on(1).offer(2)
    assert story.step(2, "withdrawn").offer(3).told() == []


def test_a_larger_batch_may_have_woken_them() -> None:
    """A resize leaves no step, so asking somebody who rests is no problem either."""
    assert Story().wait(1, 2).offer(1).pass_on(1).offer(1).told() == []


# ---------------------------------------------------------------- groups


def test_a_group_is_asked_as_one() -> None:
    story = Story().wait(1, 4, group_id=7).wait(2, 3).offer(1, 4, 2, 3)
    assert story.told() == []


def test_a_group_comes_at_its_first_members_place() -> None:
    story = Story().wait(1).wait(2, 4, group_id=7).wait(3)
    assert story.offer(2, 4).told() == [out_of_turn(2, first=1), out_of_turn(4, first=1)]
    story = Story().wait(2).wait(1, 3, group_id=7).step(1, "withdrawn")
    assert story.offer(3).told() == [out_of_turn(3, first=2)]


def test_a_group_that_was_skipped_has_its_reason() -> None:
    story = Story().wait(1, 2, group_id=7).wait(3).skip(1).skip(2).offer(3)
    assert story.told() == []


def test_a_group_that_was_passed_without_a_word_is_told() -> None:
    assert Story().wait(1, 2, group_id=7).wait(3).offer(3).told() == [out_of_turn(3, first=1)]


def test_a_reason_ends_with_the_next_change_of_the_group() -> None:
    story = Story().wait(1, 2, group_id=7).wait(3, 4).skip(1).skip(2).offer(3)
    assert story.step(2, "withdrawn").offer(4).told() == [out_of_turn(4, first=1)]


def test_a_group_waits_for_the_addresses_of_all() -> None:
    story = Story().wait(1, group_id=7).wait(2, group_id=7, confirmed=False).wait(3).offer(3)
    assert story.told() == []


# ---------------------------------------------------------------- wishes


def offered(*spans: tuple[float, float]) -> Offers:
    return {5: list(spans)}


def test_a_wish_with_an_open_offer_elsewhere_is_not_asked() -> None:
    story = Story().wait(1, wish_id=5).wait(2).offer(2)
    made = story.steps[-1].id
    assert story.told(offered((made - 1, made + 1))) == []
    assert story.told(offered((made - 1, float("inf")))) == []
    assert story.told(offered((1, made - 1))) == [out_of_turn(2, first=1)]
    assert story.told(offered((made + 1, made + 2))) == [out_of_turn(2, first=1)]


def test_offers_are_open_from_their_step_to_the_next() -> None:
    steps = [
        (5, 10, 100, "waitlisted", "offered"),
        (6, 20, 101, "waitlisted", "offered"),
        (5, 10, 102, "offered", "waitlisted"),
        (5, 11, 103, "waitlisted", "offered"),
        (5, 11, 104, "offered", "confirmed"),
    ]
    assert open_offers(steps) == {5: [(100, 102), (103, 104)], 6: [(101, float("inf"))]}


# ---------------------------------------------------------------- newcomers


def test_a_newcomer_passes_nobody_who_waits() -> None:
    words = "registration 20 came new and got a seat before registration 10, who waited for it"
    assert Story().wait(1).step(2, "pending", "registered").told() == [words]
    assert Story().wait(1).step(2, "confirmed", "moved here").told() == [words]
    assert Story().wait(1, confirmed=False).step(2, "pending", "registered").told() == []
    assert Story().wait(1).offer(1).pass_on(1).step(2, "pending", "registered").told() == []


def test_staff_may_seat_somebody_new() -> None:
    story = Story().wait(1).step(2, "pending", "imported", by="staff@example.org")
    assert story.told() == []
