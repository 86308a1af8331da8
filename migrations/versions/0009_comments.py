"""What people say: comments, their authors, what was decided and found; subscriptions of addresses.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATES = (
    "unconfirmed",
    "pending",
    "returned",
    "approved",
    "rejected",
    "spam",
    "withdrawn",
    "removed",
)
QUESTION_STATES = ("unconfirmed", "open", "answered", "closed")
TABLES = (
    "word_list",
    "report",
    "lesson",
    "comment_word",
    "comment_text",
    "comment_finding",
    "comment_event",
    "appeal",
    "private_question",
    "moderation_act",
    "comment",
    "author_browser",
    "word_count",
    "subscription",
    "retention",
    "moderation_reason",
    "comment_author",
)
moment = sa.DateTime(timezone=True)


def _state(states: tuple, table: str, name: str, *, nullable: bool = False) -> sa.Column:
    kind = sa.Enum(
        *states,
        name=op.f(f"ck_{table}_{name}"),
        native_enum=False,
        length=24,
        create_constraint=True,
    )
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    op.execute("ALTER TABLE letter ADD COLUMN subscription VARCHAR(64) DEFAULT '' NOT NULL")
    op.create_table(
        "comment_author",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("confirmed_at", moment, nullable=True),
        sa.Column("erased_at", moment, nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_comment_author_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_author")),
        sa.UniqueConstraint("email", name=op.f("uq_comment_author_email")),
        sa.UniqueConstraint("token", name=op.f("uq_comment_author_token")),
    )
    op.create_table(
        "moderation_reason",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retired_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_reason")),
        sa.UniqueConstraint("title", name=op.f("uq_moderation_reason_title")),
    )
    op.create_table(
        "retention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("networks", sa.Integer(), nullable=False),
        sa.Column("addresses", sa.Integer(), nullable=False),
        sa.Column("unconfirmed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("begun_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("email", "topic", name=op.f("uq_subscription_email_topic")),
        sa.UniqueConstraint("token", name=op.f("uq_subscription_token")),
    )
    op.create_index("ix_subscription_topic", "subscription", ["topic"], unique=False)
    op.create_table(
        "word_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("more", sa.JSON(), nullable=False),
        sa.Column("off", sa.JSON(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("by_whom", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_word_list")),
    )
    op.create_table(
        "word_count",
        sa.Column("word", sa.String(length=80), nullable=False),
        sa.Column("honest", sa.Integer(), nullable=False),
        sa.Column("spam", sa.Integer(), nullable=False),
        sa.CheckConstraint("honest >= 0 AND spam >= 0", name=op.f("ck_word_count_not_negative")),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_word_count")),
    )
    op.create_table(
        "author_browser",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("confirmed_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["comment_author.id"], name=op.f("fk_author_browser_author_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_author_browser")),
        sa.UniqueConstraint(
            "author_id", "key_hash", name=op.f("uq_author_browser_author_id_key_hash")
        ),
    )
    op.create_table(
        "comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("reply_to_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _state(STATES, "comment", "state"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("replies", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("queued_at", moment, nullable=True),
        sa.Column("first_decided_at", moment, nullable=True),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("published_at", moment, nullable=True),
        sa.Column("edited_at", moment, nullable=True),
        sa.Column("circumstances", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("rule_set", sa.Integer(), server_default="0", nullable=False),
        sa.Column("doubt", sa.Double(), server_default="0", nullable=False),
        sa.Column("is_likely_spam", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("likeness", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.Column("nonce", sa.String(length=64), nullable=True),
        sa.Column("confirm_token", sa.String(length=64), nullable=True),
        sa.Column("wants_replies", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reason_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", moment, nullable=True),
        sa.Column("claimed_by_id", sa.Integer(), nullable=True),
        sa.Column("claimed_until", moment, nullable=True),
        sa.CheckConstraint(
            "author_id IS NOT NULL OR staff_id IS NOT NULL",
            name=op.f("ck_comment_somebody_wrote_it"),
        ),
        sa.CheckConstraint("replies >= 0", name=op.f("ck_comment_replies_not_negative")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["comment_author.id"], name=op.f("fk_comment_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["claimed_by_id"], ["staff.id"], name=op.f("fk_comment_claimed_by_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["comment.id"], name=op.f("fk_comment_parent_id")),
        sa.ForeignKeyConstraint(
            ["reason_id"], ["moderation_reason.id"], name=op.f("fk_comment_reason_id")
        ),
        sa.ForeignKeyConstraint(
            ["reply_to_id"], ["comment.id"], name=op.f("fk_comment_reply_to_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_comment_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
        sa.UniqueConstraint("confirm_token", name=op.f("uq_comment_confirm_token")),
        sa.UniqueConstraint("nonce", name=op.f("uq_comment_nonce")),
    )
    op.create_index(
        "ix_comment_asked_at",
        "comment",
        ["asked_at"],
        unique=False,
        sqlite_where=sa.text("asked_at IS NOT NULL"),
        postgresql_where=sa.text("asked_at IS NOT NULL"),
    )
    op.create_index("ix_comment_author_id", "comment", ["author_id", "state", "id"], unique=False)
    op.create_index(
        "ix_comment_claimed",
        "comment",
        ["claimed_by_id"],
        unique=False,
        sqlite_where=sa.text("claimed_until IS NOT NULL"),
        postgresql_where=sa.text("claimed_until IS NOT NULL"),
    )
    op.create_index("ix_comment_first_decided_at", "comment", ["first_decided_at"], unique=False)
    op.create_index("ix_comment_likeness", "comment", ["likeness", "state", "id"], unique=False)
    op.create_index(
        "ix_comment_network",
        "comment",
        ["network", "created_at"],
        unique=False,
        sqlite_where=sa.text("network IS NOT NULL"),
        postgresql_where=sa.text("network IS NOT NULL"),
    )
    op.create_index("ix_comment_page_state", "comment", ["page", "state", "id"], unique=False)
    op.create_index("ix_comment_parent_id", "comment", ["parent_id", "state", "id"], unique=False)
    op.create_index("ix_comment_queue", "comment", ["state", "is_likely_spam", "id"], unique=False)
    op.create_index(
        "ix_comment_shown",
        "comment",
        ["page", "id"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NULL AND (state = 'approved' OR replies > 0)"),
        postgresql_where=sa.text("parent_id IS NULL AND (state = 'approved' OR replies > 0)"),
    )
    op.create_table(
        "moderation_act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("undone_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_moderation_act_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_act")),
    )
    op.create_index(
        op.f("ix_moderation_act_staff_id"), "moderation_act", ["staff_id"], unique=False
    )
    op.create_table(
        "private_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _state(QUESTION_STATES, "private_question", "state"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.Column("nonce", sa.String(length=64), nullable=True),
        sa.Column("confirm_token", sa.String(length=64), nullable=True),
        sa.Column("doubt", sa.Double(), server_default="0", nullable=False),
        sa.Column("is_likely_spam", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_at", moment, nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["staff.id"], name=op.f("fk_private_question_answered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["comment_author.id"], name=op.f("fk_private_question_author_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_private_question")),
        sa.UniqueConstraint("confirm_token", name=op.f("uq_private_question_confirm_token")),
        sa.UniqueConstraint("nonce", name=op.f("uq_private_question_nonce")),
    )
    op.create_index(
        "ix_private_question_author_id", "private_question", ["author_id"], unique=False
    )
    op.create_index(
        "ix_private_question_state",
        "private_question",
        ["state", "is_likely_spam", "id"],
        unique=False,
    )
    op.create_table(
        "appeal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("against_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("helped", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["against_id"], ["staff.id"], name=op.f("fk_appeal_against_id")),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_appeal_comment_id")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["staff.id"], name=op.f("fk_appeal_decided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("comment_id", name=op.f("uq_appeal_comment_id")),
    )
    op.create_index(
        "ix_appeal_open",
        "appeal",
        ["id"],
        unique=False,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_table(
        "comment_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        _state(STATES, "comment_event", "from_state", nullable=True),
        _state(STATES, "comment_event", "to_state"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("by_whom", sa.String(length=80), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("act_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["act_id"], ["moderation_act.id"], name=op.f("fk_comment_event_act_id")
        ),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_comment_event_comment_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_comment_event_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_event")),
    )
    op.create_index("ix_comment_event_act_id", "comment_event", ["act_id"], unique=False)
    op.create_index(
        "ix_comment_event_comment_id", "comment_event", ["comment_id", "id"], unique=False
    )
    op.create_table(
        "comment_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rule_set", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_comment_finding_comment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_finding")),
    )
    op.create_index(
        op.f("ix_comment_finding_comment_id"), "comment_finding", ["comment_id"], unique=False
    )
    op.create_index(
        "ix_comment_finding_rule", "comment_finding", ["rule", "comment_id"], unique=False
    )
    op.create_table(
        "comment_text",
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_comment_text_comment_id")
        ),
        sa.PrimaryKeyConstraint("comment_id", "version", name=op.f("pk_comment_text")),
    )
    op.create_table(
        "comment_word",
        sa.Column(
            "word",
            sa.String(80).with_variant(sa.String(80, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_comment_word_comment_id")
        ),
        sa.PrimaryKeyConstraint("word", "comment_id", name=op.f("pk_comment_word")),
    )
    op.create_index("ix_comment_word_comment_id", "comment_word", ["comment_id"], unique=False)
    op.create_table(
        "lesson",
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("is_spam", sa.Boolean(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_lesson_comment_id")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_lesson")),
    )
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("closed_at", moment, nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("conclusion", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["staff.id"], name=op.f("fk_report_closed_by_id")
        ),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_report_comment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    op.create_index("ix_report_comment_id", "report", ["comment_id"], unique=False)
    op.create_index(
        "ix_report_open",
        "report",
        ["id"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.execute("ALTER TABLE letter DROP COLUMN subscription")
