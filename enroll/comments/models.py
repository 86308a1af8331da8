"""Tables of the comments: what was said, by whom, and all that was decided about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from enroll.accounts.models import Staff
from enroll.comments.states import CommentState
from enroll.db import Base, Moment, one_of

_SHOWN = sa.text("parent_id IS NULL AND (state = 'approved' OR replies > 0)")
_CLAIMED = sa.text("claimed_until IS NOT NULL")


class CommentAuthor(Base):
    """Whoever writes under one e-mail address, confirmed or not. Never shown to readers."""

    __tablename__ = "comment_author"
    __table_args__ = (sa.CheckConstraint("email = lower(email)", name="email_lower"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    language: Mapped[str] = mapped_column(sa.String(12))
    # 192 random bits, for the page with everything of theirs; travels by mail only.
    token: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    erased_at: Mapped[datetime | None] = mapped_column(Moment)


class AuthorBrowser(Base):
    """A browser that confirmed an address, kept on the server: a copied cookie can be ended here."""

    __tablename__ = "author_browser"
    __table_args__ = (sa.UniqueConstraint("author_id", "key_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("comment_author.id"))
    # SHA-256 of the random key in the cookie.
    key_hash: Mapped[str] = mapped_column(sa.String(64))
    confirmed_at: Mapped[datetime] = mapped_column(Moment)


class ModerationReason(Base):
    """A reason for turning a comment down, with the text its author reads."""

    __tablename__ = "moderation_reason"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(80), unique=True)
    text: Mapped[str] = mapped_column(sa.Text)
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    retired_at: Mapped[datetime | None] = mapped_column(Moment)


class ModerationAct(Base):
    """One press of a button by a moderator, about one comment or many: what can be undone as a whole."""

    __tablename__ = "moderation_act"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    verb: Mapped[str] = mapped_column(sa.String(24))
    at: Mapped[datetime] = mapped_column(Moment)
    undone_at: Mapped[datetime | None] = mapped_column(Moment)

    staff: Mapped[Staff] = relationship(lazy="raise")


class Comment(Base):
    """What somebody said under a page. `parent_id` begins the thread, `reply_to_id` is answered."""

    __tablename__ = "comment"
    __table_args__ = (
        sa.CheckConstraint("replies >= 0", name="replies_not_negative"),
        sa.CheckConstraint(
            "author_id IS NOT NULL OR staff_id IS NOT NULL", name="somebody_wrote_it"
        ),
        # The public page reads these; the queue the next; look-alikes are sought by the third.
        sa.Index("ix_comment_shown", "page", "id", sqlite_where=_SHOWN, postgresql_where=_SHOWN),
        sa.Index("ix_comment_queue", "state", "is_likely_spam", "id"),
        sa.Index("ix_comment_likeness", "likeness", "state", "id"),
        sa.Index("ix_comment_page_state", "page", "state", "id"),
        sa.Index("ix_comment_parent_id", "parent_id", "state", "id"),
        sa.Index("ix_comment_author_id", "author_id", "state", "id"),
        sa.Index(
            "ix_comment_network",
            "network",
            "created_at",
            sqlite_where=sa.text("network IS NOT NULL"),
            postgresql_where=sa.text("network IS NOT NULL"),
        ),
        sa.Index(
            "ix_comment_asked_at",
            "asked_at",
            sqlite_where=sa.text("asked_at IS NOT NULL"),
            postgresql_where=sa.text("asked_at IS NOT NULL"),
        ),
        sa.Index("ix_comment_first_decided_at", "first_decided_at"),
        sa.Index(
            "ix_comment_claimed", "claimed_by_id", sqlite_where=_CLAIMED, postgresql_where=_CLAIMED
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # The path of the page it stands under, e.g. /roles/ml-engineer.
    page: Mapped[str] = mapped_column(sa.String(200))
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("comment.id"))
    reply_to_id: Mapped[int | None] = mapped_column(sa.ForeignKey("comment.id"))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("comment_author.id"))
    # An answer of the institute: shown with its badge.
    staff_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    body: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[CommentState] = mapped_column(one_of(CommentState))
    # Raised by every change: decisions name the version they were made about.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    # Approved replies in this thread; kept by whoever moves them.
    replies: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(Moment)
    # Since when moderators could decide, when they first did, and when they last did.
    queued_at: Mapped[datetime | None] = mapped_column(Moment)
    first_decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    edited_at: Mapped[datetime | None] = mapped_column(Moment)
    # What the rules were told beside the text, and what they found: frozen, see CommentFinding.
    circumstances: Mapped[dict[str, Any]] = mapped_column(
        sa.JSON, default=dict, server_default="{}"
    )
    rule_set: Mapped[int] = mapped_column(default=0, server_default="0")
    doubt: Mapped[float] = mapped_column(default=0.0, server_default="0")
    is_likely_spam: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # Equal for look-alikes.
    likeness: Mapped[str] = mapped_column(sa.String(64))
    # Keyed hash of the network, another key each day; emptied after a set time.
    network: Mapped[str | None] = mapped_column(sa.String(64))
    # The one form this came from: a second press is not a second comment.
    nonce: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    # In the mailed link that says "this is mine"; empty once used.
    confirm_token: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    wants_replies: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    reason_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderation_reason.id"))
    # What the moderator added for the author.
    note: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    # Waits for staff's answer since; empty when answered or when there is none to give.
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    claimed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    claimed_until: Mapped[datetime | None] = mapped_column(Moment)

    author: Mapped[CommentAuthor | None] = relationship(lazy="raise")
    staff: Mapped[Staff | None] = relationship(lazy="raise", foreign_keys=[staff_id])
    claimed_by: Mapped[Staff | None] = relationship(lazy="raise", foreign_keys=[claimed_by_id])
    reason: Mapped[ModerationReason | None] = relationship(lazy="raise")


class CommentText(Base):
    """What a comment said up to and with this version, before it was changed."""

    __tablename__ = "comment_text"

    comment_id: Mapped[int] = mapped_column(sa.ForeignKey("comment.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(sa.Text)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    changed_by: Mapped[str] = mapped_column(sa.String(80))


class CommentEvent(Base):
    """One move of one comment; read by id, because clocks may step back."""

    __tablename__ = "comment_event"
    __table_args__ = (
        sa.Index("ix_comment_event_comment_id", "comment_id", "id"),
        sa.Index("ix_comment_event_act_id", "act_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(sa.ForeignKey("comment.id"))
    from_state: Mapped[CommentState | None] = mapped_column(one_of(CommentState, "from_state"))
    to_state: Mapped[CommentState] = mapped_column(one_of(CommentState, "to_state"))
    # The version this move made.
    version: Mapped[int]
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column("by_whom", sa.String(80))
    staff_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    why: Mapped[str] = mapped_column(sa.String(200))
    act_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderation_act.id"))


class CommentFinding(Base):
    """What one rule found in one version of a comment, frozen with the version of the rules."""

    __tablename__ = "comment_finding"
    __table_args__ = (sa.Index("ix_comment_finding_rule", "rule", "comment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(sa.ForeignKey("comment.id"), index=True)
    version: Mapped[int]
    rule_set: Mapped[int]
    rule: Mapped[str] = mapped_column(sa.String(40))
    weight: Mapped[float]
    holds: Mapped[bool]
    # Matched words and where they stand; numbers that the sentence needs.
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
