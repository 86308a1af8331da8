"""Against a real mail server that misbehaves: nothing is lost, nothing is sent twice."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from enroll import clock
from enroll.db import atomically, db
from enroll.mail.delivery import LEASE, claim_due, deliver_due
from enroll.mail.models import Letter
from enroll.mail.states import LetterState
from tests import make
from tests.mail.servers import Server


@pytest.fixture
def app(app_with_smtp: Flask) -> Flask:
    """The application with this mail server."""
    return app_with_smtp


def deliver() -> Letter:
    """One round of the worker; the only letter afterwards."""
    deliver_due(worker="test")
    return the_letter()


def the_letter() -> Letter:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Letter)).one()


def make_due() -> None:
    atomically(lambda: db.session.execute(sa.update(Letter).values(due_at=clock.now())))


def test_a_letter_arrives_once(app: Flask, server: tuple[Server, Controller]) -> None:
    make.registration(make.batch())
    letter = deliver()
    assert letter.state is LetterState.SENT
    assert letter.sent_at is not None
    message_id = letter.message_id
    assert deliver_due(worker="test") == 0
    (text,) = server[0].texts
    message = message_from_bytes(text, policy=policy.default)
    assert message["Message-ID"] == message_id
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_4xx_is_tried_again_with_the_same_bytes(
    app: Flask, server: tuple[Server, Controller], step: str
) -> None:
    make.registration(make.batch())
    setattr(server[0], step, "451 later")
    before = clock.now()
    letter = deliver()
    assert letter.state is LetterState.QUEUED
    assert letter.due_at > before + timedelta(seconds=40)
    assert "451" in letter.last_error
    kept = db.session.scalar(sa.select(Letter.rendered))
    setattr(server[0], step, "250 ok")
    assert deliver_due(worker="test") == 0  # not before its time
    make_due()
    assert deliver().state is LetterState.SENT
    assert {bytes(text).strip() for text in server[0].texts} == {kept.strip()}


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_5xx_fails_and_keeps_the_reason(
    app: Flask, server: tuple[Server, Controller], step: str
) -> None:
    make.registration(make.batch())
    setattr(server[0], step, "550 no such person")
    letter = deliver()
    assert letter.state is LetterState.FAILED
    assert "550" in letter.last_error
    make_due()
    assert deliver_due(worker="test") == 0


def test_a_line_cut_after_the_text_is_unknown_and_never_sent_again(
    app: Flask, server: tuple[Server, Controller]
) -> None:
    make.registration(make.batch())
    server[0].drops = True
    assert deliver().state is LetterState.UNKNOWN
    server[0].drops = False
    make_due()
    assert deliver_due(worker="test") == 0
    assert len(server[0].texts) == 1


def test_no_server_at_all_loses_nothing(app: Flask, server: tuple[Server, Controller]) -> None:
    make.registration(make.batch())
    server[1].stop()
    letter = deliver()
    assert letter.state is LetterState.QUEUED
    again = Controller(server[0], hostname="127.0.0.1", port=server[1].port)
    again.start()
    make_due()
    state = deliver().state
    again.stop()
    assert state is LetterState.SENT


def test_one_refused_person_does_not_hold_up_the_others(
    app: Flask, server: tuple[Server, Controller]
) -> None:
    batch = make.batch(capacity=3)
    for _ in range(3):
        make.registration(batch)
    server[0].rcpt = "550 no"
    deliver_due(worker="test")
    states = set(db.session.scalars(sa.select(Letter.state)))
    assert states == {LetterState.FAILED}


def test_a_dead_workers_letter_is_taken_again_when_its_lease_is_over(app: Flask) -> None:
    make.registration(make.batch())
    now = clock.now()
    assert len(atomically(claim_due, worker="dead", now=now)) == 1
    assert atomically(claim_due, worker="next", now=now + LEASE / 2) == []
    (letter,) = atomically(claim_due, worker="next", now=now + LEASE)
    assert (letter.claimed_by, letter.attempts) == ("next", 2)


def test_a_letter_half_sent_by_a_dead_worker_is_unknown(app: Flask) -> None:
    make.registration(make.batch())
    now = clock.now()
    atomically(claim_due, worker="dead", now=now)
    atomically(lambda: db.session.execute(sa.update(Letter).values(state=LetterState.SENDING)))
    assert atomically(claim_due, worker="next", now=now + LEASE) == []
    assert the_letter().state is LetterState.UNKNOWN
