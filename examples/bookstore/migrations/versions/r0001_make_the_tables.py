"""Make the tables.

Revision: 0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

GENRES = ("FICTION", "SCIENCE", "HISTORY", "POETRY")


def upgrade() -> None:
    op.create_table(
        "author",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("born", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_author")),
        sa.UniqueConstraint("name", name=op.f("uq_author_name")),
    )
    op.create_table(
        "book",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column(
            "genre", sa.Enum(*GENRES, name="genre", native_enum=False, length=20), nullable=False
        ),
        sa.Column("published", sa.Date(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("price", sa.Numeric(10, 2), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["author.id"], name=op.f("fk_book_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book")),
    )
    for name in ("author_id", "genre", "published", "title"):
        op.create_index(op.f(f"ix_book_{name}"), "book", [name])
    op.create_table(
        "cover",
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(50), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["book.id"], name=op.f("fk_cover_book_id")),
        sa.PrimaryKeyConstraint("book_id", name=op.f("pk_cover")),
    )
    op.create_table(
        "kept",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_kept")),
    )
    op.create_index(op.f("ix_kept_expires_at"), "kept", ["expires_at"])


def downgrade() -> None:
    for name in ("kept", "cover", "book", "author"):
        op.drop_table(name)
