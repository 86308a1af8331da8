"""The connection to the mailbox of bounces: read only, with a time-out and verified TLS."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from flask import current_app

STRETCH = 10_000  # numbers asked about at once: a line of the server's answer has a limit
READ = 262_144  # octets of one mail; reports stand before the letter they quote


class Unreadable(Exception):
    """The mailbox cannot be read: who or what refused stands in the message."""


class Incoming:
    """The mailbox, open for reading. Nothing in it is changed, not even what was seen.

    Raises `Unreadable` on entering and from every question.
    """

    def __enter__(self) -> Self:
        config = current_app.config
        where, timeout = (
            (config["BOUNCE_IMAP_HOST"], config["BOUNCE_IMAP_PORT"]),
            config["MAIL_TIMEOUT"],
        )
        try:
            self._host = (
                imaplib.IMAP4_SSL(*where, ssl_context=ssl.create_default_context(), timeout=timeout)
                if config["BOUNCE_IMAP_TLS"]
                else imaplib.IMAP4(*where, timeout=timeout)
            )
        except (imaplib.IMAP4.error, OSError) as error:
            raise Unreadable(f"{where[0]}: {error}") from error
        try:
            self._open(config["BOUNCE_IMAP_USER"], config["BOUNCE_IMAP_PASSWORD"])
        except Unreadable:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._leave()

    def after(self, last: int) -> Iterator[int]:
        """The numbers of the mails that came after this one, in order."""
        first = last + 1
        while first < self.next_number:
            end = min(first + STRETCH, self.next_number) - 1
            answer = self._ask("UID SEARCH", "SEARCH", f"UID {first}:{end}")
            yield from sorted(
                number
                for line in answer
                if isinstance(line, bytes)
                for number in map(int, line.split())
                if first <= number <= end
            )
            first = end + 1

    def read(self, number: int) -> bytes:
        """The beginning of one mail; empty if it is gone, or the server itself cannot read it."""
        answer = self._ask(
            "UID FETCH", "FETCH", str(number), f"(BODY.PEEK[]<0.{READ}>)", refused_too=True
        )
        return next((part[1] for part in answer if isinstance(part, tuple)), b"")

    def _open(self, user: str, password: str) -> None:
        folder = current_app.config["BOUNCE_IMAP_FOLDER"]
        self._checked("LOGIN", lambda: self._host.login(user, password))
        quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
        self._checked("EXAMINE", lambda: self._host.select(quoted, readonly=True))
        self.validity = self._told("UIDVALIDITY")
        self.next_number = self._told("UIDNEXT")

    def _told(self, name: str) -> int:
        values = self._host.response(name)[1]
        if not values or not values[0]:
            raise Unreadable(f"the server does not say {name}")
        return int(values[0])

    def _ask(self, what: str, command: str, *args: str, refused_too: bool = False) -> list[Any]:
        return self._checked(what, lambda: self._host.uid(command, *args), refused_too)

    def _checked(
        self, what: str, ask: Callable[[], tuple[str, Any]], refused_too: bool = False
    ) -> list[Any]:
        """What the server answers; whatever goes wrong on the line is one kind of thing."""
        try:
            kind, answer = ask()
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise Unreadable(f"{what}: {error}") from error
        if kind != "OK" and not refused_too:
            raise Unreadable(f"{what}: {kind}")
        return list(answer)

    def _leave(self) -> None:
        with suppress(imaplib.IMAP4.error, OSError):
            self._host.logout()
