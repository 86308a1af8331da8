"""Who works here: inviting colleagues, giving and taking duties, and letting somebody go."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from flask_security.recoverable import generate_reset_password_token
from sqlalchemy.orm import selectinload

from enroll.accounts import letters
from enroll.accounts.duties import Duty
from enroll.accounts.models import DutyRow, Passkey, Staff, StaffSession, staff_duty
from enroll.accounts.sessions import end_all_sessions
from enroll.accounts.staffing import add_staff, give_duties
from enroll.db import db
from enroll.refusal import Refused


class LastAdministrator(Refused):
    """Nobody would be left who may administer."""


class NotYourself(Refused):
    """Nobody takes an account or its proofs away from themselves here."""


class Gone(Refused):
    """This colleague does not work here any more."""


def invite(*, email: str, name: str, duties: Collection[Duty], by: int, now: datetime) -> Staff:
    """Make an account without a password and mail a link to set one; it works for two days.

    Refuses with `NotAnAddress` and `AlreadyStaff`.
    """
    staff = add_staff(email=email, name=name, password=None, duties=duties, invited_by=by, now=now)
    _mail_link(staff, by=db.session.get_one(Staff, by).name, now=now)
    return staff


def invite_again(*, staff_id: int, by: int, now: datetime) -> Staff:
    """Mail another link; the earlier one is dead. Refuses with `Gone`."""
    staff = _locked(staff_id)
    if not staff.active:
        raise Gone
    staff.fs_uniquifier = secrets.token_hex(32)
    db.session.flush()
    if staff.password is None:
        _mail_link(staff, by=db.session.get_one(Staff, by).name, now=now)
    else:
        letters.send_link(staff_id=staff.id, token=generate_reset_password_token(staff), now=now)
    end_all_sessions(staff_id=staff.id, now=now)
    return staff


def change_duties(*, staff_id: int, duties: Collection[Duty]) -> bool:
    """Give a colleague these duties and no others; answers whether that changed anything.

    Refuses with `LastAdministrator`.
    """
    staff = _locked(staff_id)
    if {row.name for row in staff.roles} == set(duties):
        return False
    if Duty.ADMINISTER not in duties:
        _keep_an_administrator(besides=staff)
    give_duties(staff, duties)
    return True


def dismiss(*, staff_id: int, by: int, now: datetime) -> bool:
    """Let a colleague go: every sign-in ends at once, no link and no password opens the account.

    The row stays, because histories name it. Twice is fine: answers whether it changed. Refuses with
    `NotYourself` and `LastAdministrator`.
    """
    staff = _locked(staff_id)
    if staff_id == by:
        raise NotYourself
    if not staff.active:
        return False
    _keep_an_administrator(besides=staff)
    staff.active = False
    staff.password = None
    staff.fs_uniquifier = secrets.token_hex(32)
    _remove_proofs(staff)
    end_all_sessions(staff_id=staff_id, now=now)
    return True


def take_back(*, staff_id: int, by: int, now: datetime) -> bool:
    """Somebody works here again: an invitation is mailed. Answers whether it changed."""
    staff = _locked(staff_id)
    if staff.active:
        return False
    staff.active = True
    db.session.flush()
    _mail_link(staff, by=db.session.get_one(Staff, by).name, now=now)
    return True


def remove_proofs(*, staff_id: int, by: int, now: datetime) -> bool:
    """Take authenticator, recovery codes and passkeys away from somebody who lost them.

    They are told by mail, and signed out. Refuses with `NotYourself`: everybody removes their own on
    their account. Answers whether there was anything to remove.
    """
    staff = _locked(staff_id)
    if staff_id == by:
        raise NotYourself
    if not (staff.tf_totp_secret or staff.webauthn):
        return False
    _remove_proofs(staff)
    letters.tell_reset(staff_id=staff_id, now=now)
    end_all_sessions(staff_id=staff_id, now=now)
    return True


def make_link(*, email: str) -> str:
    """A token for another password, for whoever runs the server: the mail may be what is broken.

    Second proofs are taken away, every sign-in ends. Refuses with `Gone` where nobody has the address.
    """
    staff = db.session.scalars(sa.select(Staff).where(Staff.email == email.lower())).one_or_none()
    if staff is None or not staff.active:
        raise Gone
    staff.fs_uniquifier = secrets.token_hex(32)
    _remove_proofs(staff)
    return str(generate_reset_password_token(staff))


def all_staff() -> list[tuple[Staff, datetime | None]]:
    """Everybody who ever worked here, by name, with when they last signed in."""
    last = (
        sa.select(StaffSession.staff_id, sa.func.max(StaffSession.began_at).label("at"))
        .group_by(StaffSession.staff_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Staff, last.c.at)
        .outerjoin(last, last.c.staff_id == Staff.id)
        .options(selectinload(Staff.webauthn))
        .order_by(Staff.active.desc(), sa.func.lower(Staff.name), Staff.id)
    )
    return [(row[0], row[1]) for row in rows]


def _mail_link(staff: Staff, *, by: str, now: datetime) -> None:
    token = generate_reset_password_token(staff)
    letters.invite(staff_id=staff.id, token=token, by=by, now=now)


def _locked(staff_id: int) -> Staff:
    return db.session.get_one(
        Staff, staff_id, populate_existing=True, with_for_update={"of": Staff}
    )


def _remove_proofs(staff: Staff) -> None:
    staff.tf_primary_method = staff.tf_totp_secret = staff.code_counter = None
    staff.mf_recovery_codes = None
    db.session.execute(sa.delete(Passkey).where(Passkey.user_id == staff.id))
    db.session.expire(staff, ["webauthn"])
    db.session.flush()


def _keep_an_administrator(*, besides: Staff) -> None:
    """Locks the duty's row, so that two administrators cannot dismiss each other at once."""
    duty = db.session.scalars(
        sa.select(DutyRow).where(DutyRow.name == Duty.ADMINISTER).with_for_update()
    ).one_or_none()
    others = sa.exists().where(
        staff_duty.c.duty_id == (duty.id if duty else 0),
        staff_duty.c.staff_id == Staff.id,
        Staff.id != besides.id,
        Staff.active,
        Staff.password.is_not(None),
    )
    if besides.has_duty(Duty.ADMINISTER) and not db.session.scalar(sa.select(others)):
        raise LastAdministrator
