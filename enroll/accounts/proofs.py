"""The second proof that a colleague is who they say: authenticator codes and recovery codes.

Flask-Security compares them; here is what it leaves to us: keys, and that none is taken twice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from flask import Flask
from flask_security import Totp
from passlib.totp import TotpMatch


class Codes(Totp):
    """Authenticator codes (TOTP, RFC 6238), each taken once.

    The row of the colleague is locked by whoever asks: see `security.py`.
    """

    def get_last_counter(self, user: Any) -> int | None:
        counter: int | None = user.code_counter
        return counter

    def set_last_counter(self, user: Any, tmatch: TotpMatch) -> None:
        user.code_counter = tmatch.counter

    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        """Compare; a secret that this server's key cannot read fits no code."""
        try:
            return super().verify_totp(token, totp_secret, user, window)
        except (ValueError, KeyError):
            return False


def key_settings(app: Flask) -> dict[str, Any]:
    """Keys for what is kept encrypted, each derived from the secret key for its own use."""
    return {
        "SECURITY_TOTP_SECRETS": {"1": _derived(app, "authenticator")},
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [
            base64.urlsafe_b64encode(bytes.fromhex(_derived(app, "recovery"))).decode()
        ],
        "SECURITY_PASSWORD_SALT": _derived(app, "links"),
    }


def _derived(app: Flask, use: str) -> str:
    """A key of 256 bits for one use (HKDF-Expand with a single block, RFC 5869, 2.3)."""
    key = hashlib.sha256(str(app.config["SECRET_KEY"]).encode()).digest()
    return hmac.new(key, f"enroll {use}".encode() + b"\x01", hashlib.sha256).hexdigest()
