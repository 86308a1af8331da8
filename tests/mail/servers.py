"""Mail servers that do what a test says: real ones, on a free port of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller

from tests.postgres import free_port


class Server:
    """Does what the test says; keeps the letters whose text it was given.

    A reply may hold `{address}`, as real servers put the address into theirs.
    """

    def __init__(self) -> None:
        self.rcpt = "250 ok"
        self.data = "250 ok"
        self.drops = False
        self.drops_at_rcpt = False
        self.takes = 0.0  # seconds for each letter
        self.before_answer: Callable[[str], None] = lambda _address: None
        self.after_text: Callable[[], None] = lambda: None
        self.texts: list[bytes] = []
        self.got: list[tuple[str, str]] = []
        self.senders: list[str] = []  # of the envelope (MAIL FROM), one per text

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd asks for
        self, server, _session, envelope, address: str, _options
    ) -> str:
        if self.drops_at_rcpt:
            server.transport.abort()
        await asyncio.to_thread(self.before_answer, address)
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt.format(address=address)

    async def handle_DATA(self, server, _session, envelope) -> str:  # noqa: N802
        self.texts.append(envelope.content)
        self.senders.append(envelope.mail_from)
        await asyncio.to_thread(self.after_text)
        if self.drops:
            server.transport.abort()
        if self.takes:
            await asyncio.sleep(self.takes)
        if self.data.startswith("250"):
            message = message_from_bytes(envelope.content, policy=policy.default)
            self.got.append((envelope.rcpt_tos[0], str(message["Message-ID"])))
        return self.data.format(address=envelope.rcpt_tos[0])

    def read(self) -> list[EmailMessage]:
        """The letters as a mail program would show them."""
        return [message_from_bytes(text, policy=policy.default) for text in self.texts]


@contextlib.contextmanager
def running(handler: Server, **options: object) -> Iterator[Controller]:
    """This server on a free port; `options` are aiosmtpd's."""
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller
    finally:
        if not controller.loop.is_closed():
            controller.stop()


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server shows for 127.0.0.1, and the file of the only one who vouches for it: itself."""
    key, shown = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", str(key), "-out", str(shown)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, key)
    return context, shown
