"""Tables of the heart: registrations and their history. The schema alone makes overbooking impossible."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from enroll.batches.models import Batch
from enroll.db import Base, Moment, one_of
from enroll.registrations.states import LIVE, SEATED, State


def _among(states: frozenset[State]) -> str:
    return "state IN (" + ", ".join(f"'{state}'" for state in sorted(states)) + ")"


# Order in the queue; drawn for everybody, so that whoever ends up waiting has a number already.
# SQLite has no sequences: there the write lock makes "highest plus one" safe.
queue_numbers = sa.Sequence("registration_queue_number", metadata=Base.metadata)


live = sa.text(_among(LIVE))


class Registration(Base):
    """One person's request for a seat in one batch, from the form on."""

    __tablename__ = "registration"
    __table_args__ = (
        # A taken seat has one holder, and nobody holds a seat that is free or does not exist.
        sa.ForeignKeyConstraint(
            ["batch_id", "seat_number", "seat_taken"],
            ["seat.batch_id", "seat.number", "seat.taken"],
            name="fk_registration_seat",
        ),
        sa.UniqueConstraint("batch_id", "seat_number"),
        sa.UniqueConstraint("batch_id", "queue_number"),
        sa.CheckConstraint(
            f"({_among(SEATED)}) = (seat_number IS NOT NULL)", name="seated_has_seat"
        ),
        sa.CheckConstraint("email = lower(email)", name="email_lower"),
        sa.CheckConstraint(
            "state NOT IN ('pending', 'offered') OR deadline_at IS NOT NULL", name="held_until"
        ),
        # One live registration per person and batch; who has ended may come back.
        sa.Index(
            "uq_registration_live_email",
            "batch_id",
            "email",
            unique=True,
            sqlite_where=live,
            postgresql_where=live,
        ),
        sa.Index("ix_registration_queue", "batch_id", "state", "queue_number"),
        # What the worker looks for every second: deadlines that have passed.
        sa.Index(
            "ix_registration_deadline_at",
            "deadline_at",
            sqlite_where=sa.text("deadline_at IS NOT NULL"),
            postgresql_where=sa.text("deadline_at IS NOT NULL"),
        ),
        sa.Index("ix_registration_email", "email"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    # ASCII and lower case (RFC 5321 domain as IDNA): the same person is the same text.
    email: Mapped[str] = mapped_column(sa.String(254))
    name: Mapped[str] = mapped_column(sa.String(120))
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    background: Mapped[str] = mapped_column(sa.String(200), default="")
    message: Mapped[str] = mapped_column(sa.Text, default="")
    language: Mapped[str] = mapped_column(sa.String(12), default="en")
    state: Mapped[State] = mapped_column(one_of(State))
    seat_number: Mapped[int | None]
    seat_taken: Mapped[bool] = mapped_column(
        sa.Boolean(create_constraint=False), sa.Computed("seat_number IS NOT NULL", persisted=True)
    )
    queue_number: Mapped[int]
    # 192 random bits; travels by mail only.
    token: Mapped[str] = mapped_column(sa.String(64), unique=True)
    # Until when a hold, an offer, or an unconfirmed place on the waitlist is kept.
    deadline_at: Mapped[datetime | None] = mapped_column(Moment)
    address_confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    # Passed an offer (or let one lapse): not asked again until the next seat frees.
    is_resting: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    consent_version: Mapped[str] = mapped_column(sa.String(40))
    consent_language: Mapped[str] = mapped_column(sa.String(12))
    consented_at: Mapped[datetime] = mapped_column(Moment)
    # The separate choice to hear of later batches; empty where it was not made.
    news_consented_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)

    batch: Mapped[Batch] = relationship(lazy="raise")


class RegistrationEvent(Base):
    """One move of one registration; read by id, because clocks may step back."""

    __tablename__ = "registration_event"
    __table_args__ = (sa.Index("ix_registration_event_registration_id", "registration_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(sa.ForeignKey("registration.id"))
    from_state: Mapped[State | None] = mapped_column(one_of(State, "from_state"))
    to_state: Mapped[State] = mapped_column(one_of(State, "to_state"))
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column("by_whom", sa.String(80))
    why: Mapped[str] = mapped_column(sa.String(200))
