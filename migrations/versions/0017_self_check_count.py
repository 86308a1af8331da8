"""Self-checks are counted: which skills people ask for and lack, by month. Numbers, nobody.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "self_check_count",
        sa.Column("skill_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("standing", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "standing BETWEEN 0 AND 3", name=op.f("ck_self_check_count_standing_known")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_self_check_count_number_positive")),
        sa.ForeignKeyConstraint(
            ["skill_id"],
            ["skill.id"],
            name=op.f("fk_self_check_count_skill_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("skill_id", "month", "standing", name=op.f("pk_self_check_count")),
    )


def downgrade() -> None:
    op.drop_table("self_check_count")
