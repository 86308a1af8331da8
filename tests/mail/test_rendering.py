"""Every letter as it will be read: headers, text, HTML, links, and nothing a stranger typed."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.mail.rendering import render
from enroll.registrations import answering, arriving, tidying
from enroll.registrations.letters import PROMISED
from tests import make

STRANGE = {
    "name": "Buy pills at evil.example",
    "message": "MESSAGE-OF-A-STRANGER",
    "background": "BACKGROUND-OF-A-STRANGER",
    "phone": "+4917012345678",
}


@pytest.fixture
def letters(app: Flask, now: datetime) -> dict[str, Letter]:
    """One letter of each kind that students' own moves promise. (All kinds: test_letters.py.)"""
    batch = make.batch(capacity=1, minimum=5, decide_on=now.date(), zone="Europe/Berlin")

    def press(verb, one, **more: object) -> None:
        atomically(verb, batch_id=batch.id, registration_id=one.id, now=now, **more)

    first, second, third = (make.registration(batch, confirmed=True, now=now) for _ in range(3))
    press(answering.withdraw, first)
    press(answering.pass_offer, second)
    late = make.registration(batch, now=now)
    atomically(tidying.tidy_batch, batch_id=batch.id, now=now + timedelta(days=20))
    assert make.read(late.id).state == "expired"
    found = {letter.kind: letter for letter in db.session.scalars(sa.select(Letter))}
    by_staff = {"registration_applied", "registration_rejected", "registration_cancelled"}
    assert found.keys() == {*PROMISED.values(), "registration_passed"} - by_staff
    return found


def read(letter: Letter) -> EmailMessage:
    return message_from_bytes(render(letter), policy=policy.default)


def test_every_letter_is_whole(app: Flask, letters: dict[str, Letter]) -> None:
    for kind, letter in letters.items():
        message = read(letter)
        text = message.get_body(("plain",)).get_content()
        html = message.get_body(("html",)).get_content()
        assert message["To"] == letter.recipient, kind
        assert message["Message-ID"] == letter.message_id, kind
        assert parsedate_to_datetime(message["Date"]) == letter.written_at.replace(microsecond=0)
        assert message["Auto-Submitted"] == "auto-generated", kind
        assert "\n" not in message["Subject"], kind
        assert 10 < len(message["Subject"]) < 120, kind
        assert "{" not in text + html, kind
        assert "A batch" in message["Subject"], kind
        assert "Europe/Berlin" in text, kind
        for part in (text, html):
            assert app.config["BASE_URL"] in part, kind
        assert "<style" not in html, kind
        assert "style=" in html, kind
        assert "List-Unsubscribe" not in message, kind


def test_rendering_twice_gives_the_same_headers(app: Flask, letters: dict[str, Letter]) -> None:
    letter = letters["registration_held"]
    for header in ("Message-ID", "Date", "Subject", "To"):
        assert read(letter)[header] == read(letter)[header]


def everything_in(letter: Letter) -> str:
    """Its bytes as they travel, and every part as a mail program shows it."""
    raw = render(letter)
    parts = message_from_bytes(raw, policy=policy.default).walk()
    return raw.decode("latin-1") + "".join(
        part.get_content() for part in parts if part.get_content_maintype() == "text"
    )


def written_to(email: str) -> list[Letter]:
    db.session.rollback()
    wanted = sa.select(Letter).where(Letter.recipient == email).order_by(Letter.id)
    return list(db.session.scalars(wanted))


@pytest.mark.parametrize("is_full", [False, True], ids=["a seat", "the waitlist"])
@pytest.mark.parametrize("ending", ["withdrawn", "expired"])
def test_nothing_a_stranger_typed_reaches_an_unconfirmed_address(
    app: Flask, now: datetime, is_full: bool, ending: str
) -> None:
    batch = make.batch(capacity=1, now=now)
    if is_full:
        make.registration(batch, confirmed=True, now=now)
    stranger = make.applicant("victim@example.org", **STRANGE)
    number = atomically(arriving.register, batch_id=batch.id, applicant=stranger, now=now)
    if ending == "withdrawn":
        atomically(answering.withdraw, batch_id=batch.id, registration_id=number, now=now)
    else:
        atomically(tidying.tidy_batch, batch_id=batch.id, now=now + timedelta(days=3))
    letters = written_to("victim@example.org")
    began = "registration_waitlisted" if is_full else "registration_held"
    assert [letter.kind for letter in letters] == [began, f"registration_{ending}"]
    for letter in letters:
        sent = everything_in(letter)
        for typed in (*STRANGE.values(), "evil.example"):
            assert typed not in sent, letter.kind
        assert not {*STRANGE.values()} & {str(value) for value in letter.context.values()}


def test_whoever_types_a_confirmed_address_again_has_no_voice_in_its_letters(
    app: Flask, now: datetime
) -> None:
    batch = make.batch(capacity=1, now=now)
    mine = make.registration(batch, "asha@example.org", confirmed=True, now=now)
    stranger = make.applicant("asha@example.org", **STRANGE)
    atomically(arriving.register, batch_id=batch.id, applicant=stranger, now=now)
    atomically(answering.withdraw, batch_id=batch.id, registration_id=mine.id, now=now)
    for letter in written_to("asha@example.org"):
        for typed in STRANGE.values():
            assert typed not in everything_in(letter), letter.kind


def test_a_title_with_a_line_break_stays_in_the_subject(app: Flask, now: datetime) -> None:
    make.registration(make.batch(title="Two\r\nBcc: all@evil.example\nlines", now=now), now=now)
    (letter,) = db.session.scalars(sa.select(Letter))
    message = read(letter)
    assert message["Bcc"] is None
    assert "Two Bcc: all@evil.example lines" in message["Subject"]


@pytest.mark.parametrize("name", ['The "Best" Institute', "Institut für Übersetzung, Köln", "a\\b"])
def test_the_institutes_name_is_readable_in_the_sender(
    app: Flask, now: datetime, name: str
) -> None:
    app.config["INSTITUTE_NAME"] = name
    make.registration(make.batch(now=now), now=now)
    (letter,) = db.session.scalars(sa.select(Letter))
    (sender,) = read(letter)["From"].addresses
    assert sender.addr_spec == app.config["MAIL_SENDER"]
    assert sender.display_name == name.replace('"', "").replace("\\", "")


def test_every_line_is_short_enough_for_any_server(app: Flask, letters: dict[str, Letter]) -> None:
    """RFC 5322, 2.1.1: 998 characters and CRLF, or a server may refuse it or break it anywhere."""
    for kind, letter in letters.items():
        lines = render(letter).split(b"\r\n")
        assert max(map(len, lines)) <= 998, kind
        assert not any(b"\n" in line for line in lines), kind


def test_a_confirmed_person_is_greeted_by_name(app: Flask, now: datetime) -> None:
    mine = make.registration(make.batch(), confirmed=True, now=now)
    kinds = sa.select(Letter).where(Letter.about == f"registration:{mine.id}").order_by(Letter.id)
    held, confirmed = db.session.scalars(kinds)
    assert "Asha Verma" not in read(held).get_body(("plain",)).get_content()
    assert "Hello Asha Verma," in read(confirmed).get_body(("plain",)).get_content()


def test_a_name_is_text_and_never_markup(app: Flask, now: datetime) -> None:
    batch = make.batch()
    name = 'Asha <script>alert(1)</script> <a href="https://evil.example">x</a>'
    registration_id = atomically(
        arriving.register, batch_id=batch.id, applicant=make.applicant(name=name), now=now
    )
    atomically(
        answering.confirm,
        batch_id=batch.id,
        registration_id=registration_id,
        seen="pending",
        now=now,
    )
    letter = db.session.scalars(
        sa.select(Letter).where(Letter.kind == "registration_confirmed")
    ).one()
    html = read(letter).get_body(("html",)).get_content()
    assert "<script" not in html
    assert "evil.example" not in html.replace("&quot;https://evil.example&quot;", "").replace(
        "&#34;https://evil.example&#34;", ""
    ).replace('"https://evil.example"&gt;', "")
