"""how far each machine's search index has come, and up to where events were tidied away."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "c3f8e21b7d06"
down_revision = "b1d7c05e9a34"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "outbox_floor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", number, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_floor")),
    )
    op.create_table(
        "search_follower",
        sa.Column("machine", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("engine", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("position", number, nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("mended", sa.Integer(), nullable=False),
        sa.Column("checked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("seen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("machine", name=op.f("pk_search_follower")),
    )
    # events tidied away before now left no trace: whoever stands below the oldest begins anew
    op.execute(
        "INSERT INTO outbox_floor (id, number) "
        "SELECT 1, MIN(id) - 1 FROM outbox_event HAVING MIN(id) IS NOT NULL"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT setval(pg_get_serial_sequence('outbox_floor', 'id'), 2)")


def downgrade() -> None:
    """Back to the version before."""
    op.drop_table("search_follower")
    op.drop_table("outbox_floor")
