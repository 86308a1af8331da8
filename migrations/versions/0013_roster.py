"""The roster of thousands: people are found by any part of a name, address or number; results are kept.

Revision: 0013, after 0012

The column is added in plain SQL, see 0006.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

AT_ONCE = 1000
MOVES = sa.text("replaces_id IS NOT NULL")


def upgrade() -> None:
    op.execute("ALTER TABLE registration ADD COLUMN sought TEXT DEFAULT '' NOT NULL")
    _fill()
    op.create_index("ix_registration_group_batch_id", "registration_group", ["batch_id", "id"])
    op.create_index(
        "ix_registration_replaces_id",
        "registration",
        ["replaces_id"],
        sqlite_where=MOVES,
        postgresql_where=MOVES,
    )
    op.create_table(
        "roster_act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(24), nullable=False),
        sa.Column("by_whom", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_roster_act_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_roster_act"),
    )
    op.create_index("ix_roster_act_batch_id", "roster_act", ["batch_id"])
    op.create_table(
        "roster_result",
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("why_not", sa.String(40), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["roster_act.id"], name="fk_roster_result_act_id"),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name="fk_roster_result_registration_id"
        ),
        sa.PrimaryKeyConstraint("act_id", "registration_id", name="pk_roster_result"),
    )


def _fill() -> None:
    connection = op.get_bind()
    people = sa.text(
        "SELECT id, name, email, phone FROM registration WHERE id > :after ORDER BY id LIMIT :count"
    )
    told = sa.text("UPDATE registration SET sought = :sought WHERE id = :id")
    after = 0
    while rows := connection.execute(people, {"after": after, "count": AT_ONCE}).all():
        connection.execute(told, [{"id": row.id, "sought": _line(row)} for row in rows])
        after = rows[-1].id


def _line(row: sa.Row) -> str:
    number = "".join(str(unicodedata.decimal(one)) for one in row.phone if one.isdecimal())
    return f"{_folded(row.name)}\n{_folded(row.email)}\n{number}"


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(one for one in apart if not 0x0300 <= ord(one) < 0x0370)
    return unicodedata.normalize("NFC", plain.casefold())


def downgrade() -> None:
    op.drop_table("roster_result")
    op.drop_table("roster_act")
    op.drop_index("ix_registration_replaces_id", "registration")
    op.drop_index("ix_registration_group_batch_id", "registration_group")
    op.execute("ALTER TABLE registration DROP COLUMN sought")
