"""What people ask before they register: device, data, hours beside class; missed sessions, payment, refund.

Revision: 0021, after 0020

Plain columns: no table is made anew. SQLite drops the check with its column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TEXTS = (
    *(("course", name) for name in ("device", "data_needed")),
    *(("batch", name) for name in ("missed", "payment", "refund")),
)


def upgrade() -> None:
    for table, name in TEXTS:
        op.add_column(table, sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.execute(
        "ALTER TABLE course ADD COLUMN hours_beside INTEGER CONSTRAINT ck_course_hours_beside_fit"
        " CHECK (hours_beside BETWEEN 0 AND hours_per_week)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE course DROP COLUMN hours_beside")
    for table, name in TEXTS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
