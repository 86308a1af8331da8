"""Tables beside the comments: words for the search, what was learnt, appeals, reports, private questions."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from enroll.comments.models import CommentAuthor
from enroll.comments.states import QuestionState
from enroll.db import Base, Moment, one_of


class CommentWord(Base):
    """A word that a comment holds, for the moderators' search."""

    __tablename__ = "comment_word"
    __table_args__ = (sa.Index("ix_comment_word_comment_id", "comment_id"),)

    # Compared byte by byte, so that "begins with" is a range of the key on both databases.
    word: Mapped[str] = mapped_column(
        sa.String(80).with_variant(sa.String(80, collation="C"), "postgresql"), primary_key=True
    )
    comment_id: Mapped[int] = mapped_column(sa.ForeignKey("comment.id"), primary_key=True)


class Lesson(Base):
    """What the classifier learnt from one decision: enough to un-learn it exactly."""

    __tablename__ = "lesson"

    comment_id: Mapped[int] = mapped_column(sa.ForeignKey("comment.id"), primary_key=True)
    is_spam: Mapped[bool]
    words: Mapped[list[str]] = mapped_column(sa.JSON)


class WordCount(Base):
    """In how many honest and spam comments a word stood; the empty word counts the comments."""

    __tablename__ = "word_count"
    __table_args__ = (sa.CheckConstraint("honest >= 0 AND spam >= 0", name="not_negative"),)

    word: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    honest: Mapped[int]
    spam: Mapped[int]


class WordList(Base):
    """What staff added to the shipped list of words and took off it; the latest one counts."""

    __tablename__ = "word_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    more: Mapped[list[str]] = mapped_column(sa.JSON)
    off: Mapped[list[str]] = mapped_column(sa.JSON)
    made_at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column("by_whom", sa.String(120))


class Appeal(Base):
    """An author asks once that somebody else looks at a comment that was turned down."""

    __tablename__ = "appeal"
    __table_args__ = (
        sa.Index(
            "ix_appeal_open",
            "id",
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(sa.ForeignKey("comment.id"), unique=True)
    text: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime] = mapped_column(Moment)
    # Who turned the comment down: somebody else decides.
    against_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    # Did it change the decision?
    helped: Mapped[bool | None]


class Report(Base):
    """A reader tells us of a comment; keeps the text as it was then."""

    __tablename__ = "report"
    __table_args__ = (
        sa.Index("ix_report_comment_id", "comment_id"),
        sa.Index(
            "ix_report_open",
            "id",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(sa.ForeignKey("comment.id"))
    body: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.String(40))
    words: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    network: Mapped[str | None] = mapped_column(sa.String(64))
    made_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    conclusion: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")


class PrivateQuestion(Base):
    """A question to the institute that nobody else reads; answered by e-mail."""

    __tablename__ = "private_question"
    __table_args__ = (
        sa.Index("ix_private_question_state", "state", "is_likely_spam", "id"),
        sa.Index("ix_private_question_author_id", "author_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(sa.String(200))
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("comment_author.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    body: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[QuestionState] = mapped_column(one_of(QuestionState))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(Moment)
    network: Mapped[str | None] = mapped_column(sa.String(64))
    nonce: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    confirm_token: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    doubt: Mapped[float] = mapped_column(default=0.0, server_default="0")
    is_likely_spam: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # Staff's answer, or why it was closed without one.
    answer: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))

    author: Mapped[CommentAuthor] = relationship(lazy="raise")


class Retention(Base):
    """The record of one clearing out: how much was emptied and when, and nothing about whom."""

    __tablename__ = "retention"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    networks: Mapped[int]
    addresses: Mapped[int]
    unconfirmed: Mapped[int]
