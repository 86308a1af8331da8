"""Makes staff accounts and keeps their passwords."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext
from flask_security import hash_password, verify_password

from enroll.accounts.duties import Duty
from enroll.accounts.letters import tell_changed
from enroll.accounts.models import DutyRow, Staff
from enroll.accounts.sessions import end_other_sessions
from enroll.db import db, dialect_name, insert_once
from enroll.forms import normal_address, tidy
from enroll.refusal import Refused


class AlreadyStaff(Refused):
    """Somebody with this address has an account."""


class NotAnAddress(Refused):
    """No mail can be sent to this."""


class WeakPassword(Refused):
    """Too short, too long, or easy to guess: `why` says it in words."""


class WrongPassword(Refused):
    """This is not the present password."""


def add_staff(
    *,
    email: str,
    name: str,
    password: str | None,
    duties: Iterable[Duty],
    now: datetime,
    invited_by: int | None = None,
) -> Staff:
    """Make a staff account with these duties; the password is kept as an argon2 hash only.

    Without a password nobody can sign in until the invited person has set one. Refuses what is no
    address (`NotAnAddress`), an address that has an account, however it is spelled (`AlreadyStaff`),
    and a password that is easy to guess (`WeakPassword`).
    """
    try:
        address = normal_address(tidy(email))
    except ValueError:
        raise NotAnAddress(email=email) from None
    insert = insert_once(dialect_name(), Staff.__table__, Staff.email).returning(Staff.id)
    staff_id = db.session.scalar(
        insert,
        {
            "email": address,
            "name": tidy(name),
            "password": None if password is None else _hash(password, address),
            "active": True,
            "invited_by": invited_by,
            "fs_uniquifier": secrets.token_hex(32),
            "created_at": now,
        },
    )
    if staff_id is None:
        raise AlreadyStaff(email=address)
    staff = db.session.get_one(Staff, staff_id)
    give_duties(staff, duties)
    return staff


def give_duties(staff: Staff, duties: Iterable[Duty]) -> None:
    """From now on this colleague has these duties and no others."""
    staff.roles = [_row(duty) for duty in sorted(set(duties))]
    db.session.flush()


def change_password(*, staff_id: int, current: str, new: str, key: str, now: datetime) -> int:
    """Give a colleague another password, and sign them out everywhere but in the session of `key`.

    Answers how many sessions ended. Refuses a wrong present password (`WrongPassword`), and a new one
    that is easy to guess (`WeakPassword`).
    """
    staff = db.session.get_one(Staff, staff_id, populate_existing=True, with_for_update=True)
    if not verify_password(current, staff.password or ""):
        raise WrongPassword
    staff.password = _hash(new, staff.email)
    staff.fs_uniquifier = secrets.token_hex(32)  # links that were mailed for another one are dead
    db.session.flush()
    tell_changed(staff_id=staff_id, now=now)
    return end_other_sessions(staff_id=staff_id, key=key, now=now)


def whose(uniquifier: str) -> str:
    """The address of the colleague whom a session names; empty if it names nobody any more."""
    return db.session.scalar(sa.select(Staff.email).where(Staff.fs_uniquifier == uniquifier)) or ""


def renew_hash(*, staff_id: int, old: str, new: str) -> None:
    """Replace the hash of a password by a stronger one, unless the password has changed since."""
    db.session.execute(
        sa.update(Staff).where(Staff.id == staff_id, Staff.password == old).values(password=new)
    )


def complaints_about(password: str, address: str) -> tuple[list[str], str]:
    """What is wrong with a password, and the password in one spelling (NFKD)."""
    complaints, normal = current_app.extensions["security"].password_util.validate(
        password, True, email=address
    )
    if complaints:
        return [str(one) for one in complaints], normal
    if len(set(normal)) < 5 or normal.lower() == address:
        return [gettext("it is easy to guess")], normal
    return [], normal


def _hash(password: str, address: str) -> str:
    complaints, normal = complaints_about(password, address)
    if complaints:
        raise WeakPassword(why=complaints[0])
    return hash_password(normal)


def _row(duty: Duty) -> DutyRow:
    db.session.execute(
        insert_once(dialect_name(), DutyRow.__table__, DutyRow.name), {"name": duty.value}
    )
    return db.session.scalars(sa.select(DutyRow).where(DutyRow.name == duty.value)).one()
