"""Many people at once: the preview, the reason, all of a list, and the result for each."""

from __future__ import annotations

import html
import re
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from enroll.batches.models import Batch
from enroll.db import atomically
from enroll.registrations import answering
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.console.acting import flashed, text
from tests.console.test_deciding import preview, results, sent_along
from tests.contents import contents
from tests.reading import hidden_fields, typed_values
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    in_batch,
    letter,
    letters,
    state,
)

pytestmark = [pytest.mark.usefixtures("adds_up"), pytest.mark.either_database]
REASON = "The room is closed.\nWe are sorry."


@pytest.fixture
def batch(app: Flask) -> Batch:
    return make.batch(2, code="here")


@pytest.fixture
def people(batch: Batch) -> list[Registration]:
    """Two who are enrolled and two who wait."""
    return [
        make.registration(batch, f"{name}@example.org", confirmed=True)
        for name in ("asha", "bibi", "chandra", "dev")
    ]


def do(client: FlaskClient, batch: Batch, people: list[Registration], verb: str, **fields: object):
    page = client.get(preview(batch, people, verb)).text
    given = hidden_fields(page) | {"people": [one.id for one in people], "verb": verb}
    return client.post(f"/staff/batches/{batch.code}/bulk", data=given | fields)


def told_letters(page: str) -> str:
    """The letters as a preview shows them."""
    return html.unescape(" ".join(re.findall(r"(?s)<pre[^>]*>(.*?)</pre>", page)))


# ---------------------------------------------------------------- before


@pytest.mark.parametrize("verb", ["cancel", "move", "offer"])
def test_a_preview_changes_nothing_and_shows_who_and_what(
    planner: FlaskClient, batch: Batch, people: list[Registration], verb: str
) -> None:
    make.batch(1, code="there", title="The other batch")
    for one in people:
        letters(one)
    before = contents()
    page = planner.get(preview(batch, people, verb))
    assert page.status_code == 200
    assert contents() == before
    assert sent_along(page.text) == [one.id for one in people]
    assert "Asha Verma" in page.text
    shown = told_letters(page.text)
    assert "[your reason stands here]" in shown
    assert people[0].token not in page.text
    assert "The person reads this" in page.text


def test_who_is_left_alone_is_said_before(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    page = text(planner.get(preview(batch, people, "offer")).text)
    assert "Offer seats to 2 people" in page
    assert "2 people will be left alone" in page
    assert page.count("Does not wait for a seat.") == 2


def test_the_letter_is_shown_with_the_words_that_were_typed(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    before = contents()
    answer = do(planner, batch, people, "cancel", reason=REASON, look="1")
    assert answer.status_code == 200
    assert "The room is closed." in told_letters(answer.text)
    assert typed_values(answer.text)["reason"] == REASON
    assert contents() == before
    ids = [one.id for one in people]
    done = planner.post("/staff/batches/here/bulk",
                        data=hidden_fields(answer.text) | {"people": ids, "reason": REASON})
    assert "4 registrations cancelled" in results(planner, done)
    sent = letter(people[0], "registration_cancelled").context["reason"]
    assert sent.splitlines() == REASON.splitlines()


def test_what_the_preview_shows_is_what_is_written(
    planner: FlaskClient, batch: Batch, people: list[Registration], app: Flask, now: datetime
) -> None:
    from enroll.mail.rendering import preview as read

    make.batch(1, code="there", title="The other batch")
    for verb in ("move", "cancel"):
        page = planner.get(preview(batch, people[:1], verb)).text
        shown = told_letters(page).replace("[your reason stands here]", "Because.")
        fields = hidden_fields(page) | {"people": [people[0].id], "reason": "Because."}
        if verb == "move":
            fields["to"] = re.search(r'<option value="(\d+)" selected', page)[1]
        assert planner.post("/staff/batches/here/bulk", data=fields).status_code == 303
        if verb == "move":
            moved = in_batch(make.db.session.scalars(
                make.sa.select(Batch).where(Batch.code == "there")).one(), people[0].email)
            real = read(letter(moved, "registration_confirmed"))[1].replace(moved.token, "…")
            people[0] = people[1]
        else:
            one = people[1]
            real = read(letter(one, "registration_cancelled"))[1].replace(one.token, "…")
        assert shown.split() == real.split()


# ---------------------------------------------------------------- all of a list


def test_all_of_a_list_is_counted_and_has_to_be_meant(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    address = "/staff/batches/here/bulk?verb=cancel&all=1&state=waitlisted"
    page = planner.get(address)
    assert "Yes, I mean all of the list: 2 people" in text(page.text)
    ids = sent_along(page.text)
    assert ids == [one.id for one in people[2:]]
    fields = hidden_fields(page.text) | {"people": ids, "reason": REASON}
    late = make.registration(batch, "late@example.org", confirmed=True)
    refused = planner.post("/staff/batches/here/bulk", data=fields)
    assert refused.status_code == 422
    assert "Tick that you mean all of them." in refused.text
    assert typed_values(refused.text)["reason"] == REASON
    done = planner.post("/staff/batches/here/bulk", data=fields | {"is_sure": "y"})
    assert "2 registrations cancelled" in results(planner, done)
    assert state(late) is State.WAITLISTED  # came after the count was shown


def test_a_list_that_is_too_long_is_not_taken_in_part(
    planner: FlaskClient, batch: Batch, people: list[Registration], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("enroll.console.bulk.MOST", "enroll.console.roster.MOST"):
        monkeypatch.setattr(module, 3)
    assert planner.get("/staff/batches/here/bulk?verb=cancel&all=1").status_code == 422


# ---------------------------------------------------------------- offering out of turn


def test_an_offer_out_of_turn_asks_for_a_reason_and_says_who_stands_before(
    planner: FlaskClient, now: datetime
) -> None:
    batch = make.batch(1, code="full")
    holder, *waiting = [
        make.registration(batch, f"w{n}@example.org", confirmed=True) for n in range(3)
    ]
    atomically(answering.withdraw, batch_id=batch.id, registration_id=holder.id, now=now)
    for one in waiting:
        atomically(answering.pass_offer, batch_id=batch.id, registration_id=one.id, now=now)
    page = planner.get(preview(batch, waiting[1:], "offer")).text
    assert "1 person stands before them in the queue" in text(page)
    answer = do(planner, batch, waiting[1:], "offer")
    assert answer.status_code == 422
    assert "Others stand before them in the queue: give a reason." in answer.text
    answer = do(planner, batch, waiting[1:], "offer", reason="x" * 181)
    assert answer.status_code == 422
    assert "1 seat offered" in results(
        planner, do(planner, batch, waiting[1:], "offer", reason="She asked for it in May.")
    )
    assert "She asked for it in May." in planner.get(f"/staff/registrations/{waiting[1].id}").text


# ---------------------------------------------------------------- afterwards


def test_a_result_can_be_read_again_and_belongs_to_its_batch(
    planner: FlaskClient, other: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    answer = do(planner, batch, people[:1], "cancel", reason=REASON)
    number = int(re.search(r"/bulk/(\d+)", answer.location)[1])
    page = other.get(f"/staff/batches/here/bulk/{number}")
    assert "1 registration cancelled" in text(page.text)
    assert "By Meera Pillai" in text(page.text)
    make.batch(1, code="there")
    for wrong in (f"there/bulk/{number}", "here/bulk/999", f"here/bulk/{'9' * 12}"):
        assert other.get(f"/staff/batches/{wrong}").status_code == 404


def test_the_way_back_leads_to_the_list_as_it_was(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    page = planner.get(f"{preview(batch, people, 'cancel')}&q=example&sort=name").text
    assert 'href="/staff/batches/here/roster?q=example&amp;sort=name"' in page


def test_writing_to_those_ticked_leads_to_where_letters_are_written(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    answer = planner.get(preview(batch, people[:2], "write"))
    assert answer.status_code == 303
    assert answer.location == (
        f"/staff/batches/here/messages/new?person={people[0].id}&person={people[1].id}"
    )


def test_nobody_is_moved_where_there_is_no_way(
    planner: FlaskClient, batch: Batch, people: list[Registration]
) -> None:
    assert "no other batch" in text(planner.get(preview(batch, people, "move")).text)
    foreign = make.batch(1, course_id=make.course("other"))
    answer = do(planner, batch, people, "move", reason=REASON, to=str(foreign.id))
    assert answer.status_code == 409
    assert "Nobody can be moved to that batch." in flashed(answer.text)


@pytest.mark.parametrize("query", ["verb=erase&people=1", "people=1", "verb=&people=1"])
def test_there_is_nothing_else_to_do(planner: FlaskClient, batch: Batch, query: str) -> None:
    assert planner.get(f"/staff/batches/here/bulk?{query}").status_code == 404
    assert planner.get("/staff/batches/nowhere/bulk?verb=cancel&people=1").status_code == 404
