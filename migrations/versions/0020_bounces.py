"""Bounces that come as mail, messages that somebody has read, mornings whose digests are written.

Revision: 0020, after 0019

The indexes let the page that the day begins with find what needs a hand without reading everybody.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

LIVE = "state IN ('applied', 'confirmed', 'offered', 'pending', 'waitlisted')"
INDEXES = {
    "ix_registration_unread": ("id", f"message <> '' AND message_read_at IS NULL AND {LIVE}"),
    "ix_registration_applied": ("batch_id", "state = 'applied'"),
    "ix_registration_questioned": ("batch_id", "questioned_at IS NOT NULL"),
}


def upgrade() -> None:
    op.create_table(
        "bounce_box",
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("validity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=300), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_bounce_box"),
    )
    op.create_table(
        "digest_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_digest_day"),
    )
    op.add_column(
        "registration", sa.Column("message_read_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute(
        "ALTER TABLE registration ADD COLUMN message_read_by VARCHAR(80) DEFAULT '' NOT NULL"
    )
    for name, (column, which) in INDEXES.items():
        where = sa.text(which)
        op.create_index(
            name, "registration", [column], sqlite_where=where, postgresql_where=where
        )


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "registration")
    for name in ("message_read_at", "message_read_by"):
        op.execute(f"ALTER TABLE registration DROP COLUMN {name}")
    op.drop_table("digest_day")
    op.drop_table("bounce_box")
