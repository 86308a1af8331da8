"""Letters to colleagues about their accounts, in every variant."""

from __future__ import annotations

from tests.mail.samples import Sample

COLLEAGUE_SAMPLES = [
    Sample(
        "staff_invitation",
        {"name": "Farida", "by": "Meera Pillai", "token": "TOKEN"},
        "Meera Pillai invites you to work with ",
        ("Hello Farida,", "Set a password", "/staff/password/TOKEN", "two days, and once"),
    ),
    Sample(
        "staff_link",
        {"name": "Farida", "token": "TOKEN"},
        "Set another password",
        ("Hello Farida,", "/staff/password/TOKEN", "your password stays as it is"),
    ),
    Sample(
        "staff_password_changed",
        {"name": "Farida"},
        "Your password was changed",
        ("Hello Farida,", "If it was not you", "/staff/password"),
        ("TOKEN",),
    ),
    Sample(
        "staff_proofs_removed",
        {"name": "Farida"},
        "Your authenticator and passkeys were removed",
        ("Hello Farida,", "your password alone", "/staff/account"),
    ),
]
