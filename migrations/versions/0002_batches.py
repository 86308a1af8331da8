"""When we teach it: batches, their seats, their sessions.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "tentative",
                "confirmed_to_run",
                "called_off",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=True),
        sa.Column("decide_on", sa.Date(), nullable=True),
        sa.Column("hold_hours", sa.Integer(), nullable=False),
        sa.Column("offer_hours", sa.Integer(), nullable=False),
        sa.Column("rhythm", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("is_online", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("teacher", sa.String(length=120), nullable=False),
        sa.Column("fee_minor", sa.Integer(), nullable=False),
        sa.Column("fee_currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("fee_minor >= 0", name="fee_not_negative"),
        sa.CheckConstraint("hold_hours > 0 AND offer_hours >= 12", name="hours_make_sense"),
        sa.CheckConstraint("opens_at < closes_at", name="window_in_order"),
        sa.CheckConstraint("starts_on <= ends_on", name="dates_in_order"),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name="fk_batch_course_id"),
        sa.PrimaryKeyConstraint("id", name="pk_batch"),
        sa.UniqueConstraint("code", name="uq_batch_code"),
    )
    op.create_index("ix_batch_course_id", "batch", ["course_id"], unique=False)
    op.create_index("ix_batch_starts_on", "batch", ["starts_on"], unique=False)

    op.create_table(
        "seat",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("taken", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("number > 0", name="number_positive"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_seat_batch_id"),
        sa.PrimaryKeyConstraint("batch_id", "number", name="pk_seat"),
        sa.UniqueConstraint("batch_id", "number", "taken", name="uq_seat_batch_id_number_taken"),
    )
    op.create_index(
        "ix_seat_free",
        "seat",
        ["batch_id", "number"],
        unique=False,
        sqlite_where=sa.text("NOT taken"),
        postgresql_where=sa.text("NOT taken"),
    )

    op.create_table(
        "session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name="times_in_order"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_session_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
    )
    op.create_index(
        "ix_session_batch_id_starts_at", "session", ["batch_id", "starts_at"], unique=False
    )


def downgrade() -> None:
    op.drop_table("session")
    op.drop_table("seat")
    op.drop_table("batch")
