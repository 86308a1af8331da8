"""One person, several batches: moving in one step, and wishing for whichever frees first."""

from __future__ import annotations

from datetime import datetime

import pytest

from enroll.db import atomically
from enroll.registrations import answering, arriving, moving, tidying
from enroll.registrations.clashes import Clash
from enroll.registrations.states import State
from tests import make
from tests.registrations.acting import (
    HOUR,
    adds_up,  # noqa: F401 - a fixture
    confirm,
    free_seats,
    history,
    in_batch,
    letter,
    letters,
    press,
    state,
    transfer,
    wish,
    with_sessions,
)

pytestmark = pytest.mark.usefixtures("adds_up")
ASHA = "asha@example.org"


# ---------------------------------------------------------------- moving


def test_an_enrolled_person_moves_in_one_step(now: datetime) -> None:
    here, there = make.batch(1), make.batch(1)
    asha = make.registration(here, ASHA, confirmed=True)
    waiting = make.registration(here, confirmed=True)
    outcome = transfer(asha, there, now=now)
    assert state(asha) is State.WITHDRAWN
    assert outcome.registration.batch_id == there.id
    assert state(outcome.registration) is State.CONFIRMED
    assert state(waiting) is State.OFFERED
    # One letter tells of both: the seat there, and the one given back here.
    assert letters(asha) == ["registration_held", "registration_confirmed"]
    assert letters(outcome.registration) == ["registration_confirmed"]
    told = letter(outcome.registration, "registration_confirmed").context
    assert told["moved_from"] == here.title
    assert told["calendar"]["method"] == "PUBLISH"


def test_the_same_press_twice_moves_once(now: datetime) -> None:
    here, there = make.batch(1), make.batch(2)
    asha = make.registration(here, ASHA, confirmed=True)
    first = transfer(asha, there, now=now)
    again = transfer(asha, there, now=now)
    assert (again.registration.id, again.changed) == (first.registration.id, False)
    assert free_seats(there) == 1


def test_where_the_other_is_full_the_seat_here_is_kept_until_one_there_is_taken(
    now: datetime,
) -> None:
    here, there = make.batch(1), make.batch(1)
    holder = make.registration(there, confirmed=True)
    asha = make.registration(here, ASHA, confirmed=True)
    next_here = make.registration(here, confirmed=True)
    moved = transfer(asha, there, now=now).registration
    assert (state(asha), state(moved)) == (State.CONFIRMED, State.WAITLISTED)
    assert letter(moved, "registration_waitlisted").context["keeps"] == here.title
    press(answering.withdraw, holder, now=now)
    assert (state(asha), state(moved)) == (State.CONFIRMED, State.OFFERED)
    press(answering.accept, moved, now=now)
    assert (state(asha), state(moved)) == (State.WITHDRAWN, State.CONFIRMED)
    assert state(next_here) is State.OFFERED
    assert "registration_withdrawn" not in letters(asha)


def test_a_move_never_passes_somebody_who_waits_there(now: datetime) -> None:
    here, there = make.batch(1), make.batch(1)
    holder = make.registration(there, confirmed=True)
    first = make.registration(there, confirmed=True)
    asha = make.registration(here, ASHA, confirmed=True)
    moved = transfer(asha, there, now=now).registration
    press(answering.withdraw, holder, now=now)
    assert (state(first), state(moved)) == (State.OFFERED, State.WAITLISTED)


def test_moving_out_of_a_hold_confirms_the_address(now: datetime) -> None:
    here, there, full = make.batch(1), make.batch(1), make.batch(1)
    make.registration(full, confirmed=True)
    asha = make.registration(here, ASHA)
    moved = transfer(asha, there, now=now).registration
    assert (state(asha), state(moved)) == (State.WITHDRAWN, State.CONFIRMED)
    bilal = make.registration(here, "bilal@example.org")
    waits = transfer(bilal, full, now=now).registration
    assert (state(bilal), state(waits)) == (State.CONFIRMED, State.WAITLISTED)
    assert make.read(waits.id).address_confirmed_at == now


def test_moving_off_a_waitlist_and_out_of_an_offer(now: datetime) -> None:
    here, there = make.batch(1), make.batch(2)
    holder = make.registration(here, confirmed=True)
    asha = make.registration(here, ASHA, confirmed=True)
    bilal = make.registration(here, "bilal@example.org", confirmed=True)
    moved = transfer(asha, there, now=now).registration
    assert (state(asha), state(moved)) == (State.WITHDRAWN, State.CONFIRMED)
    press(answering.withdraw, holder, now=now)
    assert state(bilal) is State.OFFERED
    transfer(bilal, there, now=now)
    assert state(bilal) is State.WITHDRAWN
    assert free_seats(here) == 1


def test_moving_to_a_batch_that_asks_for_approval_is_applying(now: datetime) -> None:
    here, there = make.batch(1), make.batch(1, needs_approval=True)
    asha = make.registration(here, ASHA, confirmed=True)
    moved = transfer(asha, there, now=now).registration
    assert (state(asha), state(moved)) == (State.CONFIRMED, State.APPLIED)


@pytest.mark.parametrize(
    ("changes", "no"),
    [
        ({"opens": 1}, arriving.RegistrationClosed),
        ({"course": True}, moving.NoWayThere),
        ({"waitlist_limit": 0}, arriving.WaitlistFull),
    ],
)
def test_a_move_that_is_not_possible_changes_nothing(
    now: datetime, changes: dict[str, object], no: type[Exception]
) -> None:
    here, changes = make.batch(1), dict(changes)
    if changes.pop("opens", None):
        changes["opens_at"] = now + HOUR
    if changes.pop("course", None):
        changes["course_id"] = make.course("another")
    there = make.batch(1, **changes)
    if no is arriving.WaitlistFull:
        make.registration(there, confirmed=True)
    asha = make.registration(here, ASHA, confirmed=True)
    with pytest.raises(no):
        transfer(asha, there, now=now)
    assert state(asha) is State.CONFIRMED
    assert in_batch(there, ASHA) is None


def test_nobody_moves_to_where_they_are(now: datetime) -> None:
    here, there = make.batch(1), make.batch(2)
    asha = make.registration(here, ASHA, confirmed=True)
    make.registration(there, ASHA)
    with pytest.raises(moving.AlreadyThere):
        transfer(asha, there, now=now)
    with pytest.raises(moving.NoWayThere):
        transfer(asha, here, now=now)


def test_an_ended_registration_moves_nowhere(now: datetime) -> None:
    here, there = make.batch(1), make.batch(1)
    asha = make.registration(here, ASHA, confirmed=True)
    press(answering.withdraw, asha, now=now)
    with pytest.raises(answering.HasEnded):
        transfer(asha, there, now=now)
    assert free_seats(there) == 1


def test_who_waited_in_vain_enters_the_next_batch_with_one_press(now: datetime) -> None:
    here, there = make.batch(1), make.batch(1, now=now + 24 * 60 * HOUR)
    make.registration(here, confirmed=True)
    asha = make.registration(here, ASHA, confirmed=True)
    begins = datetime.combine(here.starts_on, datetime.min.time(), now.tzinfo)
    atomically(tidying.tidy_batch, batch_id=here.id, now=begins)
    assert history(asha)[-1] == ("waitlisted", "expired", "batch started")
    later = there.opens_at + HOUR
    new = transfer(asha, there, now=later).registration
    assert state(new) is State.CONFIRMED
    assert state(asha) is State.EXPIRED  # what ended stays ended


def test_where_the_next_batch_is_full_the_letter_leads_to_its_waitlist(now: datetime) -> None:
    here = make.batch(1)
    there = make.batch(1, now=now + 24 * 60 * HOUR, opens_at=now - HOUR)
    for batch in (here, there):
        make.registration(batch, confirmed=True)
    asha = make.registration(here, ASHA, confirmed=True)
    begins = datetime.combine(here.starts_on, datetime.min.time(), now.tzinfo)
    atomically(tidying.tidy_batch, batch_id=here.id, now=begins)
    told = letter(asha, "registration_expired").context
    assert (told["next"]["code"], told["next_is_full"]) == (there.code, True)
    assert state(transfer(asha, there, now=begins).registration) is State.WAITLISTED


# ---------------------------------------------------------------- wishes


def test_a_wish_waits_in_several_batches_and_is_offered_the_first_seat(now: datetime) -> None:
    batches = [make.batch(1) for _ in range(3)]
    holders = [make.registration(batch, confirmed=True) for batch in batches]
    asha = make.registration(batches[0], ASHA, confirmed=True)
    wish(asha, *batches[1:], now=now)
    places = [in_batch(batch, ASHA) for batch in batches]
    assert [state(place) for place in places] == [State.WAITLISTED] * 3
    press(answering.withdraw, holders[2], now=now)
    press(answering.withdraw, holders[1], now=now)
    # One open offer at a time: the second seat stays free for newcomers.
    assert [state(place) for place in places] == [
        State.WAITLISTED,
        State.WAITLISTED,
        State.OFFERED,
    ]
    assert free_seats(batches[1]) == 1
    press(answering.accept, places[2], now=now)
    assert [state(place) for place in places] == [
        State.WITHDRAWN,
        State.WITHDRAWN,
        State.CONFIRMED,
    ]
    assert letter(places[2], "registration_confirmed").context["left"] == [
        batch.title for batch in batches[:2]
    ]
    assert letters(places[1]) == ["registration_waitlisted"]


def test_passing_one_offer_of_a_wish_leads_to_the_next_seat_at_once(now: datetime) -> None:
    batches = [make.batch(1) for _ in range(2)]
    holders = [make.registration(batch, confirmed=True) for batch in batches]
    asha = make.registration(batches[0], ASHA, confirmed=True)
    wish(asha, batches[1], now=now)
    other = in_batch(batches[1], ASHA)
    for holder in holders:
        press(answering.withdraw, holder, now=now)
    assert (state(asha), state(other)) == (State.OFFERED, State.WAITLISTED)
    press(answering.pass_offer, asha, now=now)
    assert (state(asha), state(other)) == (State.WAITLISTED, State.OFFERED)
    assert (free_seats(batches[0]), free_seats(batches[1])) == (1, 0)


def test_a_lapsed_offer_of_a_wish_leads_to_the_next_seat_too(now: datetime) -> None:
    batches = [make.batch(1) for _ in range(2)]
    holders = [make.registration(batch, confirmed=True) for batch in batches]
    asha = make.registration(batches[0], ASHA, confirmed=True)
    wish(asha, batches[1], now=now)
    for holder in holders:
        press(answering.withdraw, holder, now=now)
    later = make.read(asha.id).deadline_at
    atomically(tidying.tidy_batch, batch_id=batches[0].id, now=later)
    assert state(in_batch(batches[1], ASHA)) is State.OFFERED


def test_a_wish_for_a_batch_with_a_free_seat_is_an_offer_at_once(now: datetime) -> None:
    full, free = make.batch(1), make.batch(1)
    make.registration(full, confirmed=True)
    asha = make.registration(full, ASHA)
    wish(asha, free, now=now)
    assert state(in_batch(free, ASHA)) is State.OFFERED
    assert make.read(asha.id).address_confirmed_at == now
    assert wish(asha, free, now=now).changed is False


def test_only_who_waits_can_wish(now: datetime) -> None:
    here, other = make.batch(1), make.batch(1)
    asha = make.registration(here, ASHA, confirmed=True)
    with pytest.raises(moving.NotWaiting):
        wish(asha, other, now=now)


# ---------------------------------------------------------------- overlapping sessions


def test_nobody_is_enrolled_in_two_rooms_at_a_time(now: datetime) -> None:
    common = with_sessions(now=now)
    monday = make.batch(1, **common)
    same_hours = make.batch(1, refuses_overlap=True, **common)
    other_hours = make.batch(1, refuses_overlap=True, **with_sessions(now=now, hour=9))
    make.registration(monday, ASHA, confirmed=True)
    there = make.registration(same_hours, ASHA)
    with pytest.raises(Clash) as refusal:
        confirm(there, now=now)
    assert refusal.value.facts["code"] == monday.code
    assert state(there) is State.PENDING
    elsewhere = make.registration(other_hours, ASHA)
    confirm(elsewhere, now=now)
    assert state(elsewhere) is State.CONFIRMED


def test_a_place_on_a_waitlist_counts_as_a_registration_at_the_same_hours(now: datetime) -> None:
    common = with_sessions(now=now)
    monday, other = make.batch(1, **common), make.batch(1, refuses_overlap=True, **common)
    for batch in (monday, other):
        make.registration(batch, confirmed=True)
    waits = make.registration(monday, ASHA)
    second = make.registration(other, ASHA)
    confirm(second, now=now)  # the first may have been typed by anybody
    with pytest.raises(Clash) as refusal:
        confirm(waits, now=now)
    assert (refusal.value.facts["code"], refusal.value.facts["state"]) == (
        other.code,
        State.WAITLISTED,
    )
    assert make.read(waits.id).address_confirmed_at is None
    press(answering.withdraw, second, now=now)
    confirm(waits, now=now)
    assert state(waits) is State.WAITLISTED


def test_who_moves_leaves_the_first_room(now: datetime) -> None:
    common = with_sessions(now=now)
    monday, same_hours = make.batch(1, **common), make.batch(1, refuses_overlap=True, **common)
    asha = make.registration(monday, ASHA, confirmed=True)
    transfer(asha, same_hours, now=now)
    assert state(in_batch(same_hours, ASHA)) is State.CONFIRMED


# ---------------------------------------------------------------- several moves at once


def test_a_move_elsewhere_takes_the_first_move_along(now: datetime) -> None:
    here, full, free = (make.batch(1) for _ in range(3))
    holder = make.registration(full, confirmed=True)
    asha = make.registration(here, ASHA, confirmed=True)
    waits = transfer(asha, full, now=now).registration
    sits = transfer(asha, free, now=now).registration
    assert (state(asha), state(waits), state(sits)) == (
        State.WITHDRAWN,
        State.WAITLISTED,
        State.CONFIRMED,
    )
    press(answering.withdraw, holder, now=now)
    press(answering.accept, waits, now=now)
    # One seat in the end, not two.
    assert (state(waits), state(sits)) == (State.CONFIRMED, State.WITHDRAWN)
    assert free_seats(free) == 1


def test_the_first_of_two_moves_to_come_true_is_what_the_other_replaces(now: datetime) -> None:
    here, one, two = (make.batch(1) for _ in range(3))
    holders = [make.registration(batch, confirmed=True) for batch in (one, two)]
    asha = make.registration(here, ASHA, confirmed=True)
    places = [transfer(asha, batch, now=now).registration for batch in (one, two)]
    for holder, place in zip(holders, places, strict=True):
        press(answering.withdraw, holder, now=now)
        press(answering.accept, place, now=now)
    assert [state(place) for place in (asha, *places)] == [
        State.WITHDRAWN,
        State.WITHDRAWN,
        State.CONFIRMED,
    ]


def test_who_enters_the_next_batch_leaves_what_hung_on_the_old_place(now: datetime) -> None:
    here, other = make.batch(1), make.batch(1, now=now + 24 * 20 * HOUR, opens_at=now - HOUR)
    there = make.batch(1, now=now + 24 * 60 * HOUR, opens_at=now - HOUR)
    for batch in (here, other):
        make.registration(batch, confirmed=True)
    asha = make.registration(here, ASHA, confirmed=True)
    wish(asha, other, now=now)
    begins = datetime.combine(here.starts_on, datetime.min.time(), now.tzinfo)
    atomically(tidying.tidy_batch, batch_id=here.id, now=begins)
    assert state(asha) is State.EXPIRED
    assert state(transfer(asha, there, now=begins).registration) is State.CONFIRMED
    assert state(in_batch(other, ASHA)) is State.WITHDRAWN
