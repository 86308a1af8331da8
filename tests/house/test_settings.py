"""A server that would be public but unsafe does not start; one on trial answers this machine only."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from enroll import create_app
from enroll.config import BadSettings
from tests import make
from tests.reading import hidden_fields

GOOD = {
    "PUBLIC_URL": "https://enroll.example",
    "SECRET_KEY": "a" * 40,
    "MAIL_SERVER": "mail.example",
    "MAIL_SENDER": "hello@enroll.example",
}


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path, sqlite_template):
    """Build an application with these settings."""
    monkeypatch.setenv("ENROLL_INSTANCE", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{sqlite_template}")

    def build(**settings: str) -> Flask:
        for name, value in settings.items():
            monkeypatch.setenv(f"ENROLL_{name}", value)
        return create_app()

    return build


def test_a_public_server_with_everything_set_starts(start) -> None:
    app = start(**GOOD)
    assert app.config["SESSION_COOKIE_SECURE"]
    client = app.test_client()
    answer = client.get("/healthz", base_url="https://enroll.example")
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"]
    assert client.get("/mailbox", base_url="https://enroll.example").status_code == 404
    assert client.get("/healthz", base_url="https://evil.example").status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("MAIL_SERVER", ""),
        ("MAIL_SENDER", "x@localhost"),
        ("PUBLIC_URL", "enroll.example"),
        ("MAIL_PORT", "many"),
        ("MAIL_USE_TLS", "perhaps"),
        ("RATELIMIT_ENABLED", "maybe"),
        ("MINIMUM_AGE", "old"),
    ],
)
def test_what_cannot_be_meant_stops_the_start_and_says_why(start, name: str, value: str) -> None:
    with pytest.raises(BadSettings) as refusal:
        start(**{**GOOD, name: value})
    assert f"ENROLL_{name}" in str(refusal.value)


def test_all_that_is_wrong_is_said_at_once(start) -> None:
    with pytest.raises(BadSettings) as refusal:
        start(PUBLIC_URL="https://enroll.example")
    for name in ("SECRET_KEY", "MAIL_SERVER", "MAIL_SENDER"):
        assert f"ENROLL_{name}" in str(refusal.value)


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "2001:db8::1", ""])
def test_without_a_public_address_strangers_are_not_answered(
    client: FlaskClient, address: str
) -> None:
    for path in ("/", "/healthz", "/mailbox", "/staff/login", "/static/tokens.css"):
        answer = client.get(path, environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == (200 if path.startswith("/static/") else 403), path


def test_without_a_public_address_a_proxy_is_not_believed(client: FlaskClient) -> None:
    assert client.get("/", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    for address in ("127.0.0.1", "127.9.9.9", "::1"):
        assert client.get("/", environ_overrides={"REMOTE_ADDR": address}).status_code == 200


def test_links_come_from_the_setting_and_not_from_the_request(
    client: FlaskClient, app: Flask
) -> None:
    from enroll.db import db
    from enroll.mail.delivery import deliver_due
    from enroll.mail.mailbox import read_all

    batch = make.batch()
    page = client.get(f"/batches/{batch.code}/register", headers={"Host": "localhost:9"})
    client.post(
        f"/batches/{batch.code}/register",
        data=hidden_fields(page.text)
        | {"name": "Asha", "email": "asha@example.org", "consent": "y"},
        headers={"Host": "localhost:9"},
    )
    deliver_due(worker="test")
    db.session.remove()
    ((_, letter),) = read_all()
    assert f"{app.config['BASE_URL']}/registrations/" in letter.get_body(("plain",)).get_content()
    assert "localhost:9" not in letter.as_string()
