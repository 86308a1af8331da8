"""Writing to a batch, on its pages: the form, the preview, the press, what became of it."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll import clock
from enroll.batches.models import Batch
from enroll.console import message_queries
from enroll.db import atomically, db
from enroll.mail import mailbox
from enroll.mail.delivery import deliver_due
from enroll.mail.models import Letter
from enroll.mail.states import LetterState
from enroll.registrations import erasing
from enroll.registrations.message_states import Audience, MessageState
from enroll.registrations.messages import Message
from enroll.registrations.models import Registration
from tests import make
from tests.console.acting import flashed, press, said, statements, text
from tests.contents import contents
from tests.house.test_words import PHYSICAL
from tests.reading import as_sent, hidden_fields, typed_values
from tests.registrations.corresponding import (
    addresses,
    again,
    crowd,
    draft,
    letters,
    send,
    sent,
    undo_is_over,
    write_all,
)

pytestmark = pytest.mark.either_database
STATIC = Path(__file__).parent.parent.parent / "enroll" / "static"
WORDS = {"subject": "Room 5 from {starts}", "text": "Dear {name},\n\n**room 5** it is: {link}"}


@pytest.fixture
def batch(app: Flask) -> Batch:
    """Two people enrolled, one whose address is not confirmed."""
    batch = make.batch(5, title="Evening & weekend")
    make.registration(batch, "asha@example.org", confirmed=True)
    make.registration(batch, "bilal@example.org", confirmed=True)
    make.registration(batch, "stranger@example.org")
    return batch


def at(batch: Batch, what: str = "") -> str:
    return f"/staff/batches/{batch.code}/messages{what}"


def only_message() -> Message:
    db.session.rollback()
    return db.session.scalars(sa.select(Message).execution_options(populate_existing=True)).one()


def people(batch: Batch) -> dict[str, int]:
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Registration.email, Registration.id).where(Registration.batch_id == batch.id)
    )
    return {row[0].partition("@")[0]: row[1] for row in rows}


def write(client: FlaskClient, batch: Batch, query: str = "", **fields: object):
    """Fill in the form and send it, without following where it leads."""
    page = client.get(at(batch, f"/new{query}"))
    assert page.status_code == 200
    return client.post(at(batch, "/new"), data=as_sent(page.text) | WORDS | fields)


def drafted(client: FlaskClient, batch: Batch, query: str = "", **fields: object) -> str:
    """The address of a message written by the form."""
    answer = write(client, batch, query, **fields)
    assert answer.status_code == 303, flashed(answer.text) or text(answer.text)
    return answer.location


# ---------------------------------------------------------------- from the form to the mailbox


def test_from_the_form_to_everybodys_mailbox(planner: FlaskClient, batch: Batch) -> None:
    at_message = drafted(planner, batch, "?to=live")
    assert only_message().audience is Audience.LIVE
    seen = text(planner.get(at_message).text)
    assert "2 people get it" in seen
    assert "1 person does not get it" in seen
    assert "Has not confirmed the e-mail address" in seen
    assert "Room 5 from" in seen
    assert not letters(only_message())
    number = people(batch)["asha"]
    answer = press(planner, at_message, f"{at_message}/send")
    assert answer.status_code == 303
    seen = text(planner.get(at_message).text)
    assert "1 of 3 done" in seen
    assert "2 To be written" in seen
    write_all()
    assert "2 Waits to be sent" in text(planner.get(at_message).text)
    undo_is_over()
    while deliver_due(worker="test"):
        pass
    seen = text(planner.get(at_message).text)
    assert "2 Sent" in seen
    assert "1 Left out" in seen
    assert "Done" in seen
    got = [one for _number, one in mailbox.read_all() if "Room 5" in one["Subject"]]
    assert {one["To"] for one in got} == {"asha@example.org", "bilal@example.org"}
    assert all("Dear Asha Verma," in one.get_body(("plain",)).get_content() for one in got)
    assert {one["Reply-To"] for one in got} == {"hello@localhost"}
    page = text(planner.get(f"/staff/registrations/{number}").text)
    assert "A message from us" in page


def test_the_preview_is_what_is_sent(planner: FlaskClient, batch: Batch) -> None:
    at_message = drafted(planner, batch, subject="For {name} in {batch}")
    asha = make.read(people(batch)["asha"])
    page = planner.get(f"{at_message}?as={asha.id}").text
    framed = planner.get(f"{at_message}/letter.html?as={asha.id}")
    press(planner, at_message, f"{at_message}/send")
    write_all()
    undo_is_over()
    while deliver_due(worker="test"):
        pass
    letter = next(one for one in letters(only_message()) if one.recipient == asha.email)
    kept = db.session.get_one(Letter, letter.id, options=[sa.orm.undefer(Letter.rendered)])
    mail = message_from_bytes(kept.rendered, policy=policy.default)

    def plain(words: str) -> str:
        return words.replace("\r\n", "\n").replace(asha.token, "•" * len(asha.token)).strip()

    shown = re.search(r'(?s)<div class="letter-text">(.*?)</div>', page)
    assert html.unescape(shown[1]).strip() == plain(mail.get_body(("plain",)).get_content())
    assert plain(framed.text) == plain(mail.get_body(("html",)).get_content())
    facts = html.unescape(page)
    for words in (str(mail["Subject"]), str(mail["To"]), str(mail["Reply-To"])):
        assert f"{words}</dd>" in facts
    assert asha.token not in page + framed.text
    assert asha.token in mail.get_body(("plain",)).get_content()


def test_the_preview_shows_each_of_the_first_by_name(planner: FlaskClient) -> None:
    batch = crowd(12)
    at_message = drafted(planner, batch, "?to=waiting")
    page = planner.get(at_message).text
    assert "Dear Person 00001," in page
    assert "12 people get it" in text(page)
    assert "and 2 more" in text(page)
    links = re.findall(r'href="\?as=(\d+)#looks"', page)
    assert len(links) == 10
    assert "Dear Person 00003," in planner.get(f"{at_message}?as={links[2]}").text
    assert f"as={links[2]}" in planner.get(f"{at_message}?as={links[2]}").text


def test_nothing_typed_is_lost(planner: FlaskClient, batch: Batch) -> None:
    before = contents()
    for wrong in (
        {"subject": ""},
        {"text": " "},
        {"text": "Dear {first name}"},
        {"subject": "{token}"},
        {"subject": "two\nlines"},
        {"text": "turned \u202e around"},
        {"to": "everybody"},
        {"to": "chosen"},
        {"key": ""},
        {"csrf_token": "old"},
        {"text": "x" * 5001},
    ):
        answer = write(planner, batch, **wrong)
        assert answer.status_code == 422, wrong
        assert "There is a problem" in answer.text
        expected = {**WORDS, **{k: v for k, v in wrong.items() if k in WORDS}}
        kept = typed_values(answer.text)
        assert {name: kept[name] for name in WORDS} == expected
    assert contents() == before


def test_an_unknown_placeholder_is_named(planner: FlaskClient, batch: Batch) -> None:
    answer = write(planner, batch, text="Dear {first name}")
    assert "“{first name}” stands for nothing. Use {name}," in html.unescape(answer.text)


def test_a_draft_can_be_changed_and_thrown_away(
    planner: FlaskClient, other: FlaskClient, batch: Batch
) -> None:
    at_message = drafted(planner, batch)
    form = planner.get(f"{at_message}/edit").text
    assert typed_values(form)["text"] == WORDS["text"]
    stale = as_sent(other.get(f"{at_message}/edit").text)
    answer = planner.post(f"{at_message}/edit", data=as_sent(form) | {"text": "New words."})
    assert answer.location == at_message
    assert (only_message().text, only_message().version) == ("New words.", 2)
    refused = other.post(f"{at_message}/edit", data=stale | {"text": "My words."})
    assert refused.status_code == 409
    assert "A colleague has changed this message meanwhile" in flashed(refused.text)
    assert typed_values(refused.text)["text"] == "My words."
    assert only_message().text == "New words."
    again_ = other.post(f"{at_message}/edit", data=as_sent(refused.text))
    assert again_.status_code == 303
    assert only_message().text == "My words."
    assert said(planner, press(planner, at_message, f"{at_message}/discard")) == (
        "The draft is thrown away."
    )
    assert planner.get(at_message).status_code == 404


# ---------------------------------------------------------------- once


def test_two_colleagues_send_it_once(
    planner: FlaskClient, other: FlaskClient, batch: Batch
) -> None:
    at_message = drafted(planner, batch)
    pages = [hidden_fields(one.get(at_message).text) for one in (planner, other)]
    start = Barrier(2)

    def go(client: FlaskClient, fields: dict[str, str]):
        start.wait()
        return client.post(f"{at_message}/send", data=fields)

    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(go, (planner, other), pages))
    told = [said(one, answer) for one, answer in zip((planner, other), answers, strict=True)]
    assert sorted(told) == ["", "It had been sent already. Nobody is written to twice."]
    write_all()
    assert len(addresses(only_message())) == 2


def test_a_double_press_on_the_form_is_one_draft(planner: FlaskClient, batch: Batch) -> None:
    fields = as_sent(planner.get(at(batch, "/new")).text) | WORDS
    places = {planner.post(at(batch, "/new"), data=fields).location for _ in range(2)}
    assert len(places) == 1
    assert only_message().version == 1


def test_whoever_saw_other_words_is_asked_again(
    planner: FlaskClient, other: FlaskClient, batch: Batch
) -> None:
    at_message = drafted(planner, batch)
    stale = hidden_fields(planner.get(at_message).text)
    form = as_sent(other.get(f"{at_message}/edit").text)
    other.post(f"{at_message}/edit", data=form | {"text": "Other words."})
    answer = planner.post(f"{at_message}/send", data=stale)
    assert answer.status_code == 409
    assert "A colleague has changed this message meanwhile" in flashed(answer.text)
    assert "Other words." in answer.text
    assert only_message().state is MessageState.DRAFT
    fresh = hidden_fields(answer.text)
    assert planner.post(f"{at_message}/send", data=fresh).status_code == 303


def test_to_nobody_there_is_no_button_and_a_press_is_refused(
    planner: FlaskClient, batch: Batch
) -> None:
    at_message = drafted(planner, batch, to="held")
    page = planner.get(at_message)
    assert "Nobody gets it" in text(page.text)
    assert f"{at_message}/send" not in page.text
    answer = press(planner, at_message, f"{at_message}/send", version="1")
    assert answer.status_code == 409
    assert "Nobody can be reached" in flashed(answer.text)


# ---------------------------------------------------------------- what became of it


def test_stopping_takes_it_back(planner: FlaskClient, batch: Batch) -> None:
    at_message = drafted(planner, batch)
    press(planner, at_message, f"{at_message}/send")
    write_all()
    page = planner.get(at_message).text
    assert "Until then you can take all of them back" in page
    told = said(planner, press(planner, at_message, f"{at_message}/stop"))
    assert told == "Stopped. 2 people are not written to."
    page = planner.get(at_message).text
    assert "2 Taken back, not sent" in text(page)
    assert f"{at_message}/stop" not in page
    answer = planner.post(f"{at_message}/stop", data=hidden_fields(planner.get("/staff/").text))
    assert said(planner, answer) == "There was nothing left to stop."


def test_what_failed_shows_the_telephone_number(
    planner: FlaskClient, planner_id: int
) -> None:
    batch = crowd(2)
    message = sent(batch, planner_id)
    write_all()
    first = letters(message)[0]
    words = f"550 5.1.1 <{first.recipient}> unknown, ask postmaster@elsewhere.example"
    fails = sa.update(Letter).where(Letter.id == first.id)
    fails = fails.values(state=LetterState.FAILED, last_error=words)
    atomically(lambda: db.session.execute(fails) and None)
    page = planner.get(at(batch, f"/{message.id}?only=failed")).text
    assert "Failed, telephone instead" in text(page)
    assert page.count('href="tel:+919812345678"') == 1
    assert "postmaster@elsewhere" not in page
    assert "Person 00001" in page
    assert "Person 00002" not in page
    assert "Person 00002" in planner.get(at(batch, f"/{message.id}")).text


def test_many_people_are_paged_in_a_constant_number_of_statements(
    planner: FlaskClient, planner_id: int
) -> None:
    counts = []
    for number in (3, 250):
        batch = crowd(number)
        message = sent(batch, planner_id)
        page, seen = at(batch, f"/{message.id}"), []
        counts.append(statements(planner, page))
        while page:
            answer = planner.get(page).text
            seen += re.findall(r"<bdi>(Person \d+)</bdi>", answer)
            more = re.search(r'href="(\?after=[^"#]*)', answer)
            page = at(batch, f"/{message.id}") + html.unescape(more[1]) if more else ""
        assert seen == [f"Person {place:05}" for place in range(1, number + 1)]
    assert counts[0] == counts[1]


def test_the_preview_takes_as_many_statements_for_many_as_for_few(
    planner: FlaskClient, planner_id: int
) -> None:
    counts = []
    for number in (3, 400):
        batch = crowd(number)
        message = draft(batch, planner_id)
        counts.append(statements(planner, at(batch, f"/{message.id}")))
    assert counts[0] == counts[1]


def test_the_list_pages_and_says_what_became_of_each(
    planner: FlaskClient, planner_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_queries, "MESSAGES", 2)
    batch = crowd(3)
    assert "Nobody has written to this batch yet" in planner.get(at(batch)).text
    for number in range(3):
        sent(batch, planner_id, subject=f"Subject {number}")
    page = planner.get(at(batch)).text
    assert re.findall(r"Subject \d", page) == ["Subject 2", "Subject 1"]
    assert "To be written: 3" in page
    older = planner.get(at(batch) + re.search(r'href="(\?before=\d+)"', page)[1]).text
    assert re.findall(r"Subject \d", older) == ["Subject 0"]
    planner.get(at(batch) + "?before=x")


# ---------------------------------------------------------------- people picked


def test_people_picked_come_by_the_address(planner: FlaskClient, batch: Batch) -> None:
    ids = people(batch)
    page = planner.get(at(batch, f"/new?person={ids['asha']}&person={ids['stranger']}"))
    assert "2 people picked" in text(page.text)
    data = as_sent(page.text) | WORDS | {"person": [ids["asha"], ids["stranger"]]}
    assert data["to"] == "chosen"
    answer = planner.post(at(batch, "/new"), data=data)
    assert answer.status_code == 303
    message = only_message()
    assert (message.audience, message.chosen) == (
        Audience.CHOSEN,
        sorted([ids["asha"], ids["stranger"]]),
    )
    seen = text(planner.get(answer.location).text)
    assert "1 person gets it" in seen
    assert "1 person does not get it" in seen


def test_people_picked_come_by_a_form_too(planner: FlaskClient) -> None:
    """As the roster sends them: more than an address can hold."""
    batch = crowd(300)
    ids = [str(one) for one in people(batch).values()]
    fields = hidden_fields(planner.get("/staff/").text) | {"person": ids}
    page = planner.post(at(batch, "/chosen"), data=fields)
    assert page.status_code == 200
    assert "300 people picked" in text(page.text)
    assert page.text.count('name="person"') == 300
    answer = planner.post(at(batch, "/new"), data=as_sent(page.text) | WORDS | {"person": ids})
    assert "300 people get it" in text(planner.get(answer.location).text)


def test_one_person_from_their_page_also_after_the_end(
    planner: FlaskClient, batch: Batch
) -> None:
    from enroll.registrations import answering

    number = people(batch)["asha"]
    atomically(
        answering.withdraw, batch_id=batch.id, registration_id=number, now=clock.now()
    )
    page = planner.get(f"/staff/registrations/{number}").text
    link = html.unescape(re.search(r'href="([^"]*/messages/new[^"]*)"', page)[1])
    form = planner.get(link)
    assert "Withdrawn by the student" in form.text
    at_message = planner.post(at(batch, "/new"), data=as_sent(form.text) | WORDS).location
    assert "1 person gets it" in text(planner.get(at_message).text)
    unticked = {k: v for k, v in as_sent(form.text).items() if k != "ended"}
    at_message = planner.post(
        at(batch, "/new"), data=unticked | WORDS | {"key": "another key"}
    ).location
    seen = text(planner.get(at_message).text)
    assert "Nobody gets it" in seen
    assert "The registration has ended" in seen


@pytest.mark.parametrize("wrong", ["elsewhere", "0", "-1", "x", "99999999999", "1.5", ""])
def test_somebody_of_another_batch_is_not_found(
    planner: FlaskClient, batch: Batch, wrong: str
) -> None:
    own = people(batch)["asha"]
    if wrong == "elsewhere":
        wrong = str(make.registration(make.batch(1), confirmed=True).id)
    before = contents()
    query = {"person": [str(own), wrong]}
    assert planner.get(at(batch, "/new"), query_string=query).status_code == 404
    fields = as_sent(planner.get(at(batch, "/new")).text) | WORDS | query
    assert planner.post(at(batch, "/new"), data=fields).status_code == 404
    assert planner.post(at(batch, "/chosen"), data=fields).status_code == 404
    assert contents() == before


# ---------------------------------------------------------------- who may


POSTS = ("/new", "/chosen", "/{}/edit", "/{}/send", "/{}/stop", "/{}/discard")
GETS = ("", "/new", "/{}", "/{}/edit", "/{}/letter.html")


@pytest.fixture
def message(batch: Batch, planner_id: int) -> Message:
    return draft(batch, planner_id)


def test_a_stranger_and_the_wrong_duty_get_nowhere(
    app: Flask, moderator: FlaskClient, batch: Batch, message: Message
) -> None:
    before = contents(without=("staff_session",))
    stranger = app.test_client()
    for path in GETS:
        page = at(batch, path.format(message.id)) + "?as=1"
        assert moderator.get(page).status_code == 403
        assert stranger.get(page).status_code == 302
    token = hidden_fields(moderator.get("/staff/").text)
    for path in POSTS:
        page = at(batch, path.format(message.id))
        assert moderator.post(page, data=WORDS | token | {"version": "1"}).status_code == 403
    token = hidden_fields(stranger.get("/staff/login").text)
    for path in POSTS:
        answer = stranger.post(at(batch, path.format(message.id)), data=WORDS | token)
        assert (answer.status_code, answer.location) == (302, "/staff/login")
    assert contents(without=("staff_session",)) == before


def test_a_message_of_another_batch_is_not_found(
    planner: FlaskClient, batch: Batch, message: Message
) -> None:
    elsewhere = make.batch(1)
    before = contents()
    form = as_sent(planner.get(at(batch, f"/{message.id}/edit")).text)
    for where, number in ((elsewhere, message.id), (batch, 10**12), (batch, 2**31 - 1)):
        for path in GETS[2:]:
            page = at(where, path.format(number)) + f"?as={people(batch)['asha']}"
            assert planner.get(page).status_code == 404, page
        for path in POSTS[2:]:
            assert planner.post(at(where, path.format(number)), data=form).status_code == 404
    for path in GETS[:2]:
        assert planner.get(f"/staff/batches/unknown/messages{path}").status_code == 404
    assert contents() == before


def test_a_letter_is_shown_only_of_whoever_gets_it(
    planner: FlaskClient, batch: Batch, message: Message
) -> None:
    elsewhere = make.registration(make.batch(1), confirmed=True)
    numbers = [people(batch)["stranger"], elsewhere.id, "", "x", "0"]
    for number in numbers:
        page = at(batch, f"/{message.id}/letter.html?as={number}")
        assert planner.get(page).status_code == 404
        shown = planner.get(at(batch, f"/{message.id}?as={number}"))
        assert "asha@example.org" in shown.text
    first = planner.get(at(batch, f"/{message.id}/letter.html"))
    assert "Hello Asha Verma," in first.text


def test_buttons_want_their_token(planner: FlaskClient, batch: Batch, message: Message) -> None:
    planner.get(at(batch))
    before = contents()
    for path in POSTS:
        answer = planner.post(
            at(batch, path.format(message.id)), data=WORDS | {"to": "live", "version": "1"}
        )
        assert answer.status_code in (400, 422)
    assert contents() == before


def test_the_letter_may_run_and_load_nothing(
    planner: FlaskClient, batch: Batch, message: Message
) -> None:
    page = at(batch, f"/{message.id}/letter.html?as={people(batch)['asha']}")
    headers = planner.get(page).headers
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


# ---------------------------------------------------------------- what stands in it


HOSTILE = '<script>alert("x")</script> \u2067[a](javascript:alert(1))'


def test_hostile_names_and_words_are_only_text(
    planner: FlaskClient, batch: Batch, planner_id: int
) -> None:
    number = people(batch)["asha"]
    rename = sa.update(Registration).where(Registration.id == number).values(name=HOSTILE)
    atomically(lambda: db.session.execute(rename) and None)
    message = draft(
        batch, planner_id, subject="<b>x</b> {name}", text="<img src=x onerror=y> {name}"
    )
    pages = [planner.get(at(batch, f"/{message.id}?as={number}")).text]
    pages += [planner.get(at(batch, f"/{message.id}/letter.html?as={number}")).text]
    pages += [planner.get(at(batch, f"/new?person={number}")).text]
    send(message, planner_id)
    pages += [planner.get(at(batch, f"/{message.id}")).text, planner.get(at(batch)).text]
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>x" not in page
        assert 'href="javascript' not in page
    assert "\u2067" not in pages[1]


def test_a_message_whose_only_reader_is_erased_shows_nothing(
    planner: FlaskClient, batch: Batch, planner_id: int
) -> None:
    number = people(batch)["asha"]
    message = sent(batch, planner_id, Audience.CHOSEN, number, text="You, my dear.")
    write_all()
    atomically(erasing.erase, registration_id=number, by="student", now=clock.now())
    for page in (at(batch), at(batch, f"/{message.id}")):
        seen = planner.get(page)
        assert seen.status_code == 200
        assert "Data deleted" in seen.text
        assert "my dear" not in seen.text
        assert "asha@example.org" not in seen.text


def test_looking_at_what_was_sent_changes_nothing(
    planner: FlaskClient, batch: Batch, planner_id: int
) -> None:
    message = sent(batch, planner_id)
    before = contents()
    for path in GETS:
        planner.get(at(batch, path.format(message.id)) + f"?as={people(batch)['asha']}")
    assert contents() == before
    assert planner.get(at(batch, f"/{message.id}/edit")).status_code == 409
    form = as_sent(planner.get(at(batch, "/new")).text) | WORDS | {"version": "1"}
    for path in ("edit", "discard"):
        answer = planner.post(at(batch, f"/{message.id}/{path}"), data=form)
        assert answer.status_code == 409
        assert "sent already" in flashed(answer.text)
    assert again(message).text == "We meet in room 5."


def test_the_style_sheet_uses_logical_properties() -> None:
    assert PHYSICAL.findall((STATIC / "messages.css").read_text()) == []


