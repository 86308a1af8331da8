"""Plans are changed by whoever saw the latest version.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batch", sa.Column("version", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.execute("ALTER TABLE batch DROP COLUMN version")
