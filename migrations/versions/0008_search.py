"""What can be found: entries, their words, and each database's own index over them.

Revision: 0008, after 0007

What was published before is found as soon as a worker begins, or `flask search rebuild` is run.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KINDS = ("guide", "course", "skill", "batch", "module")

ADD = """INSERT INTO search_index(rowid, title_words, body_words)
VALUES (NEW.id, NEW.title_words, NEW.body_words);"""
REMOVE = """INSERT INTO search_index(search_index, rowid, title_words, body_words)
VALUES ('delete', OLD.id, OLD.title_words, OLD.body_words);"""
FOR_SQLITE = (
    """
CREATE VIRTUAL TABLE search_index USING fts5(
    title_words, body_words, content='search_entry', content_rowid='id',
    tokenize='ascii', detail='none', prefix='2 3')""",
    f"""
CREATE TRIGGER tr_search_entry_insert AFTER INSERT ON search_entry
BEGIN {ADD} END""",
    f"""
CREATE TRIGGER tr_search_entry_delete AFTER DELETE ON search_entry
BEGIN {REMOVE} END""",
    f"""
CREATE TRIGGER tr_search_entry_update AFTER UPDATE ON search_entry
BEGIN {REMOVE} {ADD} END""",
)
FOR_POSTGRESQL = """
CREATE INDEX ix_search_entry_lexemes ON search_entry USING gin (
    (array_to_tsvector(string_to_array(btrim(title_words), ' '))
     || array_to_tsvector(string_to_array(btrim(body_words), ' '))))"""


def upgrade() -> None:
    op.create_table(
        "search_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                *KINDS,
                name=op.f("ck_search_entry_kind"),
                native_enum=False,
                length=24,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("within", sa.String(300), nullable=False),
        sa.Column("also", sa.String(300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("title_words", sa.Text(), nullable=False),
        sa.Column("body_words", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_search_entry_kind_key")),
    )
    op.create_table(
        "search_word",
        sa.Column("word", sa.String(80), nullable=False),
        sa.Column("stem", sa.String(80), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_word")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FOR_POSTGRESQL)
        return
    for statement in FOR_SQLITE:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("search_word")
    if op.get_bind().dialect.name != "postgresql":
        op.execute("DROP TABLE search_index")
    op.drop_table("search_entry")
