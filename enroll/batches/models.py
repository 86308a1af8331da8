"""Tables of the batches: one dated run of a course, its seats, its sessions."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from enroll.batches.states import BatchState
from enroll.catalog.models import Course
from enroll.db import Base, Moment, one_of


class Batch(Base):
    """One dated run of a course. Its capacity is the number of its seats."""

    __tablename__ = "batch"
    __table_args__ = (
        sa.CheckConstraint("starts_on <= ends_on", name="dates_in_order"),
        sa.CheckConstraint("opens_at < closes_at", name="window_in_order"),
        sa.CheckConstraint("hold_hours > 0 AND offer_hours >= 12", name="hours_make_sense"),
        sa.CheckConstraint("fee_minor >= 0", name="fee_not_negative"),
        sa.CheckConstraint("waitlist_limit >= 0", name="waitlist_limit_not_negative"),
        sa.CheckConstraint("hold_limit >= 0", name="hold_limit_not_negative"),
        sa.Index("ix_batch_starts_on", "starts_on"),
        sa.Index("ix_batch_course_id", "course_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("course.id"))
    state: Mapped[BatchState] = mapped_column(one_of(BatchState))
    title: Mapped[str] = mapped_column(sa.String(200))
    # First and last day, in the batch's own zone (IANA name).
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    zone: Mapped[str] = mapped_column(sa.String(64))
    opens_at: Mapped[datetime] = mapped_column(Moment)
    closes_at: Mapped[datetime] = mapped_column(Moment)
    # Seats to fill before the batch is confirmed to run, and the day by which that is decided.
    minimum: Mapped[int | None]
    decide_on: Mapped[date | None]
    hold_hours: Mapped[int] = mapped_column(default=24)
    offer_hours: Mapped[int] = mapped_column(default=48)
    rhythm: Mapped[str] = mapped_column(sa.String(200), default="")
    place: Mapped[str] = mapped_column(sa.String(200), default="")
    is_online: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(sa.String(12), default="en")
    teacher: Mapped[str] = mapped_column(sa.String(120), default="")
    # Money in the currency's smallest unit (ISO 4217); the currency is empty where none is stated.
    fee_minor: Mapped[int] = mapped_column(default=0)
    fee_currency: Mapped[str] = mapped_column(sa.String(3), default="")
    # Terms, in words: how and when it is paid, what is given back, what happens with a missed session.
    payment: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    refund: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    missed: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    # How many may wait, and how many seats may be held at once for unconfirmed addresses.
    waitlist_limit: Mapped[int | None]
    hold_limit: Mapped[int | None]
    # Staff decide who is admitted: by what, and until when they answer.
    needs_approval: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    criteria: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    answer_on: Mapped[date | None]
    # The form asks for a tick that the course's prerequisites are met.
    asks_prerequisites: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # Nobody may be enrolled here and in a batch whose sessions overlap.
    refuses_overlap: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # Joining instructions, for those who are enrolled.
    join_link: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
    bring: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    # Rises with every change of the plan, so that nobody overwrites what a colleague changed.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    # Raised when the sessions change: SEQUENCE of RFC 5545 in the calendars we mail.
    sequence: Mapped[int] = mapped_column(default=0, server_default="0")

    course: Mapped[Course] = relationship(lazy="joined", innerjoin=True)
    sessions: Mapped[list[BatchSession]] = relationship(
        order_by="BatchSession.starts_at", back_populates="batch"
    )

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


class midnight(GenericFunction[datetime]):  # noqa: N801 - named like the SQL function it stands for
    """The first moment of a date column, in UTC."""

    type = Moment()
    inherit_cache = True


@compiles(midnight, "sqlite")
def _midnight_sqlite(element: midnight, compiler: SQLCompiler, **kw: object) -> str:
    return f"({compiler.process(element.clauses, **kw)} || ' 00:00:00.000000')"


@compiles(midnight, "postgresql")
def _midnight_postgresql(element: midnight, compiler: SQLCompiler, **kw: object) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS TIMESTAMP WITH TIME ZONE)"


def begins_at() -> sa.ColumnElement[datetime]:
    """When a batch begins: with its first session that takes place; without one at 00:00 UTC of its
    first day."""
    first = (
        sa.select(sa.func.min(BatchSession.starts_at))
        .where(BatchSession.batch_id == Batch.id, BatchSession.cancelled_at.is_(None))
        .correlate(Batch)
        .scalar_subquery()
    )
    return sa.func.coalesce(first, midnight(Batch.starts_on), type_=Moment())


class Seat(Base):
    """One seat of a batch. `taken` can be true for one registration only: see its foreign key."""

    __tablename__ = "seat"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "number", "taken"),
        sa.CheckConstraint("number > 0", name="number_positive"),
        # The next free seat is found without reading the taken ones.
        sa.Index(
            "ix_seat_free",
            "batch_id",
            "number",
            sqlite_where=sa.text("NOT taken"),
            postgresql_where=sa.text("NOT taken"),
        ),
    )

    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    taken: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class BatchSession(Base):
    """One dated meeting of a batch; times are moments, shown in the batch's zone."""

    __tablename__ = "session"
    __table_args__ = (
        sa.CheckConstraint("starts_at < ends_at", name="times_in_order"),
        sa.Index("ix_session_batch_id_starts_at", "batch_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    topic: Mapped[str] = mapped_column(sa.String(200), default="")
    # Where they differ from the batch's own; empty where they do not.
    teacher: Mapped[str] = mapped_column(sa.String(120), default="", server_default="")
    place: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    cancelled_at: Mapped[datetime | None] = mapped_column(Moment)
    # Raised when this session alone changes: with the batch's it makes SEQUENCE of RFC 5545.
    sequence: Mapped[int] = mapped_column(default=0, server_default="0")

    batch: Mapped[Batch] = relationship(back_populates="sessions")


class BatchNotice(Base):
    """What was told to everybody in a batch, and for which date: so that it is told once."""

    __tablename__ = "batch_notice"

    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    about: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
