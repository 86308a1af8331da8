"""Who sits where: registrations and their history; the schema alone refuses overbooking.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# SQLite checks foreign keys only for clients that ask for it; these repeat the seat's for all others.
HOLDS_NO_SEAT = """
    NEW.seat_number IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM seat WHERE seat.batch_id = NEW.batch_id
        AND seat.number = NEW.seat_number AND seat.taken)
"""
HELD_BY_SOMEBODY = """
    EXISTS (SELECT 1 FROM registration WHERE registration.batch_id = OLD.batch_id
            AND registration.seat_number = OLD.number)
"""
TRIGGERS = (
    f"""
CREATE TRIGGER tr_registration_seat_insert BEFORE INSERT ON registration
WHEN {HOLDS_NO_SEAT}
BEGIN SELECT RAISE(ABORT, 'this seat is not there to be held'); END""",
    f"""
CREATE TRIGGER tr_registration_seat_update BEFORE UPDATE OF seat_number, batch_id ON registration
WHEN {HOLDS_NO_SEAT}
BEGIN SELECT RAISE(ABORT, 'this seat is not there to be held'); END""",
    f"""
CREATE TRIGGER tr_seat_freed BEFORE UPDATE OF batch_id, number, taken ON seat
WHEN (NOT NEW.taken OR NEW.number != OLD.number OR NEW.batch_id != OLD.batch_id)
AND {HELD_BY_SOMEBODY}
BEGIN SELECT RAISE(ABORT, 'somebody holds this seat'); END""",
    f"""
CREATE TRIGGER tr_seat_removed BEFORE DELETE ON seat
WHEN {HELD_BY_SOMEBODY}
BEGIN SELECT RAISE(ABORT, 'somebody holds this seat'); END""",
)


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute(sa.schema.CreateSequence(sa.Sequence("registration_queue_number")))
    op.create_table(
        "registration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("background", sa.String(length=200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "applied",
                "pending",
                "waitlisted",
                "offered",
                "confirmed",
                "rejected",
                "expired",
                "withdrawn",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("seat_number", sa.Integer(), nullable=True),
        sa.Column(
            "seat_taken",
            sa.Boolean(),
            sa.Computed("seat_number IS NOT NULL", persisted=True),
            nullable=False,
        ),
        sa.Column("queue_number", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_resting", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("consent_version", sa.String(length=40), nullable=False),
        sa.Column("consent_language", sa.String(length=12), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("news_consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state IN ('confirmed', 'offered', 'pending')) = (seat_number IS NOT NULL)",
            name="seated_has_seat",
        ),
        sa.CheckConstraint(
            "state NOT IN ('pending', 'offered') OR deadline_at IS NOT NULL",
            name="held_until",
        ),
        sa.CheckConstraint("email = lower(email)", name="email_lower"),
        sa.ForeignKeyConstraint(
            ["batch_id", "seat_number", "seat_taken"],
            ["seat.batch_id", "seat.number", "seat.taken"],
            name="fk_registration_seat",
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_registration_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_registration"),
        sa.UniqueConstraint(
            "batch_id", "queue_number", name="uq_registration_batch_id_queue_number"
        ),
        sa.UniqueConstraint("batch_id", "seat_number", name="uq_registration_batch_id_seat_number"),
        sa.UniqueConstraint("token", name="uq_registration_token"),
    )
    op.create_index(
        "ix_registration_deadline_at",
        "registration",
        ["deadline_at"],
        unique=False,
        sqlite_where=sa.text("deadline_at IS NOT NULL"),
        postgresql_where=sa.text("deadline_at IS NOT NULL"),
    )
    op.create_index("ix_registration_email", "registration", ["email"], unique=False)
    op.create_index(
        "ix_registration_queue", "registration", ["batch_id", "state", "queue_number"], unique=False
    )
    op.create_index(
        "uq_registration_live_email",
        "registration",
        ["batch_id", "email"],
        unique=True,
        sqlite_where=sa.text(
            "state IN ('applied', 'confirmed', 'offered', 'pending', 'waitlisted')"
        ),
        postgresql_where=sa.text(
            "state IN ('applied', 'confirmed', 'offered', 'pending', 'waitlisted')"
        ),
    )

    op.create_table(
        "registration_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column(
            "from_state",
            sa.Enum(
                "applied",
                "pending",
                "waitlisted",
                "offered",
                "confirmed",
                "rejected",
                "expired",
                "withdrawn",
                "cancelled",
                name="from_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "applied",
                "pending",
                "waitlisted",
                "offered",
                "confirmed",
                "rejected",
                "expired",
                "withdrawn",
                "cancelled",
                name="to_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_whom", sa.String(length=80), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name="fk_registration_event_registration_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registration_event"),
    )
    op.create_index(
        "ix_registration_event_registration_id",
        "registration_event",
        ["registration_id", "id"],
        unique=False,
    )
    if not is_postgresql:
        for trigger in TRIGGERS:
            op.execute(trigger)


def downgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if not is_postgresql:
        for name in ("tr_seat_freed", "tr_seat_removed"):
            op.execute(f"DROP TRIGGER {name}")
    op.drop_table("registration_event")
    op.drop_table("registration")
    if is_postgresql:
        op.execute(sa.schema.DropSequence(sa.Sequence("registration_queue_number")))
