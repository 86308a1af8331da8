"""The application with a mail server of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from enroll import create_app
from enroll.db import db
from tests.mail.servers import Server, running


@pytest.fixture
def server() -> Iterator[tuple[Server, Controller]]:
    """A mail server that does what the test says."""
    handler = Server()
    with running(handler) as controller:
        yield handler, controller


@pytest.fixture
def smtp_settings(server: tuple[Server, Controller]) -> dict[str, str]:
    """What the environment says of this mail server."""
    return {
        "ENROLL_MAIL_SERVER": "127.0.0.1",
        "ENROLL_MAIL_PORT": str(server[1].port),
        "ENROLL_MAIL_USE_TLS": "false",
        "ENROLL_MAIL_TIMEOUT": "5",
    }


@pytest.fixture
def app_with_smtp(
    database_url: str,
    instance: Path,
    monkeypatch: pytest.MonkeyPatch,
    smtp_settings: dict[str, str],
) -> Iterator[Flask]:
    """The application with this mail server."""
    where = {"DATABASE_URL": database_url, "ENROLL_INSTANCE": str(instance)}
    for name, value in (where | smtp_settings).items():
        monkeypatch.setenv(name, value)
    app = create_app()
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
