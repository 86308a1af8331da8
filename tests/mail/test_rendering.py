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
    """One letter of every kind, written by the moves that promise them."""
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
    assert found.keys() >= {*PROMISED.values(), "registration_passed"} - {"registration_confirmed"}
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


@pytest.mark.parametrize("capacity", [1, 0])
def test_nothing_a_stranger_typed_reaches_an_unconfirmed_address(
    app: Flask, now: datetime, capacity: int
) -> None:
    batch = make.batch(capacity=1, now=now)
    if not capacity:
        make.registration(batch, now=now)
    atomically(
        arriving.register,
        batch_id=batch.id,
        applicant=make.applicant("victim@example.org", **STRANGE),
        now=now,
    )
    letter = db.session.scalars(
        sa.select(Letter).where(Letter.recipient == "victim@example.org")
    ).one()
    sent = read(letter)
    everything = str(sent) + "".join(
        part.get_content() for part in sent.walk() if part.get_content_maintype() == "text"
    )
    for typed in STRANGE.values():
        assert typed not in everything
    assert "evil.example" not in everything


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
