"""Tables of what colleagues did to many people at once: whom it concerned, and what became of each."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enroll.db import Base, Moment


class RosterAct(Base):
    """One press of a button for many people of one batch. It holds no word that anybody typed."""

    __tablename__ = "roster_act"
    __table_args__ = (sa.Index("ix_roster_act_batch_id", "batch_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    verb: Mapped[str] = mapped_column(sa.String(24))
    by: Mapped[str] = mapped_column("by_whom", sa.String(80))
    at: Mapped[datetime] = mapped_column(Moment)


class RosterResult(Base):
    """What became of one person by such a press: done, or left alone and why."""

    __tablename__ = "roster_result"

    act_id: Mapped[int] = mapped_column(sa.ForeignKey("roster_act.id"), primary_key=True)
    registration_id: Mapped[int] = mapped_column(
        sa.ForeignKey("registration.id"), primary_key=True, autoincrement=False
    )
    # Empty where it was done.
    why_not: Mapped[str] = mapped_column(sa.String(40))
    # Where the person stood afterwards; for a move, in the batch that was moved to.
    state: Mapped[str] = mapped_column(sa.String(24))
