"""Tables of the mail: letters, what addresses asked to be told of, when the worker was last seen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enroll.db import Base, Moment, one_of
from enroll.mail.states import LetterState

# Queries that want to be answered from the index say it in the same words, without parameters.
undelivered = sa.text("state IN ('failed', 'unknown')")


class Letter(Base):
    """One letter to one person, written in the transaction of what it tells."""

    __tablename__ = "letter"
    __table_args__ = (
        sa.Index(
            "ix_letter_due",
            "due_at",
            sqlite_where=sa.text("state IN ('queued', 'claimed', 'sending')"),
            postgresql_where=sa.text("state IN ('queued', 'claimed', 'sending')"),
        ),
        sa.Index("ix_letter_about", "about"),
        # What staff look for every day.
        sa.Index(
            "ix_letter_undelivered",
            "id",
            sqlite_where=undelivered,
            postgresql_where=undelivered,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Names the templates in templates/letters/.
    kind: Mapped[str] = mapped_column(sa.String(60))
    # What it speaks of, e.g. registration:42: this subject knows no other subject's tables.
    about: Mapped[str] = mapped_column(sa.String(60))
    recipient: Mapped[str] = mapped_column(sa.String(254))
    language: Mapped[str] = mapped_column(sa.String(12))
    # A snapshot: what was true when the letter was written.
    context: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    dedupe_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    message_id: Mapped[str] = mapped_column(sa.String(120), unique=True)
    written_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[LetterState] = mapped_column(one_of(LetterState))
    # When it may be tried next; while claimed or being sent, when its lease ends.
    due_at: Mapped[datetime] = mapped_column(Moment)
    claimed_by: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    # The very bytes of every try, kept when first rendered.
    rendered: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    last_error: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
    # To an address nobody has confirmed: such letters are few a day, see UnaskedSlot.
    is_unasked: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # The token of the subscription it was written for: it can be ended with one click (RFC 8058).
    subscription: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")


class UnaskedSlot(Base):
    """One of the few letters a day that an address gets without having asked; the day is UTC's."""

    __tablename__ = "unasked_slot"

    recipient: Mapped[str] = mapped_column(sa.String(254), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"), unique=True)


class PhoneTask(Base):
    """A letter to somebody without a mailbox: staff tell them on the telephone, and tick it.

    Also the tick of a letter that did not arrive, once its reader was reached by telephone.

    What is to be told is the letter; when that is outdated or emptied, nothing is left to tell.
    """

    __tablename__ = "phone_task"
    __table_args__ = (
        # What staff look for every day.
        sa.Index(
            "ix_phone_task_untold",
            "id",
            sqlite_where=sa.text("told_at IS NULL"),
            postgresql_where=sa.text("told_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"), unique=True)
    told_at: Mapped[datetime | None] = mapped_column(Moment)
    told_by: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")


class Subscription(Base):
    """Something an address has asked to be told of, until it says otherwise."""

    __tablename__ = "subscription"
    __table_args__ = (
        sa.UniqueConstraint("email", "topic"),
        sa.Index("ix_subscription_topic", "topic"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254))
    # What it is about, e.g. replies:42: this subject knows no other subject's tables.
    topic: Mapped[str] = mapped_column(sa.String(60))
    token: Mapped[str] = mapped_column(sa.String(64), unique=True)
    begun_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class BounceBox(Base):
    """The mailbox that bounces come to: how far it was read, and since when it cannot be."""

    __tablename__ = "bounce_box"

    # Which account on which server: another one is read from its beginning.
    name: Mapped[str] = mapped_column(sa.String(400), primary_key=True)
    # When a worker asked last; nobody asks again for a while.
    asked_at: Mapped[datetime] = mapped_column(Moment)
    # The mail read last (RFC 3501, 2.3.1.1); numbers begin anew when the validity changes.
    validity: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    last_number: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    failing_since: Mapped[datetime | None] = mapped_column(Moment)
    error: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")


class DigestDay(Base):
    """A morning whose digests are written: whoever writes the row writes them, and nobody else."""

    __tablename__ = "digest_day"

    day: Mapped[date] = mapped_column(primary_key=True)


class WorkerBeat(Base):
    """One worker process and when it was last seen."""

    __tablename__ = "worker_beat"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Moment)
