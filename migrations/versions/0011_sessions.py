"""A session may have a teacher and a room of its own, and may be cancelled by itself.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "session", sa.Column("teacher", sa.String(length=120), server_default="", nullable=False)
    )
    op.add_column(
        "session", sa.Column("place", sa.String(length=200), server_default="", nullable=False)
    )
    op.add_column("session", sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "session", sa.Column("sequence", sa.Integer(), server_default="0", nullable=False)
    )


def downgrade() -> None:
    for name in ("sequence", "cancelled_at", "place", "teacher"):
        op.execute(f"ALTER TABLE session DROP COLUMN {name}")
