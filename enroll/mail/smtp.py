"""The connection to the mail server: Flask-Mail's, with the time-out and the verified TLS it lacks."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from flask import current_app
from flask_mail import Connection, Message


class _Smtp(smtplib.SMTP):
    """Calls `before_text` at the last moment before a letter's text goes out (RFC 5321, DATA)."""

    before_text: Callable[[], None] | None = None

    def data(self, msg: Any) -> tuple[int, bytes]:
        if self.before_text:
            self.before_text()
        return super().data(msg)


class _SmtpOverTls(smtplib.SMTP_SSL, _Smtp):
    """The same with TLS from the first byte."""


class Outgoing(Connection):
    """One connection to the configured server, for one or more letters."""

    def __init__(self) -> None:
        super().__init__(current_app.extensions["mail"])

    def configure_host(self) -> smtplib.SMTP:
        timeout = current_app.config["MAIL_TIMEOUT"]
        host: _Smtp
        if self.mail.use_ssl:
            context = ssl.create_default_context()
            host = _SmtpOverTls(self.mail.server, self.mail.port, timeout=timeout, context=context)
        else:
            host = _Smtp(self.mail.server, self.mail.port, timeout=timeout)
            if self.mail.use_tls:
                host.starttls(context=ssl.create_default_context())
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)
        return host

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        # A failed goodbye takes no letter back.
        with suppress(smtplib.SMTPException, OSError):
            super().__exit__(exc_type, exc_value, tb)  # type: ignore[arg-type]

    def send_kept(
        self, kept: Message, before_text: Callable[[], None], *, returns_to: str | None = None
    ) -> None:
        """Send one letter; `before_text` is called when there is no way back.

        `returns_to` is the envelope's sender, where it comes back to; else that is who it is from.
        """
        if isinstance(self.host, _Smtp):
            self.host.before_text = before_text
        self.send(kept, envelope_from=returns_to)


class Kept(Message):
    """A letter whose bytes are kept: every try sends the same ones."""

    def __init__(self, recipient: str, rendered: bytes) -> None:
        super().__init__(recipients=[recipient])
        self._rendered = rendered

    def as_bytes(self) -> bytes:
        return self._rendered
