"""Many people by one press: a result for each, letters once, and never a seat too many."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.batches.models import Batch
from enroll.db import atomically, db
from enroll.registrations import answering, bulk, erasing, personal
from enroll.registrations.acts import RosterAct, RosterResult
from enroll.registrations.audit import audit
from enroll.registrations.bulk import Left, NeedsReason, Verb
from enroll.registrations.models import Registration
from enroll.registrations.moving import NoWayThere
from enroll.registrations.states import State
from tests import make
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    free_seats,
    history,
    in_batch,
    letter,
    letters,
    state,
    wish,
    with_sessions,
)

pytestmark = pytest.mark.usefixtures("adds_up")
REASON = "The room is smaller than we thought."


def act(verb: Verb, people: list[Registration], *, now: datetime, **more: Any) -> RosterAct:
    known = {"registration_ids": [one.id for one in people], "by": "staff 1", "now": now}
    batch_id = more.pop("batch_id", people[0].batch_id)
    return atomically(bulk.act, verb=verb, batch_id=batch_id, **known, **more)


def results(done: RosterAct) -> dict[int, tuple[str, str]]:
    """Why not, and where they stand, by registration."""
    db.session.rollback()
    rows = db.session.scalars(sa.select(RosterResult).where(RosterResult.act_id == done.id))
    return {row.registration_id: (row.why_not, row.state) for row in rows}


def crowd(batch: Batch, count: int) -> list[Registration]:
    return [make.registration(batch, f"p{n}@example.org", confirmed=True) for n in range(count)]


# ---------------------------------------------------------------- cancelling


def test_cancelling_many_offers_what_frees_to_whoever_is_left(app: Flask, now: datetime) -> None:
    batch = make.batch(2)
    people = crowd(batch, 5)
    done = act(Verb.CANCEL, people[:4], reason=REASON, now=now)
    assert set(results(done).values()) == {("", "cancelled")}
    assert [state(one) for one in people] == [State.CANCELLED] * 4 + [State.OFFERED]
    for one in people[:4]:
        assert letters(one).count("registration_cancelled") == 1
        assert "registration_offered" not in letters(one)  # nobody is offered what is then taken
        assert letter(one, "registration_cancelled").context["reason"] == REASON
        assert history(one)[-1] == (history(one)[-1][0], "cancelled", "cancelled by staff")


def test_twice_is_once(app: Flask, now: datetime) -> None:
    people = crowd(make.batch(2), 3)
    act(Verb.CANCEL, people[:2], reason=REASON, now=now)
    again = act(Verb.CANCEL, people[:2], reason=REASON, now=now)
    assert set(results(again).values()) == {("ended", "cancelled")}
    assert letters(people[0]).count("registration_cancelled") == 1


@pytest.mark.parametrize("verb", [Verb.CANCEL, Verb.REJECT, Verb.MOVE])
def test_nobody_loses_anything_without_a_word(app: Flask, now: datetime, verb: Verb) -> None:
    people = crowd(make.batch(2), 1)
    with pytest.raises(NeedsReason):
        act(verb, people, now=now)
    assert state(people[0]) is State.CONFIRMED


def test_what_frees_in_other_batches_is_offered_there(app: Flask, now: datetime) -> None:
    """Cancelling whoever considers an offer by a wish makes the wish free for nobody else's harm."""
    here, there = make.batch(1), make.batch(1)
    (holder,) = crowd(here, 1)
    make.registration(there, "other@example.org", confirmed=True)
    wisher = make.registration(here, "wisher@example.org", confirmed=True)
    wish(wisher, there, now=now)
    act(Verb.CANCEL, [holder, wisher], reason=REASON, now=now)
    assert free_seats(here) == 1
    assert in_batch(there, wisher.email).state is State.WAITLISTED


def test_ids_of_another_batch_count_for_nothing(app: Flask, now: datetime) -> None:
    people, other = crowd(make.batch(2), 1), make.batch(2)
    for verb in (Verb.CANCEL, Verb.ACCEPT, Verb.REJECT, Verb.OFFER):
        done = act(verb, people, batch_id=other.id, reason=REASON, now=now)
        assert results(done) == {}
    assert state(people[0]) is State.CONFIRMED


# ---------------------------------------------------------------- applications


def test_accepting_and_rejecting_leave_the_rest_alone(app: Flask, now: datetime) -> None:
    batch = make.batch(1, needs_approval=True)
    people = crowd(batch, 4)
    atomically(answering.withdraw, batch_id=batch.id, registration_id=people[3].id, now=now)
    done = act(Verb.ACCEPT, [people[3], people[1], people[0]], now=now)
    assert results(done) == {
        people[0].id: ("", "pending"),
        people[1].id: ("", "waitlisted"),
        people[3].id: ("ended", "withdrawn"),
    }
    done = act(Verb.REJECT, people, reason=REASON, now=now)
    assert {why for why, _state in results(done).values()} == {"", "ended", "not_applied"}
    assert state(people[2]) is State.REJECTED
    assert letters(people[0]).count("registration_held") == 1
    assert "registration_rejected" not in letters(people[0])


# ---------------------------------------------------------------- offering


@pytest.fixture
def resting(app: Flask, now: datetime) -> list[Registration]:
    """Three who wait in this order and have passed on the only seat, which is free therefore."""
    batch = make.batch(1)
    holder, *waiting = crowd(batch, 4)
    atomically(answering.withdraw, batch_id=batch.id, registration_id=holder.id, now=now)
    for one in waiting:
        assert state(one) is State.OFFERED
        atomically(answering.pass_offer, batch_id=batch.id, registration_id=one.id, now=now)
    assert free_seats(batch) == 1
    return waiting


def test_the_first_in_line_is_offered_a_seat_without_a_reason(
    resting: list[Registration], now: datetime
) -> None:
    done = act(Verb.OFFER, resting, now=now)
    first, *others = resting
    assert results(done)[first.id] == ("", "offered")
    assert {results(done)[one.id] for one in others} == {("no_seat", "waitlisted")}
    assert history(first)[-1][2] == "offered by staff"
    assert letters(first).count("registration_offered") == 2


def test_an_offer_out_of_turn_needs_a_reason_and_keeps_it(
    resting: list[Registration], now: datetime
) -> None:
    last = resting[2]
    with pytest.raises(NeedsReason):
        act(Verb.OFFER, [last], now=now)
    assert state(last) is State.WAITLISTED
    act(Verb.OFFER, [last], reason="The others prefer the evening.", now=now)
    assert history(last)[-1][1:] == ("offered", "out of turn: The others prefer the evening.")
    assert letter(last, "registration_offered").context["reason"] == "The others prefer the evening."


def test_the_words_about_somebody_go_with_their_data(
    resting: list[Registration], now: datetime
) -> None:
    act(Verb.OFFER, resting[1:2], reason="Her mother telephoned.", now=now)
    atomically(erasing.erase, registration_id=resting[1].id, by="student", now=now)
    db.session.rollback()
    whys = [event.why for event in personal.history(resting[1])]
    assert "out of turn: deleted" in whys
    assert not any("mother" in why for why in whys)


def test_an_unreasoned_offer_out_of_turn_is_found(app: Flask, now: datetime) -> None:
    """The same rows with the reason taken away, and somebody before them who did not rest."""
    batch = make.batch(1)
    holder, first, second = crowd(batch, 3)

    def verb(why: str) -> None:
        from enroll.registrations.allocation import move, offer
        from enroll.registrations.locking import lock_seating
        from enroll.registrations.seats import claim_seats

        lock_seating(batch.id)
        one = db.session.get_one(Registration, holder.id)
        move(one, State.WITHDRAWN, by="student", why="gave it up", now=now)
        late = db.session.get_one(Registration, second.id)
        (seat,) = claim_seats(batch.id, 1) or [0]
        until = batch.opens_at.replace(year=now.year + 1)
        offer(late, seat, until=until, by="staff 1", why=why, now=now)

    atomically(verb, "out of turn: she must move house")
    assert audit(now)["problems"] == []

    def rewrite(why: str) -> None:
        words = sa.text("UPDATE registration_event SET why = :why WHERE to_state = 'offered'")
        db.session.execute(words, {"why": why})

    atomically(rewrite, "offered by staff")
    found = f"registration {second.id} was offered a seat before registration {first.id}"
    assert audit(now)["problems"] == [f"{found}, who came first"]
    atomically(rewrite, "out of turn: she must move house")


def test_who_cannot_be_offered_a_seat_is_left_alone(app: Flask, now: datetime) -> None:
    batch = make.batch(2)
    seated = make.registration(batch, "seated@example.org", confirmed=True)
    held = make.registration(batch, "held@example.org")
    unknown = make.registration(batch, "unknown@example.org")
    done = act(Verb.OFFER, [seated, held, unknown], now=now)
    assert results(done) == {
        seated.id: (Left.NOT_WAITING, "confirmed"),
        held.id: (Left.NOT_WAITING, "pending"),
        unknown.id: (Left.UNCONFIRMED, "waitlisted"),
    }


# ---------------------------------------------------------------- moving


def test_moving_seats_while_a_seat_is_free_there_and_then_waits(app: Flask, now: datetime) -> None:
    here, there = make.batch(3), make.batch(2, code="there")
    people = crowd(here, 4)
    done = act(Verb.MOVE, people[:3], to_batch_id=there.id, reason=REASON, now=now)
    told = results(done)
    assert [told[one.id] for one in people[:3]] == [
        ("", "confirmed"),
        ("", "confirmed"),
        ("", "waitlisted"),
    ]
    assert [state(one) for one in people] == [
        State.WITHDRAWN,
        State.WITHDRAWN,
        State.CONFIRMED,  # keeps the seat until there is one there
        State.OFFERED,  # who waited here is next
    ]
    for one in people[:2]:
        new = in_batch(there, one.email)
        assert (new.state, letters(new)) == (State.CONFIRMED, ["registration_confirmed"])
        context = letter(new, "registration_confirmed").context
        assert (context["reason"], context["moved_from"]) == (REASON, here.title)
        assert "registration_withdrawn" not in letters(one)
    waits = in_batch(there, people[2].email)
    assert letters(waits) == ["registration_waitlisted"]
    atomically(answering.withdraw, batch_id=there.id,
               registration_id=in_batch(there, people[0].email).id, now=now)
    atomically(answering.accept, batch_id=there.id, registration_id=waits.id, now=now)
    assert state(people[2]) is State.WITHDRAWN


def test_moving_twice_is_moving_once(app: Flask, now: datetime) -> None:
    here, there = make.batch(2), make.batch(1)
    people = crowd(here, 2)
    act(Verb.MOVE, people, to_batch_id=there.id, reason=REASON, now=now)
    again = act(Verb.MOVE, people, to_batch_id=there.id, reason=REASON, now=now)
    assert results(again) == {
        people[0].id: ("ended", "withdrawn"),
        people[1].id: ("already_there", "confirmed"),
    }
    assert len(make.states(there)) == 2


def test_who_cannot_be_moved_is_left_alone(app: Flask, now: datetime) -> None:
    here = make.batch(2, **with_sessions(now=now))
    there = make.batch(1, waitlist_limit=0)
    make.registration(there, "sits@example.org", confirmed=True)
    seated = make.registration(here, "seated@example.org", confirmed=True)
    held = make.registration(here, "held@example.org")
    done = act(Verb.MOVE, [seated, held], to_batch_id=there.id, reason=REASON, now=now)
    assert results(done) == {
        seated.id: (Left.LIST_FULL, "confirmed"),
        held.id: (Left.UNCONFIRMED, "pending"),
    }


def test_nobody_is_moved_into_two_rooms_at_a_time(app: Flask, now: datetime) -> None:
    hours = with_sessions(now=now)
    here = make.batch(1, **with_sessions(day=90, now=now))
    there = make.batch(1, refuses_overlap=True, **hours)
    third = make.batch(1, **hours)
    one = make.registration(here, "asha@example.org", confirmed=True)
    make.registration(third, "asha@example.org", confirmed=True)
    done = act(Verb.MOVE, [one], to_batch_id=there.id, reason=REASON, now=now)
    assert results(done) == {one.id: (Left.CLASH, "confirmed")}
    assert make.states(there) == {}
    assert free_seats(there) == 1


def test_there_are_batches_nobody_is_moved_to(app: Flask, now: datetime) -> None:
    here = make.batch(1)
    (one,) = crowd(here, 1)
    other_course = make.batch(1, course_id=make.course("other"))
    for there in (other_course, here):
        with pytest.raises(NoWayThere):
            act(Verb.MOVE, [one], to_batch_id=there.id, reason=REASON, now=now)
    assert state(one) is State.CONFIRMED


def test_an_application_is_decided_before_it_moves(app: Flask, now: datetime) -> None:
    here, there = make.batch(1, needs_approval=True), make.batch(1)
    (one,) = crowd(here, 1)
    done = act(Verb.MOVE, [one], to_batch_id=there.id, reason=REASON, now=now)
    assert results(done) == {one.id: (Left.UNDECIDED, "applied")}
