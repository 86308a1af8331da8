"""Letters that did not arrive are found without reading all of them.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UNDELIVERED = sa.text("state IN ('failed', 'unknown')")


def upgrade() -> None:
    op.create_index(
        "ix_letter_undelivered",
        "letter",
        ["id"],
        sqlite_where=UNDELIVERED,
        postgresql_where=UNDELIVERED,
    )


def downgrade() -> None:
    op.drop_index("ix_letter_undelivered", "letter")
