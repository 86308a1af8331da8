"""One person and the telephone: notes, letters that are told, people without an e-mail of their own.

Revision: 0015, after 0014

Columns are added in plain SQL, constraint and all: SQLite can do that, while Alembic's batch mode
would rebuild the table and lose its triggers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COLUMNS = {
    "letters_to": "VARCHAR(254) CONSTRAINT ck_registration_letters_to_lower"
    " CHECK (letters_to = lower(letters_to))",
    "consent_read_by": "INTEGER CONSTRAINT fk_registration_consent_read_by REFERENCES staff (id)",
}
SHARED = sa.text("letters_to IS NOT NULL")
UNTOLD = sa.text("told_at IS NULL")


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE registration ADD COLUMN {name} {kind}")
    op.create_index(
        "ix_registration_letters_to",
        "registration",
        ["letters_to"],
        sqlite_where=SHARED,
        postgresql_where=SHARED,
    )
    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name="fk_note_registration_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_note"),
    )
    op.create_index("ix_note_registration_id", "note", ["registration_id"])
    op.create_table(
        "phone_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_by", sa.String(length=80), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name="fk_phone_task_letter_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_task"),
        sa.UniqueConstraint("letter_id", name="uq_phone_task_letter_id"),
    )
    op.create_index(
        "ix_phone_task_untold",
        "phone_task",
        ["id"],
        sqlite_where=UNTOLD,
        postgresql_where=UNTOLD,
    )


def downgrade() -> None:
    op.drop_table("phone_task")
    op.drop_table("note")
    op.drop_index("ix_registration_letters_to", "registration")
    for name in COLUMNS:
        op.execute(f"ALTER TABLE registration DROP COLUMN {name}")
