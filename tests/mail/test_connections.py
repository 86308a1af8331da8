"""Lines that break, servers that say nothing, certificates: no letter leaves unsafely, none is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from flask import Flask

from enroll import clock
from enroll.db import atomically, db
from enroll.mail.delivery import LEASE, claim_due, deliver_due
from enroll.mail.models import Letter
from enroll.mail.states import LetterState
from tests import make
from tests.mail.servers import Server, certificate, running, silent

pytestmark = pytest.mark.usefixtures("app_with_smtp")


def letters() -> list[Letter]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Letter).order_by(Letter.id)))


def states() -> list[str]:
    return [letter.state.value for letter in letters()]


def all_due() -> None:
    atomically(lambda: db.session.execute(sa.update(Letter).values(due_at=clock.now())))


@pytest.fixture
def mail_to(app_with_smtp: Flask) -> Callable[..., None]:
    """Lets the application send to another port, with other settings."""
    settings = app_with_smtp.extensions["mail"]

    def change(port: int, **others: object) -> None:
        settings.port = port
        for name, value in others.items():
            setattr(settings, name, value)

    return change


def test_a_server_that_never_answers_costs_a_second_and_no_letter(
    app_with_smtp: Flask, mail_to: Callable[..., None], server: tuple[Server, Controller]
) -> None:
    batch = make.batch(capacity=3)
    for _ in range(3):
        make.registration(batch)
    app_with_smtp.config["MAIL_TIMEOUT"] = 1
    began = clock.now()
    with silent() as port:
        mail_to(port)
        deliver_due(worker="test")
    # One connection for all three: the time-out is paid once.
    assert (clock.now() - began).total_seconds() < 2.9
    assert states() == ["queued"] * 3
    assert all(letter.due_at > clock.now() and letter.last_error for letter in letters())
    app_with_smtp.config["MAIL_TIMEOUT"] = 5
    mail_to(server[1].port)
    all_due()
    deliver_due(worker="test")
    assert sorted(who for who, _ in server[0].got) == sorted(one.recipient for one in letters())


def test_a_line_cut_before_the_text_is_tried_again(server: tuple[Server, Controller]) -> None:
    make.registration(make.batch())
    server[0].drops_at_rcpt = True
    deliver_due(worker="test")
    assert states() == ["queued"]
    server[0].drops_at_rcpt = False
    all_due()
    deliver_due(worker="test")
    assert states() == ["sent"]
    assert len(server[0].texts) == 1


def test_who_comes_after_a_cut_line_is_not_lost(server: tuple[Server, Controller]) -> None:
    batch = make.batch(capacity=3)
    for _ in range(3):
        make.registration(batch)
    server[0].drops = True
    deliver_due(worker="test")
    assert states() == ["unknown", "queued", "queued"]
    server[0].drops = False
    all_due()
    deliver_due(worker="test")
    assert states() == ["unknown", "sent", "sent"]
    assert len(server[0].texts) == 3


def test_a_temporary_no_for_one_letter_does_not_hold_up_the_next(
    server: tuple[Server, Controller],
) -> None:
    batch = make.batch(capacity=2)
    slow, fine = (make.registration(batch).email for _ in range(2))

    def choose(address: str) -> None:
        server[0].rcpt = "451 later" if address == slow else "250 ok"

    server[0].before_answer = choose
    deliver_due(worker="test")
    assert states() == ["queued", "sent"]
    assert [who for who, _ in server[0].got] == [fine]


# ---------------------------------------------------------------- a secure line, or none


def test_only_a_certificate_somebody_vouches_for_gets_a_letter(
    mail_to: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, vouching = certificate(tmp_path)
    impostor = Server()
    make.registration(make.batch())
    with running(impostor, tls_context=context) as controller:
        mail_to(controller.port, use_tls=True)
        deliver_due(worker="test")
        assert states() == ["queued"]
        assert "certificate" in letters()[0].last_error.lower()
        assert impostor.texts == []
        # The same server, once somebody vouches for it: it was the certificate and nothing else.
        monkeypatch.setenv("SSL_CERT_FILE", str(vouching))
        all_due()
        deliver_due(worker="test")
    assert states() == ["sent"]
    assert len(impostor.texts) == 1


def test_a_certificate_for_another_host_gets_no_letter(
    app_with_smtp: Flask,
    mail_to: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context, vouching = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(vouching))
    other = Server()
    make.registration(make.batch())
    with running(other, tls_context=context) as controller:
        mail_to(controller.port, use_tls=True, server="localhost")
        deliver_due(worker="test")
    assert states() == ["queued"]
    assert "match" in letters()[0].last_error or "valid for" in letters()[0].last_error
    assert other.texts == []


def test_a_server_without_tls_gets_no_letter(
    mail_to: Callable[..., None], server: tuple[Server, Controller]
) -> None:
    """Whoever sits on the line can take STARTTLS out of the greeting: then nothing is sent."""
    make.registration(make.batch())
    mail_to(server[1].port, use_tls=True)
    deliver_due(worker="test")
    assert states() == ["queued"]
    assert "STARTTLS" in letters()[0].last_error
    assert server[0].texts == []


def test_a_wrong_password_loses_nothing(mail_to: Callable[..., None]) -> None:
    def check(_server, _session, _envelope, _mechanism, given) -> AuthResult:
        return AuthResult(success=given.password == b"right", handled=False)

    make.registration(make.batch())
    options = {"authenticator": check, "auth_required": True, "auth_require_tls": False}
    strict = Server()
    with running(strict, **options) as controller:
        mail_to(controller.port, username="enroll", password="wrong")
        deliver_due(worker="test")
        assert states() == ["queued"]
        assert "wrong" not in letters()[0].last_error
        mail_to(controller.port, password="right")
        all_due()
        deliver_due(worker="test")
    assert states() == ["sent"]


# ---------------------------------------------------------------- a lease that is lost on the way


def test_a_letter_that_another_worker_has_taken_is_left_to_it(
    app_with_smtp: Flask, server: tuple[Server, Controller]
) -> None:
    """The server is so slow that the lease runs out while the address is being checked."""
    batch = make.batch(capacity=2)
    for _ in range(2):
        make.registration(batch)
    taken: list[int] = []

    def overtake(_address: str) -> None:
        if not taken:
            with app_with_smtp.app_context():
                later = clock.now() + LEASE
                letters = atomically(claim_due, worker="next", now=later)
                taken.extend(letter.id for letter in letters)

    server[0].before_answer = overtake
    assert deliver_due(worker="slow") == 2
    assert len(taken) == 2
    assert server[0].texts == []
    assert {(one.state, one.claimed_by) for one in letters()} == {(LetterState.CLAIMED, "next")}


@pytest.mark.parametrize(
    ("answer", "state"),
    [("250 ok", "sent"), ("451 later", "queued"), ("550 no", "failed"), ("", "unknown")],
)
def test_an_answer_that_comes_after_the_lease_is_still_believed(
    app_with_smtp: Flask, server: tuple[Server, Controller], answer: str, state: str
) -> None:
    """The machine slept while the text was out: by then another worker has called it unknown."""
    batch = make.batch(capacity=2)
    first, _ = (make.registration(batch).email for _ in range(2))

    def make_late(address: str) -> None:
        server[0].data = answer if address == first else "250 ok"
        server[0].drops = address == first and not answer

    def oversleep() -> None:
        if len(server[0].texts) == 1:
            with app_with_smtp.app_context():
                atomically(claim_due, worker="next", now=clock.now() + LEASE)
                seen.extend(states())

    seen: list[str] = []
    server[0].before_answer = make_late
    server[0].after_text = oversleep
    deliver_due(worker="slow")
    assert seen == ["unknown", "claimed"]
    assert states()[0] == state
    # Its text went out once; the other letter is left to the worker that has it by now.
    assert [one["To"] for one in server[0].read()] == [first]
    assert letters()[1].claimed_by == "next"
