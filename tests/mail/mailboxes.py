"""A real IMAP server (pymap) on a free port of this machine, and reports as mail servers write them."""

from __future__ import annotations

import contextlib
import imaplib
import itertools
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.postgres import free_port

USER, PASSWORD = "bounces@example.org", "secret"
_folders = itertools.count(1)


class Mailbox:
    """One folder of the server's account: the test puts mails into it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.folder = f"test-{next(_folders)}"
        with self.open() as host:
            host.create(self.folder)

    @contextlib.contextmanager
    def open(self) -> Iterator[imaplib.IMAP4]:
        host = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        host.login(USER, PASSWORD)
        try:
            yield host
        finally:
            host.logout()

    def put(self, *mails: bytes) -> None:
        with self.open() as host:
            for mail in mails:
                kind, answer = host.append(self.folder, "", "", mail)
                assert kind == "OK", answer

    def flags(self) -> list[bytes]:
        """What is written on each mail: nothing, if nobody has touched it."""
        with self.open() as host:
            host.select(self.folder, readonly=True)
            return [part for part in host.uid("FETCH", "1:*", "(FLAGS)")[1] if part]

    def settings(self) -> dict[str, str]:
        return {
            "MAIL_BOUNCES": USER,
            "BOUNCE_IMAP_HOST": "127.0.0.1",
            "BOUNCE_IMAP_PORT": str(self.port),
            "BOUNCE_IMAP_USER": USER,
            "BOUNCE_IMAP_PASSWORD": PASSWORD,
            "BOUNCE_IMAP_TLS": "false",
            "BOUNCE_IMAP_FOLDER": self.folder,
        }


@contextlib.contextmanager
def imap_server() -> Iterator[int]:
    """The port of a running server with one account."""
    port = free_port()
    pymap = Path(sys.executable).parent / "pymap"
    command = [pymap, "--host", "127.0.0.1", "--port", str(port), "--no-tls", "dict",
               "--demo-user", USER, "--demo-password", PASSWORD]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        threading.Event().wait(0.05)
    raise AssertionError("the IMAP server did not begin")


@contextlib.contextmanager
def behind_tls(port: int, context: ssl.SSLContext) -> Iterator[int]:
    """The port of a door that speaks TLS and leads to this port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def let_in() -> None:
        while True:
            try:
                plain, _address = listening.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                inside = context.wrap_socket(plain, server_side=True)
                beyond = socket.create_connection(("127.0.0.1", port))
                for pair in ((inside, beyond), (beyond, inside)):
                    threading.Thread(target=_carry, args=pair, daemon=True).start()

    threading.Thread(target=let_in, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.close()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


# ---------------------------------------------------------------- what comes back

REFUSED = "smtp; 550 5.1.1 <asha@example.org>: Recipient address rejected: User unknown"


def report(
    to: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    said: str = REFUSED,
    kind: str = "delivery-status",
    quoted: bytes = b"Subject: Your seat\r\n\r\nHello Asha\r\n",
) -> bytes:
    """A report as Postfix writes it (RFC 3464), to this address."""
    head = f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind};
\tboundary="part.of.it"

--part.of.it
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--part.of.it
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 1 Mar 2027 09:30:00 +0000 (UTC)

Final-Recipient: rfc822; asha@example.org
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.org
Diagnostic-Code: {said}

--part.of.it
Content-Description: Undelivered Message
Content-Type: message/rfc822

"""
    return (
        head.replace("\n", "\r\n").encode("utf-8", "surrogateescape")
        + quoted
        + b"\r\n--part.of.it--\r\n"
    )


def reply(to: str, *, automatic: str = "") -> bytes:
    """What a person writes back, or a holiday notice (RFC 3834)."""
    headers = f"From: asha@example.org\r\nTo: {to}\r\nSubject: Re: Your seat\r\n"
    if automatic:
        headers += f"Auto-Submitted: {automatic}\r\n"
    return (headers + "\r\nAction: failed\r\nStatus: 5.1.1\r\nI am away.\r\n").encode()
