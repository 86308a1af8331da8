"""What was told about one changed session, and who was reached by telephone.

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "session_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("was_at", moment, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("by_whom", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_session_notice_batch_id"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name="fk_session_notice_session_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_session_notice"),
    )
    op.create_index("ix_session_notice_batch_id", "session_notice", ["batch_id", "id"])
    op.create_table(
        "session_call",
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("reached_at", moment, nullable=True),
        sa.Column("reached_by", sa.String(length=80), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["session_notice.id"], name="fk_session_call_notice_id"
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name="fk_session_call_registration_id"
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name="fk_session_call_letter_id"),
        sa.PrimaryKeyConstraint("notice_id", "registration_id", name="pk_session_call"),
    )


def downgrade() -> None:
    op.drop_table("session_call")
    op.drop_table("session_notice")
