"""Staff write to the people of a batch: the message, and who gets it.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
SENDING = sa.text("state = 'sending'")
TO_WRITE = sa.text("state = 'to_write'")


def _one_of(table: str, name: str, *values: str) -> sa.Column:
    kind = sa.Enum(
        *values,
        name=op.f(f"ck_{table}_{name}"),
        native_enum=False,
        length=24,
        create_constraint=True,
    )
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _one_of("message", "audience", "enrolled", "held", "waiting", "live", "chosen"),
        sa.Column("chosen", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("includes_ended", sa.Boolean(), server_default=sa.false(), nullable=False),
        _one_of("message", "state", "draft", "sending", "sent", "stopped"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("written_at", moment, nullable=False),
        sa.Column("pressed_by_id", sa.Integer(), nullable=True),
        sa.Column("pressed_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.CheckConstraint(
            "(state = 'draft') = (pressed_at IS NULL)", name=op.f("ck_message_sent_once_pressed")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_message_batch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_message_by_id")),
        sa.ForeignKeyConstraint(
            ["pressed_by_id"], ["staff.id"], name=op.f("fk_message_pressed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("batch_id", "key", name=op.f("uq_message_batch_id_key")),
    )
    op.create_index(
        "ix_message_sending", "message", ["id"], sqlite_where=SENDING, postgresql_where=SENDING
    )
    op.create_table(
        "message_recipient",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        _one_of("message_recipient", "state", "to_write", "written", "left_out"),
        sa.Column("why", sa.String(length=24), server_default="", nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state = 'written') = (letter_id IS NOT NULL)",
            name=op.f("ck_message_recipient_has_letter"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_message_recipient_letter_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_recipient_message_id")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_message_recipient_registration_id"),
        ),
        sa.PrimaryKeyConstraint("message_id", "registration_id", name=op.f("pk_message_recipient")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_message_recipient_letter_id")),
    )
    op.create_index(
        "ix_message_recipient_registration_id", "message_recipient", ["registration_id"]
    )
    op.create_index(
        "ix_message_recipient_to_write",
        "message_recipient",
        ["message_id", "registration_id"],
        sqlite_where=TO_WRITE,
        postgresql_where=TO_WRITE,
    )


def downgrade() -> None:
    op.drop_table("message_recipient")
    op.drop_table("message")
