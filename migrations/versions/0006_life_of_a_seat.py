"""The whole life of a seat: approval, groups, wishes, moves, reminders, erasure, outages.

Revision: 0006, after 0005

Columns are added in plain SQL, constraint and all: SQLite can do that, while Alembic's batch mode
would rebuild the tables and lose their triggers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = {"sqlite": "DATETIME", "postgresql": "TIMESTAMP WITH TIME ZONE"}
FALSE = {"sqlite": "0", "postgresql": "false"}

BATCH = {
    "waitlist_limit": "INTEGER CONSTRAINT ck_batch_waitlist_limit_not_negative"
    " CHECK (waitlist_limit >= 0)",
    "hold_limit": "INTEGER CONSTRAINT ck_batch_hold_limit_not_negative CHECK (hold_limit >= 0)",
    "needs_approval": "BOOLEAN DEFAULT {false} NOT NULL",
    "criteria": "TEXT DEFAULT '' NOT NULL",
    "answer_on": "DATE",
    "asks_prerequisites": "BOOLEAN DEFAULT {false} NOT NULL",
    "refuses_overlap": "BOOLEAN DEFAULT {false} NOT NULL",
    "join_link": "VARCHAR(500) DEFAULT '' NOT NULL",
    "bring": "TEXT DEFAULT '' NOT NULL",
    "sequence": "INTEGER DEFAULT '0' NOT NULL",
}
REGISTRATION = {
    "remind_at": "{moment}",
    "network": "VARCHAR(64)",
    "group_id": "INTEGER CONSTRAINT fk_registration_group_id REFERENCES registration_group (id)",
    "wish_id": "INTEGER CONSTRAINT fk_registration_wish_id REFERENCES wish (id)",
    "replaces_id": "INTEGER CONSTRAINT fk_registration_replaces_id REFERENCES registration (id)",
    "prerequisites_met_at": "{moment}",
    "decision": "TEXT DEFAULT '' NOT NULL",
    "question": "TEXT DEFAULT '' NOT NULL",
    "questioned_at": "{moment}",
    "erased_at": "{moment}",
}
LETTER = {"is_unasked": "BOOLEAN DEFAULT {false} NOT NULL"}
INDEXES = {
    "ix_registration_remind_at": ("remind_at", False, "remind_at IS NOT NULL"),
    "uq_registration_wish_offer": ("wish_id", True, "state = 'offered'"),
    "ix_registration_wish_id": ("wish_id", False, None),
    "ix_registration_group_id": ("group_id", False, None),
    "ix_registration_network": ("network", False, "network IS NOT NULL"),
}


def upgrade() -> None:
    _make_tables()
    dialect = op.get_bind().dialect.name
    for table, columns in (
        ("batch", BATCH),
        ("registration", REGISTRATION),
        ("letter", LETTER),
    ):
        for name, kind in columns.items():
            kind = kind.format(moment=MOMENT[dialect], false=FALSE[dialect])
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
    for name, (column, is_unique, where) in INDEXES.items():
        condition = sa.text(where) if where else None
        op.create_index(
            name,
            "registration",
            [column],
            unique=is_unique,
            sqlite_where=condition,
            postgresql_where=condition,
        )


def _make_tables() -> None:
    op.create_table(
        "registration_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_registration_group_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_registration_group"),
    )
    op.create_table(
        "wish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wish"),
    )
    op.create_table(
        "batch_notice",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_batch_notice_batch_id"),
        sa.PrimaryKeyConstraint("batch_id", "kind", "about", name="pk_batch_notice"),
    )
    op.create_table(
        "link_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_link_request"),
    )
    op.create_table(
        "opening_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_opening_reminder_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_opening_reminder"),
        sa.UniqueConstraint("batch_id", "email", name="uq_opening_reminder_batch_id_email"),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_whom", sa.String(length=80), nullable=False),
        sa.Column("registrations", sa.Integer(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
        sa.UniqueConstraint("receipt", name="uq_erasure_receipt"),
    )
    op.create_table(
        "outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadlines", sa.Integer(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outage"),
        sa.UniqueConstraint("began_at", name="uq_outage_began_at"),
    )
    op.create_table(
        "unasked_slot",
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name="fk_unasked_slot_letter_id"),
        sa.PrimaryKeyConstraint("recipient", "day", "number", name="pk_unasked_slot"),
        sa.UniqueConstraint("letter_id", name="uq_unasked_slot_letter_id"),
    )


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="registration")
    for table, columns in (("letter", LETTER), ("registration", REGISTRATION), ("batch", BATCH)):
        for name in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    for table in (
        "unasked_slot",
        "outage",
        "erasure",
        "opening_reminder",
        "link_request",
        "batch_notice",
        "wish",
        "registration_group",
    ):
        op.drop_table(table)
