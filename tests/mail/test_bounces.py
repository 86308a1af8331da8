"""What comes back as mail: a true report fails its letter once; nothing else changes anything.

With a real mail server and a real IMAP server, each on a socket.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from enroll import clock, create_app
from enroll.config import BadSettings
from enroll.db import atomically, db
from enroll.doctor import examine
from enroll.mail import postman
from enroll.mail.bounces import read_bounce, settle_bounce
from enroll.mail.delivery import deliver_due
from enroll.mail.envelope import letter_named, return_address
from enroll.mail.models import BounceBox, Letter
from enroll.mail.outbox import ERASED
from enroll.mail.polling import AT_ONCE, EVERY, box, poll_bounces
from enroll.mail.states import LetterState
from tests import make
from tests.mail.mailboxes import (
    PASSWORD,
    USER,
    Mailbox,
    behind_tls,
    imap_server,
    reply,
    report,
)
from tests.mail.servers import Server, certificate, silent

OURS = {"bounces": USER, "secret": "s" * 40}


@pytest.fixture(scope="session")
def imap() -> Iterator[int]:
    """The port of one IMAP server for all tests; each has a folder of its own."""
    with imap_server() as port:
        yield port


@pytest.fixture
def mailbox(imap: int) -> Mailbox:
    return Mailbox(imap)


@pytest.fixture
def smtp_settings(smtp_settings: dict[str, str], mailbox: Mailbox) -> dict[str, str]:
    """Both servers."""
    return smtp_settings | {f"ENROLL_{name}": value for name, value in mailbox.settings().items()}


@pytest.fixture
def app(app_with_smtp: Flask) -> Flask:
    return app_with_smtp


@pytest.fixture
def came_from(app: Flask, server: tuple[Server, Controller]) -> str:
    """The envelope's sender of a letter that was sent."""
    make.registration(make.batch(), "asha@example.org")
    deliver_due(worker="test")
    assert the_letter().state is LetterState.SENT
    return server[0].senders[-1]


def the_letter() -> Letter:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Letter)).one()


def poll() -> int:
    """Another round, a minute later."""

    def wait() -> None:
        db.session.execute(sa.update(BounceBox).values(asked_at=clock.now() - EVERY))

    atomically(wait)
    return poll_bounces()


# ---------------------------------------------------------------- the signed address


def test_the_address_is_short_safe_and_names_its_letter_only() -> None:
    address = return_address(999_999_999_999, bounces="A" * 24 + "@Example.org", secret="x")
    local, _, domain = address.partition("@")
    assert len(local) == 64  # RFC 5321, 4.5.3.1.1
    assert domain == "example.org"
    assert address == address.lower()
    mine = return_address(42, **OURS)
    assert letter_named([f"Somebody <{mine.upper()}>"], **OURS) == 42
    assert letter_named(["other@example.org", mine], **OURS) == 42
    assert letter_named([mine.replace("+42-", "+43-")], **OURS) is None
    assert letter_named([mine], bounces=USER, secret="another" * 8) is None
    assert letter_named([mine], bounces="bounces@example.net", secret=OURS["secret"]) is None
    assert letter_named([USER, "", "bounces+42-@example.org"], **OURS) is None


def test_the_envelope_is_signed_and_from_stays_the_institutes(
    app: Flask, server: tuple[Server, Controller], came_from: str
) -> None:
    assert came_from == return_address(
        the_letter().id, bounces=USER, secret=app.config["SECRET_KEY"]
    )
    message = message_from_bytes(server[0].texts[0])
    assert app.config["MAIL_SENDER"] in message["From"]
    assert "+" not in message["From"]
    assert message["Return-Path"] is None  # the last server writes it (RFC 5321, 4.4)


def test_without_the_setting_the_envelope_is_as_it_was(
    app: Flask, server: tuple[Server, Controller]
) -> None:
    app.config["MAIL_BOUNCES"] = ""
    make.registration(make.batch())
    deliver_due(worker="test")
    assert server[0].senders == [app.config["MAIL_SENDER"]]
    assert poll_bounces() == 0
    assert box() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAIL_BOUNCES", "bounces"),
        ("MAIL_BOUNCES", "a" * 25 + "@example.org"),
        ("MAIL_BOUNCES", "bounces+x@example.org"),
        ("BOUNCE_IMAP_HOST", "imap.example.org"),
        ("TIMEZONE", "Kolkata"),
    ],
)
def test_settings_that_cannot_be_meant(
    monkeypatch: pytest.MonkeyPatch, instance: Path, name: str, value: str
) -> None:
    monkeypatch.setenv("ENROLL_INSTANCE", str(instance))
    monkeypatch.setenv(f"ENROLL_{name}", value)
    with pytest.raises(BadSettings, match=name):
        create_app()


# ---------------------------------------------------------------- what a mail says


def test_a_report_of_a_failure_fails_its_letter_once(came_from: str, mailbox: Mailbox) -> None:
    mailbox.put(report(came_from))
    assert poll() == 1
    letter = the_letter()
    assert letter.state is LetterState.FAILED
    assert letter.last_error == (
        "came back: 550 5.1.1 <asha@example.org>: Recipient address rejected: User unknown"
    )
    assert letter.sent_at is not None  # it had gone out
    assert poll() == 0
    mailbox.put(report(came_from, said="smtp; 550 something else"))
    assert poll() == 1
    assert "User unknown" in the_letter().last_error
    assert deliver_due(worker="test") == 0
    assert not any(b"Seen" in flags for flags in mailbox.flags())  # others may read there too


def test_addresses_of_others_are_removed(came_from: str, mailbox: Mailbox) -> None:
    mailbox.put(report(came_from, said="smtp; 550 <secret.me@private.example> (was\n"
                       " asha@example.org) is full; ask postmaster@private.example\x00\x07"))
    poll()
    said = the_letter().last_error
    assert "private.example" not in said
    assert "<(address)> (was asha@example.org) is full; ask (address)" in said
    assert said.isprintable()


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param(lambda to: report(to, action="delayed", status="4.4.1"), id="delayed"),
        pytest.param(lambda to: report(to, action="delivered", status="2.0.0"), id="delivered"),
        pytest.param(lambda to: report(to, action="relayed", status="2.0.0"), id="relayed"),
        pytest.param(lambda to: report(to, kind="disposition-notification"), id="receipt"),
        pytest.param(reply, id="reply"),
        pytest.param(lambda to: reply(to, automatic="auto-replied"), id="holiday"),
        pytest.param(lambda _to: report(USER), id="unsigned"),
        pytest.param(lambda to: report(to[:-20] + "aaaaaaaa" + to[-12:]), id="forged"),
        pytest.param(lambda to: report(to.replace("+", "+1", 1)), id="another-letter"),
        pytest.param(lambda to: report(to).split(b"--part.of.it")[0], id="cut-off"),
        pytest.param(lambda to: b"To: " + to.encode() + b"\r\n\xff\xfe:\x00\r\n", id="rubbish"),
        pytest.param(lambda _to: b"", id="empty"),
    ],
)
def test_nothing_else_changes_anything(mail, app: Flask, came_from: str) -> None:
    raw = mail(came_from)
    found = read_bounce(raw, bounces=USER, secret=app.config["SECRET_KEY"])
    assert found is None or not atomically(settle_bounce, found)
    assert the_letter().state is LetterState.SENT


def test_a_server_that_has_given_up_after_days_says_so_with_4xx(app: Flask, came_from: str) -> None:
    raw = report(came_from, status="4.4.7", said="smtp; 421 too busy")
    found = read_bounce(raw, bounces=USER, secret=app.config["SECRET_KEY"])
    assert found
    assert atomically(settle_bounce, found)
    assert the_letter().state is LetterState.FAILED


def test_the_address_is_found_where_servers_put_it(app: Flask, came_from: str) -> None:
    for header in ("Delivered-To", "X-Original-To", "Envelope-To"):
        raw = report("postmaster@example.org")
        raw = f"{header}: {came_from.upper()}\r\n".encode() + raw
        assert read_bounce(raw, bounces=USER, secret=app.config["SECRET_KEY"]), header


def test_of_a_letter_whose_data_was_deleted_only_that_it_failed(
    came_from: str, mailbox: Mailbox
) -> None:
    atomically(lambda: db.session.execute(sa.update(Letter).values(recipient=ERASED)))
    mailbox.put(report(came_from))
    poll()
    assert (the_letter().state, the_letter().last_error) == (LetterState.FAILED, "")


def test_a_letter_still_being_handed_over_is_looked_at_again(
    came_from: str, mailbox: Mailbox
) -> None:
    def put(state: LetterState) -> None:
        db.session.execute(sa.update(Letter).values(state=state))

    atomically(put, LetterState.SENDING)
    mailbox.put(report(came_from))
    assert poll() == 0
    assert the_letter().state is LetterState.SENDING
    atomically(put, LetterState.SENT)
    assert poll() == 1
    assert the_letter().state is LetterState.FAILED


# ---------------------------------------------------------------- the mailbox


def test_broken_and_huge_mails_do_not_end_the_round(came_from: str, mailbox: Mailbox) -> None:
    mailbox.put(
        b"\xff\x00\x01 no mail at all",
        b"Content-Type: multipart/report; boundary=x\r\nTo: " + came_from.encode() + b"\r\n\r\n--x",
        b"To: x@example.org\r\n\r\n" + b"0123456789abcdef" * 200_000,
        report(came_from, quoted=b"Subject: big\r\n\r\n" + b"0123456789abcdef\r\n" * 100_000),
    )
    assert poll() == 4
    assert the_letter().state is LetterState.FAILED


def test_a_round_is_bounded_and_the_next_goes_on(came_from: str, mailbox: Mailbox) -> None:
    mailbox.put(*[reply(came_from)] * AT_ONCE, report(came_from))
    assert poll_bounces() == AT_ONCE
    assert the_letter().state is LetterState.SENT
    assert poll_bounces() == 1  # at once: there was more
    assert the_letter().state is LetterState.FAILED
    assert poll_bounces() == 0  # within the minute nobody asks


def test_two_workers_fail_it_once(app: Flask, came_from: str, mailbox: Mailbox) -> None:
    mailbox.put(report(came_from))
    read: list[int] = []

    def work() -> None:
        with app.app_context():
            read.append(poll_bounces())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(read) == 1
    assert the_letter().state is LetterState.FAILED


def test_a_mailbox_that_begins_anew_is_read_from_its_beginning(
    came_from: str, mailbox: Mailbox
) -> None:
    mailbox.put(reply(came_from), reply(came_from), reply(came_from))
    assert poll() == 3
    with mailbox.open() as host:
        host.delete(mailbox.folder)
        host.create(mailbox.folder)
    mailbox.put(report(came_from))
    assert poll() == 1
    assert the_letter().state is LetterState.FAILED


def doctors_line() -> tuple[bool, str]:
    return next(found for found in examine() if found[1].startswith("bounces"))


def test_a_dead_mailbox_is_noted_until_it_answers(
    app: Flask, came_from: str, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["BOUNCE_IMAP_PASSWORD"] = "wrong"
    assert poll() == 0
    row = box()
    assert row
    assert row.failing_since
    assert "LOGIN" in row.error
    assert "cannot be read" in caplog.text
    assert PASSWORD not in caplog.text
    assert doctors_line()[0] is False
    began = row.failing_since
    poll()
    db.session.rollback()
    assert box().failing_since == began
    app.config["BOUNCE_IMAP_PASSWORD"] = PASSWORD
    mailbox.put(report(came_from))
    assert poll() == 1
    db.session.rollback()
    assert (box().failing_since, box().error) == (None, "")
    assert doctors_line()[0] is True


def test_a_silent_mailbox_ends_with_the_time_out_and_keeps_no_letter_waiting(
    app: Flask, server: tuple[Server, Controller]
) -> None:
    with silent() as port:
        app.config |= {"BOUNCE_IMAP_PORT": port, "MAIL_TIMEOUT": 2}
        stopping = threading.Event()
        before = clock.now()
        postman.begin(stopping, once=False)
        make.registration(make.batch())
        deliver_due(worker="test")
        assert len(server[0].texts) == 1
        assert clock.now() - before < timedelta(seconds=2)
        stopping.set()
        for thread in threading.enumerate():
            if thread.name == "bounces":
                thread.join(timeout=20)
        db.session.rollback()
        assert box().failing_since


def test_tls_is_verified(
    app: Flask, came_from: str, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, shown = certificate(tmp_path)
    mailbox.put(report(came_from))
    with behind_tls(mailbox.port, context) as port:
        app.config |= {"BOUNCE_IMAP_PORT": port, "BOUNCE_IMAP_TLS": True}
        assert poll() == 0
        assert "CERTIFICATE_VERIFY_FAILED" in box().error
        assert the_letter().state is LetterState.SENT
        monkeypatch.setenv("SSL_CERT_FILE", str(shown))
        assert poll() == 1
        assert the_letter().state is LetterState.FAILED
