"""Lists of people that staff bring along: kept row by row, so that a broken import goes on.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
STATES = ("looked_at", "running", "done", "stopped")
ROW_STATES = ("waiting", "taken", "left")
RUNNING = sa.text("state = 'running'")


def _state(states: tuple, table: str) -> sa.Column:
    kind = sa.Enum(
        *states,
        name=op.f(f"ck_{table}_state"),
        native_enum=False,
        length=24,
        create_constraint=True,
    )
    return sa.Column("state", kind, nullable=False)


def upgrade() -> None:
    op.create_table(
        "roster_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        _state(STATES, "roster_import"),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("word", sa.String(length=400), server_default="", nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("read_at", moment, nullable=False),
        sa.Column("started_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("emptied_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_roster_import_batch_id"),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name="fk_roster_import_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_roster_import"),
        sa.UniqueConstraint("batch_id", "key", name="uq_roster_import_batch_id_key"),
    )
    op.create_index(
        "ix_roster_import_running",
        "roster_import",
        ["id"],
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )
    op.create_table(
        "roster_import_row",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("email", sa.String(length=400), nullable=False),
        sa.Column("phone", sa.String(length=100), nullable=False),
        sa.Column("background", sa.String(length=200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        _state(ROW_STATES, "roster_import_row"),
        sa.Column("why", sa.String(length=24), server_default="", nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["roster_import.id"], name="fk_roster_import_row_import_id"
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name="fk_roster_import_row_registration_id"
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name="pk_roster_import_row"),
    )
    op.create_index(
        "ix_roster_import_row_registration_id", "roster_import_row", ["registration_id"]
    )


def downgrade() -> None:
    op.drop_table("roster_import_row")
    op.drop_table("roster_import")
