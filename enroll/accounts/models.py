"""Tables of the accounts: who works here, how they prove it, in which sessions, and what they did."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_security import AsaList, RoleMixin, UserMixin, WebAuthnMixin
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from enroll.accounts.duties import Duty
from enroll.db import Base, Moment

staff_duty = sa.Table(
    "staff_duty",
    Base.metadata,
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("duty_id", sa.ForeignKey("duty.id"), primary_key=True),
)


class DutyRow(Base, RoleMixin):
    """A duty as Flask-Security wants it: a row with a name."""

    __tablename__ = "duty"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)


class Staff(Base, UserMixin):
    """One staff account."""

    __tablename__ = "staff"
    __table_args__ = (
        sa.CheckConstraint("email = lower(email)", name="email_lower"),
        sa.Index("uq_staff_fs_webauthn_user_handle", "fs_webauthn_user_handle", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    password: Mapped[str | None] = mapped_column(sa.String(255))
    active: Mapped[bool] = mapped_column(default=True)
    # Flask-Security puts this into the session instead of the id; changing it ends every session.
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    invited_by: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))

    # The second proof, under the names that Flask-Security knows; the secret is encrypted.
    tf_primary_method: Mapped[str | None] = mapped_column(sa.String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(sa.String(255))
    # The time step of the last authenticator code that was taken: none is taken twice (RFC 6238, 5.2).
    code_counter: Mapped[int | None] = mapped_column(sa.BigInteger)
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(sa.String(64))
    webauthn: Mapped[list[Passkey]] = relationship(order_by="Passkey.id")

    # Flask-Security's name for it; everybody else asks `has_duty`.
    roles: Mapped[list[DutyRow]] = relationship(  # type: ignore[assignment]
        secondary=staff_duty, lazy="selectin"
    )

    def has_duty(self, *duties: Duty) -> bool:
        """Does this colleague have at least one of these duties?"""
        return any(row.name in duties for row in self.roles)

    @property
    def has_second_proof(self) -> bool:
        """Is the password alone not enough?"""
        return bool(self.tf_totp_secret) or any(key.usage == "secondary" for key in self.webauthn)


class Passkey(Base, WebAuthnMixin):
    """A key in somebody's telephone, computer or on a stick (W3C WebAuthn, level 2)."""

    __tablename__ = "passkey"
    __table_args__ = (sa.UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # Flask-Security's name for whose it is.
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    name: Mapped[str] = mapped_column(sa.String(64))
    credential_id: Mapped[bytes] = mapped_column(sa.LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary(1024))
    sign_count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    transports: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))
    backup_state: Mapped[bool] = mapped_column(default=False)
    device_type: Mapped[str] = mapped_column(sa.String(64), default="")
    extensions: Mapped[str | None] = mapped_column(sa.String(255))
    lastuse_datetime: Mapped[datetime] = mapped_column(Moment)
    usage: Mapped[str] = mapped_column(sa.String(64))


class StaffSession(Base):
    """One sign-in, kept on the server: a copied cookie is dead once this has ended."""

    __tablename__ = "staff_session"
    __table_args__ = (sa.Index("ix_staff_session_staff_id", "staff_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    # SHA-256 of the random key in the cookie: reading the table opens no session.
    key_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    began_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class SignInTry(Base):
    """How often something was tried within a stretch of time; one row for all processes."""

    __tablename__ = "sign_in_try"

    # Keyed hash of what is counted: nobody learns an address or a network from it.
    bucket: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(Moment)
    number: Mapped[int]


class Activity(Base):
    """One thing that a colleague did. Never changed, never deleted: triggers refuse it.

    It holds ids and names of fields. What people wrote stands where erasing can empty it.
    """

    __tablename__ = "activity"
    __table_args__ = (
        sa.Index("ix_activity_staff_id", "staff_id", "id"),
        sa.Index("ix_activity_action", "action", "id"),
        sa.Index("ix_activity_object", "object", "id"),
        sa.Index("ix_activity_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    # Empty: a command on the server did it.
    staff_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    # What was pressed, by its endpoint, e.g. steering.resize.
    action: Mapped[str] = mapped_column(sa.String(80))
    # What it was done to, by its address below /staff, e.g. batches/ml-2027-01; no personal value.
    object: Mapped[str] = mapped_column(sa.String(200))
    # The names of the fields that came filled in, comma-separated.
    fields: Mapped[str] = mapped_column(sa.String(400), default="", server_default="")
    # From where: the network, shortened (IPv4 to /24, IPv6 to /48), and which sign-in.
    network: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff_session.id"))


APPEND_ONLY = "the activity log is never changed"
TRIGGERS = {
    "tr_activity_update": f"""
CREATE TRIGGER tr_activity_update BEFORE UPDATE ON activity
BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
    "tr_activity_delete": f"""
CREATE TRIGGER tr_activity_delete BEFORE DELETE ON activity
BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
}
# PostgreSQL's triggers call a function.
_REFUSAL = f"""
CREATE FUNCTION refuse_activity_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{APPEND_ONLY}' USING ERRCODE = 'restrict_violation'; END $$"""
_CALLING = tuple(
    f"CREATE TRIGGER tr_activity_{verb} BEFORE {verb.upper()} ON activity"
    " FOR EACH ROW EXECUTE FUNCTION refuse_activity_change()"
    for verb in ("update", "delete")
)
for _dialect, _texts in (("sqlite", TRIGGERS.values()), ("postgresql", (_REFUSAL, *_CALLING))):
    for _text in _texts:
        sa.event.listen(
            Activity.__table__, "after_create", sa.DDL(_text).execute_if(dialect=_dialect)
        )
