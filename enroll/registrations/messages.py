"""Tables of what staff write to the people of a batch: the message, and who gets it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enroll.db import Base, Moment, db, one_of
from enroll.registrations.message_states import Audience, MessageState, RecipientState


class Message(Base):
    """One text by staff, to one or many people of one batch."""

    __tablename__ = "message"
    __table_args__ = (
        # Two presses of one form make one message.
        sa.UniqueConstraint("batch_id", "key"),
        sa.CheckConstraint("(state = 'draft') = (pressed_at IS NULL)", name="sent_once_pressed"),
        # What the worker looks for.
        sa.Index(
            "ix_message_sending",
            "id",
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    key: Mapped[str] = mapped_column(sa.String(64))
    # As written, with its placeholders; empty once the only person it was for is erased.
    subject: Mapped[str] = mapped_column(sa.String(120))
    text: Mapped[str] = mapped_column(sa.Text)
    audience: Mapped[Audience] = mapped_column(one_of(Audience, "audience"))
    # The numbers of the registrations that were picked, where the audience is `chosen`.
    chosen: Mapped[list[int]] = mapped_column(sa.JSON, server_default="[]")
    # Also to people picked whose registration has ended: they may ask why.
    includes_ended: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    state: Mapped[MessageState] = mapped_column(one_of(MessageState))
    # Rises with every change, so that nobody sends what a colleague has rewritten meanwhile.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    written_at: Mapped[datetime] = mapped_column(Moment)
    pressed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    pressed_at: Mapped[datetime | None] = mapped_column(Moment)
    # When the last letter was written, or when it was stopped.
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class MessageRecipient(Base):
    """One person a message was sent to, fixed at the press of the button. Names nobody."""

    __tablename__ = "message_recipient"
    __table_args__ = (
        sa.CheckConstraint("(state = 'written') = (letter_id IS NOT NULL)", name="has_letter"),
        sa.Index("ix_message_recipient_registration_id", "registration_id"),
        sa.Index(
            "ix_message_recipient_to_write",
            "message_id",
            "registration_id",
            sqlite_where=sa.text("state = 'to_write'"),
            postgresql_where=sa.text("state = 'to_write'"),
        ),
    )

    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id"), primary_key=True)
    registration_id: Mapped[int] = mapped_column(sa.ForeignKey("registration.id"), primary_key=True)
    state: Mapped[RecipientState] = mapped_column(one_of(RecipientState))
    # One of `LeftOut`, or empty.
    why: Mapped[str] = mapped_column(sa.String(24), default="", server_default="")
    letter_id: Mapped[int | None] = mapped_column(sa.ForeignKey("letter.id"), unique=True)


def is_left_to_write(message_id: int) -> bool:
    """Does somebody's letter of this message still have to be written?"""
    left = sa.exists().where(
        MessageRecipient.message_id == message_id,
        MessageRecipient.state == RecipientState.TO_WRITE,
    )
    return bool(db.session.scalar(sa.select(left)))
