"""Tables of the heart: registrations and their history. The schema alone makes overbooking impossible."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from enroll.batches.models import Batch
from enroll.db import Base, Moment, one_of
from enroll.mail.states import NO_MAILBOX, is_unreachable
from enroll.registrations.sought import line_of
from enroll.registrations.states import LIVE, SEATED, State


def _among(states: frozenset[State]) -> str:
    return "state IN (" + ", ".join(f"'{state}'" for state in sorted(states)) + ")"


# Order in the queue; drawn for everybody, so that whoever ends up waiting has a number already.
# SQLite has no sequences: there the write lock makes "highest plus one" safe.
queue_numbers = sa.Sequence("registration_queue_number", metadata=Base.metadata)


live = sa.text(_among(LIVE))
# Queries that want to be answered from these indexes say it in the same words, without parameters.
unread = sa.text(f"message <> '' AND message_read_at IS NULL AND {_among(LIVE)}")
applied = sa.text("state = 'applied'")
questioned = sa.text("questioned_at IS NOT NULL")


def _line_of_new(context: DefaultExecutionContext) -> str:
    row = context.get_current_parameters()
    return line_of(row["name"], row.get("letters_to") or row["email"], row.get("phone") or "")


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
        sa.CheckConstraint("letters_to = lower(letters_to)", name="letters_to_lower"),
        sa.Index(
            "ix_registration_letters_to",
            "letters_to",
            sqlite_where=sa.text("letters_to IS NOT NULL"),
            postgresql_where=sa.text("letters_to IS NOT NULL"),
        ),
        sa.Index(
            "ix_registration_remind_at",
            "remind_at",
            sqlite_where=sa.text("remind_at IS NOT NULL"),
            postgresql_where=sa.text("remind_at IS NOT NULL"),
        ),
        # One person's wish has one open offer at the most, over all its batches.
        sa.Index(
            "uq_registration_wish_offer",
            "wish_id",
            unique=True,
            sqlite_where=sa.text("state = 'offered'"),
            postgresql_where=sa.text("state = 'offered'"),
        ),
        sa.Index("ix_registration_wish_id", "wish_id"),
        sa.Index("ix_registration_group_id", "group_id"),
        # Who waits to leave this place for another: few do.
        sa.Index(
            "ix_registration_replaces_id",
            "replaces_id",
            sqlite_where=sa.text("replaces_id IS NOT NULL"),
            postgresql_where=sa.text("replaces_id IS NOT NULL"),
        ),
        # What Today asks about everybody: messages nobody has read, what is to be decided.
        sa.Index("ix_registration_unread", "id", sqlite_where=unread, postgresql_where=unread),
        sa.Index(
            "ix_registration_applied", "batch_id", sqlite_where=applied, postgresql_where=applied
        ),
        sa.Index(
            "ix_registration_questioned",
            "batch_id",
            sqlite_where=questioned,
            postgresql_where=questioned,
        ),
        # How many seats one network holds just now.
        sa.Index(
            "ix_registration_network",
            "network",
            sqlite_where=sa.text("network IS NOT NULL"),
            postgresql_where=sa.text("network IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    # ASCII and lower case (RFC 5321 domain as IDNA): the same person is the same text.
    # Who was registered by hand and has none, or shares one, has an address here that nobody has
    # (see telephoning.py): ask `address` where letters go.
    email: Mapped[str] = mapped_column(sa.String(254))
    letters_to: Mapped[str | None] = mapped_column(sa.String(254))
    name: Mapped[str] = mapped_column(sa.String(120))
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    # The three above as staff search them (see `sought`); kept by itself, on both ways of writing.
    sought: Mapped[str] = mapped_column(sa.Text, default=_line_of_new, server_default="")
    background: Mapped[str] = mapped_column(sa.String(200), default="")
    message: Mapped[str] = mapped_column(sa.Text, default="")
    # Who of the staff has read the message, and when.
    message_read_at: Mapped[datetime | None] = mapped_column(Moment)
    message_read_by: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")
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
    # Who read it out on the telephone; empty where the person read it.
    consent_read_by: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    # The separate choice to hear of later batches; empty where it was not made.
    news_consented_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    # When to remind of the deadline; empty when that is done or there is none.
    remind_at: Mapped[datetime | None] = mapped_column(Moment)
    # Keyed hash of the network a hold was asked from; kept while the hold lasts.
    network: Mapped[str | None] = mapped_column(sa.String(64))
    # Those who registered together, and wait together.
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("registration_group.id"))
    # The same person in other batches, any of which will do.
    wish_id: Mapped[int | None] = mapped_column(sa.ForeignKey("wish.id"))
    # The registration that is given up as soon as this one is enrolled.
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("registration.id"))
    prerequisites_met_at: Mapped[datetime | None] = mapped_column(Moment)
    # Staff's reason for not admitting, and the one question the student may ask about it.
    decision: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    question: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    questioned_at: Mapped[datetime | None] = mapped_column(Moment)
    erased_at: Mapped[datetime | None] = mapped_column(Moment)

    batch: Mapped[Batch] = relationship(lazy="raise")

    @hybrid_property
    def address(self) -> str:
        """Where letters go; empty for whoever can only be telephoned. In queries too."""
        return self.letters_to or ("" if is_unreachable(self.email) else self.email)

    @address.inplace.expression
    @classmethod
    def _address_column(cls) -> sa.ColumnElement[str]:
        own = sa.case((cls.email.endswith(f"@{NO_MAILBOX}"), ""), else_=cls.email)
        return sa.func.coalesce(cls.letters_to, own)


class Note(Base):
    """What staff write down about somebody for each other. No letter, feed or export holds it."""

    __tablename__ = "note"
    __table_args__ = (sa.Index("ix_note_registration_id", "registration_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(sa.ForeignKey("registration.id"))
    text: Mapped[str] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column("by_whom", sa.String(80))
    at: Mapped[datetime] = mapped_column(Moment)


@sa.event.listens_for(Registration, "before_update")
def _keep_sought(_mapper: Any, _connection: sa.Connection, one: Registration) -> None:
    """Whoever is corrected or erased is found by what stands there now."""
    one.sought = line_of(one.name, one.letters_to or one.email, one.phone)


class RegistrationGroup(Base):
    """Up to five people who registered for one batch together. Its members are its registrations."""

    __tablename__ = "registration_group"
    __table_args__ = (sa.Index("ix_registration_group_batch_id", "batch_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))


class Wish(Base):
    """Binds one person's places in several batches; locked after the batches, before the people."""

    __tablename__ = "wish"

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(Moment)


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


class LinkRequest(Base):
    """Somebody asks for the links of an address. The page only writes this row; the worker looks."""

    __tablename__ = "link_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254))
    language: Mapped[str] = mapped_column(sa.String(12))
    asked_at: Mapped[datetime] = mapped_column(Moment)


class OpeningReminder(Base):
    """An address that wants one letter when registration for a batch opens."""

    __tablename__ = "opening_reminder"
    __table_args__ = (sa.UniqueConstraint("batch_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    email: Mapped[str] = mapped_column(sa.String(254))
    language: Mapped[str] = mapped_column(sa.String(12))
    asked_at: Mapped[datetime] = mapped_column(Moment)


class Erasure(Base):
    """The receipt for an erasure: how much was emptied and when, and nothing about whom."""

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(primary_key=True)
    receipt: Mapped[str] = mapped_column(sa.String(40), unique=True)
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column("by_whom", sa.String(80))
    registrations: Mapped[int]
    letters: Mapped[int]


class Outage(Base):
    """A time in which no worker looked after deadlines and letters, and what was done about it."""

    __tablename__ = "outage"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Two workers that come back together notice the same one.
    began_at: Mapped[datetime] = mapped_column(Moment, unique=True)
    noticed_at: Mapped[datetime] = mapped_column(Moment)
    # Until then the letters that were queued before wait to be looked at.
    quiet_until: Mapped[datetime] = mapped_column(Moment)
    deadlines: Mapped[int]
    letters: Mapped[int]
