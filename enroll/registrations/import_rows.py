"""Tables of lists that staff bring along: the file's rows are kept until it is over, then emptied."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enroll.db import Base, Moment, one_of
from enroll.registrations.import_states import ImportState, RowState


class RosterImport(Base):
    """One file, read for one batch."""

    __tablename__ = "roster_import"
    __table_args__ = (
        # The same form sent twice is one list.
        sa.UniqueConstraint("batch_id", "key"),
        sa.Index(
            "ix_roster_import_running",
            "id",
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    key: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[ImportState] = mapped_column(one_of(ImportState))
    filename: Mapped[str] = mapped_column(sa.String(200))
    # On whose word: how and when these people agreed.
    word: Mapped[str] = mapped_column(sa.String(400), default="", server_default="")
    # Do they get the letter that belongs to their place?
    is_told: Mapped[bool] = mapped_column(default=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    read_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    emptied_at: Mapped[datetime | None] = mapped_column(Moment)


class RosterImportRow(Base):
    """One row of the file; its state is the truth about what has been done."""

    __tablename__ = "roster_import_row"
    __table_args__ = (sa.Index("ix_roster_import_row_registration_id", "registration_id"),)

    import_id: Mapped[int] = mapped_column(sa.ForeignKey("roster_import.id"), primary_key=True)
    # The line of the file, the heading is 1.
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(400))
    email: Mapped[str] = mapped_column(sa.String(400))
    phone: Mapped[str] = mapped_column(sa.String(100))
    background: Mapped[str] = mapped_column(sa.String(200))
    message: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[RowState] = mapped_column(one_of(RowState))
    # One of `Fate` once it is decided.
    why: Mapped[str] = mapped_column(sa.String(24), default="", server_default="")
    registration_id: Mapped[int | None] = mapped_column(sa.ForeignKey("registration.id"))
