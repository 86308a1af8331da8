"""What staff write, in versions; old addresses; the numbers other systems know skills and jobs by.

Revision: 0007, after 0006

What was published before becomes a manuscript when `flask catalog load` is run again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KINDS = ("skills", "role", "course")
COLUMNS = {
    "skill": {"esco": "VARCHAR(200)", "onet": "JSON DEFAULT '[]' NOT NULL"},
    "role_guide": {"occupation": "JSON DEFAULT '{}' NOT NULL"},
}


def _kind(table: str, **more: bool) -> sa.Column:
    return sa.Column(
        "kind",
        sa.Enum(
            *KINDS,
            name=op.f(f"ck_{table}_kind"),
            native_enum=False,
            length=24,
            create_constraint=True,
        ),
        nullable=False,
        **more,
    )


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "manuscript",
        sa.Column("id", sa.Integer(), nullable=False),
        _kind("manuscript"),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("latest", sa.Integer(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manuscript")),
        sa.UniqueConstraint("kind", "slug", name=op.f("uq_manuscript_kind_slug")),
    )
    op.create_table(
        "manuscript_version",
        sa.Column("manuscript_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("by_whom", sa.String(80), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["manuscript_id"], ["manuscript.id"], name=op.f("fk_manuscript_version_manuscript_id")
        ),
        sa.PrimaryKeyConstraint("manuscript_id", "number", name=op.f("pk_manuscript_version")),
    )
    op.create_table(
        "old_slug",
        _kind("old_slug"),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("manuscript_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["manuscript_id"], ["manuscript.id"], name=op.f("fk_old_slug_manuscript_id")
        ),
        sa.PrimaryKeyConstraint("kind", "slug", name=op.f("pk_old_slug")),
    )


def downgrade() -> None:
    for table in ("old_slug", "manuscript_version", "manuscript"):
        op.drop_table(table)
    for table, columns in COLUMNS.items():
        for name in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
