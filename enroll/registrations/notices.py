"""Tables of a changed session: what changed, and who of the enrolled was reached by telephone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enroll.db import Base, Moment


class Change(StrEnum):
    """What happened to a session."""

    MOVED = "moved"
    CANCELLED = "cancelled"
    STAFFED = "staffed"  # another teacher, or another room


class SessionNotice(Base):
    """One change of one session. Never the cause: that is nobody's business."""

    __tablename__ = "session_notice"
    __table_args__ = (sa.Index("ix_session_notice_batch_id", "batch_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("session.id"))
    kind: Mapped[str] = mapped_column(sa.String(24))
    was_at: Mapped[datetime] = mapped_column(Moment)
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column("by_whom", sa.String(80))


class SessionCall(Base):
    """One person who is to hear of it: their letter, and whether somebody spoke with them."""

    __tablename__ = "session_call"

    notice_id: Mapped[int] = mapped_column(sa.ForeignKey("session_notice.id"), primary_key=True)
    registration_id: Mapped[int] = mapped_column(
        sa.ForeignKey("registration.id"), primary_key=True, autoincrement=False
    )
    letter_id: Mapped[int | None] = mapped_column(sa.ForeignKey("letter.id"))
    reached_at: Mapped[datetime | None] = mapped_column(Moment)
    reached_by: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")
