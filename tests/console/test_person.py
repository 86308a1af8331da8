"""One registration: cancelled with a reason, seated by telephone, and its whole history."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.batches.models import Batch
from enroll.console.queries import without_others
from enroll.console.words import HANDS, LETTERS, dialled
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.registrations import answering, arriving, erasing
from enroll.registrations.letters import SILENT
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.console.acting import flashed, press, said, text
from tests.contents import contents
from tests.reading import hidden_fields, typed_values
from tests.registrations import acting
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    free_seats,
    history,
    in_batch,
    letter,
    letters,
    state,
    transfer,
    wish,
    with_sessions,
)

pytestmark = [pytest.mark.usefixtures("adds_up"), pytest.mark.either_database]


def page_of(one: Registration) -> str:
    return f"/staff/registrations/{one.id}"


@pytest.fixture
def batch(app: Flask) -> Batch:
    return make.batch(1)


@pytest.fixture
def seated(batch: Batch) -> Registration:
    return make.registration(batch, "asha@example.org", confirmed=True)


@pytest.fixture
def waiting(batch: Batch, seated: Registration) -> Registration:
    return make.registration(batch, "bibi@example.org", confirmed=True)


# ---------------------------------------------------------------- cancelling


def test_cancelling_asks_twice_and_offers_the_seat(
    planner: FlaskClient, planner_id: int, seated: Registration, waiting: Registration
) -> None:
    before = contents()
    page = planner.get(f"{page_of(seated)}/cancel")
    assert page.status_code == 200
    assert "This cannot be taken back" in page.text
    assert contents() == before
    told = said(planner, press(planner, f"{page_of(seated)}/cancel", reason="Fee not paid."))
    assert told == "Asha Verma is cancelled and is written to."
    assert (state(seated), state(waiting)) == (State.CANCELLED, State.OFFERED)
    assert letter(seated, "registration_cancelled").context["reason"] == "Fee not paid."
    by = sa.text("SELECT by_whom FROM registration_event WHERE to_state = 'cancelled'")
    assert db.session.scalar(by) == f"staff {planner_id}"


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 1001, "nul \x00"])
def test_a_reason_is_required(planner: FlaskClient, seated: Registration, reason: str) -> None:
    answer = press(planner, f"{page_of(seated)}/cancel", reason=reason)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert typed_values(answer.text)["reason"] == reason
    assert state(seated) is State.CONFIRMED


def test_a_second_colleague_learns_that_it_is_done(
    planner: FlaskClient, other: FlaskClient, seated: Registration
) -> None:
    stale = hidden_fields(planner.get(f"{page_of(seated)}/cancel").text)
    press(other, f"{page_of(seated)}/cancel", reason="Fee not paid.")
    answer = planner.post(f"{page_of(seated)}/cancel", data=stale | {"reason": "Moved away."})
    assert said(planner, answer) == "Asha Verma had been cancelled already. Nothing was changed."
    assert make.read(seated.id).decision == "Fee not paid."
    assert letters(seated).count("registration_cancelled") == 1


def test_who_has_left_cannot_be_cancelled_and_the_reason_stays(
    planner: FlaskClient, seated: Registration, now: datetime
) -> None:
    stale = hidden_fields(planner.get(f"{page_of(seated)}/cancel").text)
    acting.press(answering.withdraw, seated, now=now)
    answer = planner.post(f"{page_of(seated)}/cancel", data=stale | {"reason": "Moved away."})
    assert answer.status_code == 409
    assert "stands at “Withdrawn by the student”" in flashed(answer.text)
    assert typed_values(answer.text)["reason"] == "Moved away."
    page = planner.get(f"{page_of(seated)}/cancel")
    assert "has ended already" in page.text
    assert "<textarea" not in page.text


def test_cancelling_without_the_forms_token_changes_nothing(
    planner: FlaskClient, seated: Registration
) -> None:
    answer = planner.post(f"{page_of(seated)}/cancel", data={"reason": "Moved away."})
    assert answer.status_code == 422
    assert typed_values(answer.text)["reason"] == "Moved away."
    assert state(seated) is State.CONFIRMED


# ---------------------------------------------------------------- by telephone


def test_an_offer_is_accepted_on_the_telephone(
    planner: FlaskClient, batch: Batch, seated: Registration, waiting: Registration, now: datetime
) -> None:
    button = f"{page_of(waiting)}/seat"
    roster = f"/staff/batches/{batch.code}/roster"
    assert button not in planner.get(roster).text  # no seat is free
    acting.press(answering.withdraw, seated, now=now)
    assert button in planner.get(roster).text
    told = said(planner, press(planner, roster, button))
    assert told == "Asha Verma is enrolled and is written to."
    assert state(waiting) is State.CONFIRMED
    again = said(planner, press(planner, roster, button))
    assert again == "Asha Verma was enrolled already. Nothing was changed."
    assert letters(waiting).count("registration_confirmed") == 1


def test_who_waits_beside_a_free_seat_is_seated(
    planner: FlaskClient, batch: Batch, seated: Registration, waiting: Registration, now: datetime
) -> None:
    acting.press(answering.withdraw, seated, now=now)
    acting.press(answering.pass_offer, waiting, now=now)
    assert (state(waiting), free_seats(batch)) == (State.WAITLISTED, 1)
    page = planner.get(page_of(waiting)).text
    assert "On the waitlist, passed on the last seat" in page
    assert said(planner, press(planner, page_of(waiting), f"{page_of(waiting)}/seat"))
    assert state(waiting) is State.CONFIRMED


def test_no_free_seat_is_said(planner: FlaskClient, waiting: Registration) -> None:
    answer = press(planner, page_of(waiting), f"{page_of(waiting)}/seat")
    assert answer.status_code == 409
    assert "No seat is free" in flashed(answer.text)
    assert state(waiting) is State.WAITLISTED


def test_who_does_not_wait_is_not_seated(planner: FlaskClient, app: Flask) -> None:
    applied = make.registration(make.batch(1, needs_approval=True), confirmed=True)
    answer = press(planner, page_of(applied), f"{page_of(applied)}/seat")
    assert answer.status_code == 409
    assert "stands at “Applied, to be decided”" in flashed(answer.text)


def test_a_clash_of_sessions_is_said(planner: FlaskClient, now: datetime) -> None:
    sessions = with_sessions(now=now)
    make.registration(make.batch(1, code="first", **sessions), "asha@example.org", confirmed=True)
    second = make.batch(1, refuses_overlap=True, **sessions)
    holder = make.registration(second, confirmed=True)
    # Who had confirmed this address would have heard of the clash then.
    asha = make.registration(second, "asha@example.org")
    acting.press(answering.withdraw, holder, now=now)
    answer = press(planner, page_of(asha), f"{page_of(asha)}/seat")
    assert answer.status_code == 409
    assert "enrolled in A batch (first)" in flashed(answer.text)
    assert state(asha) is State.WAITLISTED


@pytest.mark.parametrize("what", ["seat", "admit"])
def test_buttons_want_their_token(
    planner: FlaskClient, waiting: Registration, what: str
) -> None:
    assert planner.post(f"{page_of(waiting)}/{what}").status_code == 400
    assert state(waiting) is State.WAITLISTED


@pytest.mark.parametrize("what", ["cancel", "seat", "admit"])
def test_only_who_plans_may(
    app: Flask, moderator: FlaskClient, seated: Registration, what: str
) -> None:
    token = hidden_fields(moderator.get("/staff/").text)
    path = f"{page_of(seated)}/{what}"
    assert moderator.get(page_of(seated)).status_code == 403
    assert moderator.post(path, data=token | {"reason": "x"}).status_code == 403
    stranger = app.test_client()
    answer = stranger.post(path, data=hidden_fields(stranger.get("/staff/login").text))
    assert (answer.status_code, answer.location) == (302, "/staff/login")
    assert state(seated) is State.CONFIRMED


# ---------------------------------------------------------------- history


@pytest.mark.parametrize("number", ["0", "999999", "2147483648", "9" * 30])
@pytest.mark.parametrize("more", ["", "/cancel"])
def test_unknown_numbers_are_not_found(planner: FlaskClient, number: str, more: str) -> None:
    assert planner.get(f"/staff/registrations/{number}{more}").status_code == 404


def test_every_move_and_every_letter_is_shown(
    planner: FlaskClient, seated: Registration, waiting: Registration
) -> None:
    press(planner, f"{page_of(seated)}/cancel", reason="Fee not paid.")
    page = text(planner.get(page_of(seated)).text)
    assert "Cancelled by us" in page
    assert "Fee not paid." in page
    for _source, _target, why in history(seated):
        assert why in page
    assert "Meera Pillai" in page.partition("What has happened")[2]
    assert "The student" in page
    for kind in letters(seated):
        assert str(LETTERS[kind]) in page
    assert waiting.email not in page


def test_what_a_mail_server_said_names_nobody_else(
    planner: FlaskClient, seated: Registration
) -> None:
    error = "550 <Asha@example.org> no; forwarded from boss@example.com, see bibi@example.org."

    def verb() -> None:
        about = f"registration:{seated.id}"
        db.session.execute(
            sa.update(Letter).where(Letter.about == about).values(last_error=error, state="failed")
        )

    atomically(verb)
    page = planner.get(page_of(seated)).text
    assert "550 &lt;Asha@example.org&gt; no; forwarded from …@…, see …@…" in page
    assert "Failed, telephone instead" in page
    assert without_others("nothing to hide", "a@b.c") == "nothing to hide"


def test_deleted_data_is_not_shown(
    planner: FlaskClient, batch: Batch, seated: Registration, now: datetime
) -> None:
    atomically(erasing.erase, registration_id=seated.id, by="student", now=now)
    for path in (page_of(seated), f"{page_of(seated)}/cancel"):
        page = planner.get(path)
        assert page.status_code == 200
        assert "erased" not in page.text
        assert "Data deleted" in page.text
    assert "data deleted" in planner.get(f"/staff/batches/{batch.code}/roster").text


def test_silent_hands_have_names() -> None:
    assert set(HANDS) >= SILENT


# ---------------------------------------------------------------- whom they belong with


def test_a_group_is_recognised(planner: FlaskClient, now: datetime) -> None:
    batch = make.batch(1)
    make.registration(batch, confirmed=True)
    for first in ("asha", "chandra"):
        pair = [make.applicant(f"{first}{n}@example.org") for n in range(2)]
        atomically(arriving.register_group, batch_id=batch.id, applicants=pair, now=now)
    page = text(planner.get(f"/staff/batches/{batch.code}/roster").text)
    assert page.count("Group 1, 2 people") == page.count("Group 2, 2 people") == 2
    last = in_batch(batch, "chandra1@example.org")
    assert "Group 2, 2 people" in text(planner.get(page_of(last)).text)


def test_wishes_and_replaced_places_are_recognised(planner: FlaskClient, now: datetime) -> None:
    here, there = make.batch(1, code="here"), make.batch(1, code="there")
    for batch in (here, there):
        make.registration(batch, confirmed=True)
    wisher = make.registration(here, "wisher@example.org", confirmed=True)
    wish(wisher, there, now=now)
    third = make.batch(1, code="third")
    mover = make.registration(third, "mover@example.org", confirmed=True)
    moved = transfer(mover, here, now=now).registration
    page = text(planner.get("/staff/batches/here/roster").text)
    assert "also waits for there" in page
    assert "keeps a seat in third" in page
    assert "wants to move to here" in text(planner.get("/staff/batches/third/roster").text)
    assert "also waits for here" in text(planner.get("/staff/batches/there/roster").text)
    assert "keeps a seat in third" in text(planner.get(page_of(moved)).text)


def test_the_first_place_of_a_move_that_waits_too(planner: FlaskClient, now: datetime) -> None:
    here, there = make.batch(1, code="here"), make.batch(1, code="there")
    for batch in (here, there):
        make.registration(batch, confirmed=True)
    mover = make.registration(there, "mover@example.org", confirmed=True)
    transfer(mover, here, now=now)
    page = text(planner.get("/staff/batches/here/roster").text)
    assert "keeps a place on the waitlist of there" in page


@pytest.mark.parametrize(
    ("phone", "digits"),
    [
        ("+919876543210", "+919876543210"),
        ("022 2345-67", "022234567"),
        ("(0)22/12345", "02212345"),
        ("", ""),
        ("९८७६५", ""),
        ("98+76543", ""),
    ],
)
def test_a_telephone_can_be_dialled(phone: str, digits: str) -> None:
    assert dialled(phone) == digits


def test_a_hold_can_be_cancelled_too(planner: FlaskClient, batch: Batch) -> None:
    held = make.registration(batch)
    assert press(planner, f"{page_of(held)}/cancel", reason="A double.").status_code == 303
    assert state(held) is State.CANCELLED


# ---------------------------------------------------------------- notes, and what is whose


def test_a_note_is_kept_and_only_colleagues_read_it(
    client: FlaskClient, planner: FlaskClient, seated: Registration, now: datetime
) -> None:
    answer = press(planner, page_of(seated), f"{page_of(seated)}/notes", text="Prefers\nevenings. <b>!")
    assert answer.location == f"{page_of(seated)}#history"
    assert said(planner, answer) == "The note is kept. Only colleagues read it."
    press(planner, page_of(seated), f"{page_of(seated)}/notes", text="Prefers\nevenings. <b>!")
    page = planner.get(page_of(seated)).text
    assert page.count("evenings. &lt;b&gt;!") == 1  # twice in a row is once
    assert "Internal: only colleagues read this" in text(page)
    token = make.read(seated.id).token
    for theirs in (f"/registrations/{token}", f"/registrations/{token}/data.json"):
        assert "evenings" not in client.get(theirs).text
    assert '"internal_notes_not_in_this_file": 1' in client.get(f"/registrations/{token}/data.json").text
    atomically(erasing.erase, registration_id=seated.id, by="student", now=now)
    assert "evenings" not in planner.get(page_of(seated)).text
    assert "evenings" not in str(contents())


@pytest.mark.parametrize("words", ["", " \n", "x" * 2001, "nul \x00"])
def test_a_note_has_words(planner: FlaskClient, seated: Registration, words: str) -> None:
    answer = press(planner, page_of(seated), f"{page_of(seated)}/notes", text=words)
    assert answer.status_code == 422
    assert typed_values(answer.text)["text"] == words


def test_nothing_new_is_written_about_somebody_erased(
    planner: FlaskClient, seated: Registration, now: datetime
) -> None:
    stale = hidden_fields(planner.get(page_of(seated)).text)
    atomically(erasing.erase, registration_id=seated.id, by="student", now=now)
    answer = planner.post(f"{page_of(seated)}/notes", data=stale | {"text": "Asha again."})
    assert answer.status_code == 409
    assert "Asha again" not in str(contents())


def test_cancelling_keeps_apart_what_is_read_and_what_is_noted(
    planner: FlaskClient, seated: Registration
) -> None:
    page = text(planner.get(f"{page_of(seated)}/cancel").text)
    assert "The person will read this" in page
    assert "Internal: only colleagues read this" in page
    press(planner, f"{page_of(seated)}/cancel", reason="Fee not paid.", note="Third time!")
    assert "Third time!" in planner.get(page_of(seated)).text
    told = letter(seated, "registration_cancelled")
    assert told.context["reason"] == "Fee not paid."
    assert "Third time" not in str(told.context)
    refused = press(planner, f"{page_of(seated)}/cancel", reason="", note="Kept as typed")
    assert refused.status_code in (422, 200) or typed_values(refused.text)["note"] == "Kept as typed"


def test_the_timeline_is_one_and_in_order(
    planner: FlaskClient, seated: Registration, waiting: Registration
) -> None:
    press(planner, page_of(seated), f"{page_of(seated)}/notes", text="Called us.")
    press(planner, f"{page_of(seated)}/cancel", reason="Fee not paid.")
    page = text(planner.get(page_of(seated)).text).partition("What has happened")[2]
    steps = ["registered", "Seat held, confirm your e-mail", "confirmed the address", "Called us.",
             "cancelled by staff", "Cancelled by the institute"]
    found = [page.index(words) for words in steps]
    assert found == sorted(found)


def test_the_sentence_stands_there_ready_to_be_sent(
    planner: FlaskClient, waiting: Registration
) -> None:
    page = planner.get(page_of(waiting)).text
    assert "Asha Verma waits at place 1, because the only seat is taken since" in text(page)


def test_other_registrations_of_the_address_are_linked(
    planner: FlaskClient, seated: Registration, waiting: Registration
) -> None:
    elsewhere = make.registration(make.batch(1, code="else-1"), seated.email)
    page = planner.get(page_of(seated)).text
    assert "(else-1): Seat held, e-mail not confirmed" in text(page)
    assert f'href="{page_of(elsewhere)}"' in page
    assert "nearly the same name" in text(page)  # of the one who waits
    assert f'href="{page_of(waiting)}"' in page


def test_notes_want_their_token_and_the_duty(
    app: Flask, planner: FlaskClient, moderator: FlaskClient, seated: Registration
) -> None:
    for what in ("notes", "told"):
        path = f"{page_of(seated)}/{what}"
        token = hidden_fields(moderator.get("/staff/").text)
        assert moderator.post(path, data=token | {"text": "x", "task": "1"}).status_code == 403
        stranger = app.test_client()
        answer = stranger.post(path, data=hidden_fields(stranger.get("/staff/login").text))
        assert (answer.status_code, answer.location) == (302, "/staff/login")
        assert planner.post(path, data={"text": "x", "task": "1"}).status_code in (400, 422)
        assert planner.post(f"/staff/registrations/999999/{what}",
                            data=hidden_fields(planner.get(page_of(seated)).text)).status_code == 404
