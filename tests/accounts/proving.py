"""How a colleague's telephone and browser prove who they are, in tests."""

from __future__ import annotations

import re
import time

from flask.testing import FlaskClient
from passlib.totp import TOTP
from werkzeug.test import TestResponse

from tests.reading import hidden_fields


def code_of(key: str, steps: int = 0) -> str:
    """What an authenticator with this key shows now, or so many half minutes later (RFC 6238)."""
    return str(TOTP(key=key).generate(time.time() + 30 * steps).token)


def switch_on_authenticator(client: FlaskClient) -> str:
    """Set up an authenticator as a browser does; answers its key."""
    page = client.get("/staff/authenticator")
    page = client.post("/staff/authenticator", data={"setup": "authenticator"} | _token(page))
    key = re.search(r'<code class="key">([^<]+)</code>', page.text)
    address = re.search(r'action="(/staff/authenticator/[^"]+)"', page.text)
    assert key
    assert address
    # The step before: so the code of now is still good for signing in.
    code = code_of(key[1], -1)
    answer = client.post(address[1], data={"code": code} | _token(page))
    assert (answer.status_code, answer.location) == (302, "/staff/account")
    return key[1]


def make_recovery_codes(client: FlaskClient) -> list[str]:
    """Ten new codes."""
    page = client.get("/staff/recovery-codes")
    page = client.post("/staff/recovery-codes", data={"generate_new_codes": "y"} | _token(page))
    return re.findall(r"<li><code>([^<]+)</code>", page.text)


def enter(client: FlaskClient, path: str, code: str) -> TestResponse:
    """Type a code into the page at this address and send it."""
    return client.post(path, data={"code": code} | _token(client.get(path)))


def _token(page: TestResponse) -> dict[str, str]:
    return {"csrf_token": hidden_fields(page.text)["csrf_token"]}
