"""What we teach: skills, role guides, courses, modules and their coverage.

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "skill",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("group_name", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_skill"),
        sa.UniqueConstraint("slug", name="uq_skill_slug"),
    )

    op.create_table(
        "role_guide",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("related", sa.JSON(), nullable=False),
        sa.Column("history", sa.JSON(), nullable=False),
        sa.Column("salary", sa.JSON(), nullable=True),
        sa.Column("ladder", sa.JSON(), nullable=False),
        sa.Column("certifications", sa.JSON(), nullable=False),
        sa.Column("sections", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_role_guide"),
        sa.UniqueConstraint("slug", name="uq_role_guide_slug"),
    )

    op.create_table(
        "role_skill",
        sa.Column("role_guide_id", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_guide_id"], ["role_guide.id"], name="fk_role_skill_role_guide_id"
        ),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name="fk_role_skill_skill_id"),
        sa.PrimaryKeyConstraint("role_guide_id", "skill_id", name="pk_role_skill"),
    )

    op.create_table(
        "course",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("hours_per_week", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("prerequisites", sa.JSON(), nullable=False),
        sa.Column("requires", sa.JSON(), nullable=False),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_course"),
        sa.UniqueConstraint("slug", name="uq_course_slug"),
    )

    op.create_table(
        "role_course",
        sa.Column("role_guide_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name="fk_role_course_course_id"),
        sa.ForeignKeyConstraint(
            ["role_guide_id"], ["role_guide.id"], name="fk_role_course_role_guide_id"
        ),
        sa.PrimaryKeyConstraint("role_guide_id", "course_id", name="pk_role_course"),
    )

    op.create_table(
        "module",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name="fk_module_course_id"),
        sa.PrimaryKeyConstraint("id", name="pk_module"),
        sa.UniqueConstraint("course_id", "slug", name="uq_module_course_id_slug"),
    )

    op.create_table(
        "coverage",
        sa.Column("module_id", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.Integer(), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "I", "R", "M", name="level", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("assessed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["module_id"], ["module.id"], name="fk_coverage_module_id"),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name="fk_coverage_skill_id"),
        sa.PrimaryKeyConstraint("module_id", "skill_id", name="pk_coverage"),
    )
    op.create_index("ix_coverage_skill_id", "coverage", ["skill_id"], unique=False)


def downgrade() -> None:
    op.drop_table("coverage")
    op.drop_table("module")
    op.drop_table("role_course")
    op.drop_table("course")
    op.drop_table("role_skill")
    op.drop_table("role_guide")
    op.drop_table("skill")
