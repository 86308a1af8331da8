"""Tables of the accounts: who works here, with which duties, in which sessions."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_security import RoleMixin, UserMixin
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
    __table_args__ = (sa.CheckConstraint("email = lower(email)", name="email_lower"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    password: Mapped[str | None] = mapped_column(sa.String(255))
    active: Mapped[bool] = mapped_column(default=True)
    # Flask-Security puts this into the session instead of the id; changing it ends every session.
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)

    # Flask-Security's name for it; everybody else asks `has_duty`.
    roles: Mapped[list[DutyRow]] = relationship(  # type: ignore[assignment]
        secondary=staff_duty, lazy="selectin"
    )

    def has_duty(self, *duties: Duty) -> bool:
        """Does this colleague have at least one of these duties?"""
        return any(row.name in duties for row in self.roles)


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
