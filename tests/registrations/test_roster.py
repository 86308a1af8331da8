"""Looking through the people of a batch: filters, orders, and pages on keys."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.mail.states import LetterState
from enroll.registrations import answering, arriving, roster
from enroll.registrations.models import Registration
from enroll.registrations.personal import place
from enroll.registrations.roster import AT_ONCE, Sort, Waits, Wanted
from enroll.registrations.states import LIVE, State
from tests import make
from tests.crowds import fill

COUNT = 130
EVERYBODY = Wanted()


@pytest.fixture
def batch(app: Flask, now: datetime) -> make.Batch:
    """A batch with three pages of people, and another one that is as full."""
    batch = make.batch(1)
    for one in (batch, make.batch(1)):
        atomically(fill, one.id, COUNT, now=now)
    return batch


def walk(batch: make.Batch, sort: Sort, wanted: Wanted = EVERYBODY) -> list[list[Registration]]:
    """All pages, from the first to the last."""
    pages, after = [], ""
    while True:
        page = roster.page(batch.id, wanted, sort, after=after)
        pages.append(page.people)
        after = page.after
        if not after:
            return pages


@pytest.mark.parametrize("sort", Sort)
def test_everybody_stands_on_one_page_and_the_way_back_is_the_same(
    batch: make.Batch, sort: Sort
) -> None:
    pages = walk(batch, sort)
    ids = [one.id for page in pages for one in page]
    assert [len(page) for page in pages] == [AT_ONCE, AT_ONCE, COUNT - 2 * AT_ONCE]
    assert len(set(ids)) == COUNT
    assert {one.batch_id for page in pages for one in page} == {batch.id}
    there = roster.page(batch.id, Wanted(), sort)
    assert there.before == ""
    second = roster.page(batch.id, Wanted(), sort, after=there.after)
    third = roster.page(batch.id, Wanted(), sort, after=second.after)
    assert third.after == ""
    back = roster.page(batch.id, Wanted(), sort, before=third.before)
    assert [one.id for one in back.people] == [one.id for one in pages[1]]
    first = roster.page(batch.id, Wanted(), sort, before=back.before)
    assert [one.id for one in first.people] == [one.id for one in pages[0]]
    assert (first.before, bool(first.after)) == ("", True)


def test_the_orders_are_what_they_say(batch: make.Batch) -> None:
    def flat(sort: Sort) -> list[Registration]:
        return [one for page in walk(batch, sort) for one in page]

    arrived = [one.queue_number for one in flat(Sort.ARRIVAL)]
    assert arrived == sorted(arrived)
    assert [one.queue_number for one in flat(Sort.LATEST)] == arrived[::-1]
    seats = [one.seat_number for one in flat(Sort.PLACE) if one.seat_number]
    assert seats == sorted(seats)
    states = [one.state for one in flat(Sort.PLACE)]
    assert states[: len(seats)] == [State.CONFIRMED] * len(seats)
    waiting = [one for one in flat(Sort.PLACE) if one.state is State.WAITLISTED]
    assert states[len(seats) :][: len(waiting)] == [State.WAITLISTED] * len(waiting)
    numbers = [one.queue_number for one in waiting]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("sort", Sort)
def test_who_comes_meanwhile_moves_nobody_to_another_page(
    batch: make.Batch, sort: Sort, now: datetime
) -> None:
    whole = [one.id for page in walk(batch, sort) for one in page]
    seen = roster.page(batch.id, Wanted(), sort)
    for n in range(5):
        applicant = make.applicant(f"late{n}@example.org", name=f"Aaa {n}")
        atomically(arriving.register, batch_id=batch.id, applicant=applicant, now=now)
    ids, after = [one.id for one in seen.people], seen.after
    while after:
        page = roster.page(batch.id, Wanted(), sort, after=after)
        ids += [one.id for one in page.people]
        after = page.after
    assert len(set(ids)) == len(ids)
    assert [one for one in ids if one in set(whole)] == whole


def test_places_are_what_the_students_read_on_every_page(batch: make.Batch) -> None:
    wanted = Wanted(states=frozenset({State.WAITLISTED}))
    for sort in (Sort.NAME, Sort.PLACE):
        for page in walk(batch, sort, wanted):
            assert roster.places(batch.id, page) == {one.id: place(one) for one in page}


@pytest.mark.parametrize("key", ["x", "1", "1.2.3", "1.-2", "1." + "9" * 20, "٣.٣", "1.x"])
def test_what_is_no_key_leads_nowhere(batch: make.Batch, key: str) -> None:
    assert roster.page(batch.id, Wanted(), Sort.PLACE, after=key) is None


def test_filters(batch: make.Batch, now: datetime) -> None:
    people = [one for page in walk(batch, Sort.ARRIVAL) for one in page]

    def wanted(**filters: object) -> set[int]:
        asked = Wanted(**filters)
        found = {one.id for page in walk(batch, Sort.ARRIVAL, asked) for one in page}
        assert roster.count(batch.id, asked) == len(found)
        assert set(roster.numbers(batch.id, asked, most=1000)) == found
        return found

    def those(is_one: object) -> set[int]:
        found = {one.id for one in people if is_one(one)}
        assert 0 < len(found) < COUNT
        return found

    knows = those(lambda one: one.address_confirmed_at is not None)
    assert wanted(is_confirmed=True) == knows
    assert wanted(is_confirmed=False) == {one.id for one in people} - knows
    assert wanted(states=LIVE) == those(lambda one: one.state.is_live)
    assert wanted(waits=Waits.DECISION) == those(lambda one: one.state is State.APPLIED)
    waits = those(lambda one: one.state is State.WAITLISTED)
    assert wanted(waits=Waits.SEAT) == waits & knows
    applied = wanted(waits=Waits.DECISION)
    assert wanted(waits=Waits.ADDRESS) == (waits | applied) - knows
    assert wanted(waits=Waits.ANSWER) == set()
    assert wanted(is_grouped=True) == those(lambda one: one.group_id is not None)
    group = next(one.group_id for one in people if one.group_id)
    assert wanted(group_id=group) == those(lambda one: one.group_id == group)
    since = now - timedelta(hours=1)
    assert wanted(since=since) == those(lambda one: one.created_at >= since)
    assert wanted(parts=("verma",), states=LIVE) == those(
        lambda one: "Verma" in one.name and one.state.is_live
    )


def test_letters_that_failed(batch: make.Batch) -> None:
    failed = Wanted(has_failed_letters=True)
    (who,) = roster.page(batch.id, failed, Sort.ARRIVAL).people
    everybody = [one for page in walk(batch, Sort.ARRIVAL) for one in page]
    assert roster.with_failed_letters(everybody) == {who.id}

    def queue_trouble() -> None:
        """A letter about something else must not break the list, or find anybody."""
        old = db.session.get_one(Letter, db.session.query(Letter.id).limit(1).scalar())
        old.about, old.state = "queue:7", LetterState.FAILED

    atomically(queue_trouble)
    assert [one.id for one in roster.page(batch.id, failed, Sort.ARRIVAL).people] == [who.id]


def test_counts(batch: make.Batch) -> None:
    counts = roster.counts(batch.id)
    assert counts.total() == COUNT
    for state in State:
        wanted = Wanted(states=frozenset({state}))
        assert counts[state] == roster.count(batch.id, wanted)


def test_who_passed_stands_at_the_same_place(app: Flask, now: datetime) -> None:
    batch = make.batch(1)
    holder, first, second = [make.registration(batch, confirmed=True) for _ in range(3)]
    atomically(answering.withdraw, batch_id=batch.id, registration_id=holder.id, now=now)
    atomically(answering.pass_offer, batch_id=batch.id, registration_id=first.id, now=now)
    page = roster.page(batch.id, Wanted(), Sort.PLACE)
    assert roster.places(batch.id, page.people) == {first.id: 1}
    assert [one.id for one in page.people] == [second.id, first.id, holder.id]
