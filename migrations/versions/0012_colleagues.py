"""Colleagues: second proofs, passkeys, counted tries, and a log of what they do that nobody changes.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
APPEND_ONLY = "the activity log is never changed"
SQLITE = (
    f"""
CREATE TRIGGER tr_activity_update BEFORE UPDATE ON activity
BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
    f"""
CREATE TRIGGER tr_activity_delete BEFORE DELETE ON activity
BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
)
POSTGRESQL = (
    f"""
CREATE FUNCTION refuse_activity_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{APPEND_ONLY}' USING ERRCODE = 'restrict_violation'; END $$""",
    "CREATE TRIGGER tr_activity_update BEFORE UPDATE ON activity"
    " FOR EACH ROW EXECUTE FUNCTION refuse_activity_change()",
    "CREATE TRIGGER tr_activity_delete BEFORE DELETE ON activity"
    " FOR EACH ROW EXECUTE FUNCTION refuse_activity_change()",
)


def upgrade() -> None:
    _proofs()
    op.create_table(
        "sign_in_try",
        sa.Column("bucket", sa.String(length=64), nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name="pk_sign_in_try"),
    )
    op.create_table(
        "activity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("object", sa.String(length=200), nullable=False),
        sa.Column("fields", sa.String(length=400), server_default="", nullable=False),
        sa.Column("network", sa.String(length=60), server_default="", nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_activity_staff_id"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["staff_session.id"], name="fk_activity_session_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_activity"),
    )
    op.create_index("ix_activity_staff_id", "activity", ["staff_id", "id"])
    op.create_index("ix_activity_action", "activity", ["action", "id"])
    op.create_index("ix_activity_object", "activity", ["object", "id"])
    op.create_index("ix_activity_at", "activity", ["at"])
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if sqlite else POSTGRESQL:
        op.execute(statement)


def _proofs() -> None:
    op.execute(
        "ALTER TABLE staff ADD COLUMN invited_by INTEGER"
        " CONSTRAINT fk_staff_invited_by REFERENCES staff (id)"
    )
    for column in (
        sa.Column("tf_primary_method", sa.String(length=64), nullable=True),
        sa.Column("tf_totp_secret", sa.String(length=255), nullable=True),
        sa.Column("code_counter", sa.BigInteger(), nullable=True),
        sa.Column("mf_recovery_codes", sa.Text(), nullable=True),
        sa.Column("fs_webauthn_user_handle", sa.String(length=64), nullable=True),
    ):
        op.add_column("staff", column)
    op.create_index(
        "uq_staff_fs_webauthn_user_handle", "staff", ["fs_webauthn_user_handle"], unique=True
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1024), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=1024), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.Text(), nullable=True),
        sa.Column("backup_state", sa.Boolean(), nullable=False),
        sa.Column("device_type", sa.String(length=64), nullable=False),
        sa.Column("extensions", sa.String(length=255), nullable=True),
        sa.Column("lastuse_datetime", moment, nullable=False),
        sa.Column("usage", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["staff.id"], name="fk_passkey_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_passkey"),
        sa.UniqueConstraint("credential_id", name="uq_passkey_credential_id"),
        sa.UniqueConstraint("user_id", "name", name="uq_passkey_user_id_name"),
    )


def downgrade() -> None:
    op.drop_table("activity")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_activity_change()")
    op.drop_table("sign_in_try")
    op.drop_table("passkey")
    op.drop_index("uq_staff_fs_webauthn_user_handle", "staff")
    # Without batch mode: that would rebuild the table and lose what guards it.
    for name in (
        "fs_webauthn_user_handle",
        "mf_recovery_codes",
        "code_counter",
        "tf_totp_secret",
        "tf_primary_method",
        "invited_by",
    ):
        op.execute(f"ALTER TABLE staff DROP COLUMN {name}")
