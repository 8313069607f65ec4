"""pairs of organisations that are never matched."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "9c4e1d7a20b3"
down_revision = "8d2f4c6a90e1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "blockedpair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("blocked_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_blockedpair_organisation_id_organisation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["blocked_id"],
            ["organisation.id"],
            name=op.f("fk_blockedpair_blocked_id_organisation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blockedpair")),
        sa.UniqueConstraint("organisation_id", "blocked_id", name="uq_blocked_pair"),
    )
    op.create_index(op.f("ix_blockedpair_organisation_id"), "blockedpair", ["organisation_id"])
    op.create_index(op.f("ix_blockedpair_blocked_id"), "blockedpair", ["blocked_id"])


def downgrade() -> None:
    """Back to the version before."""
    op.drop_table("blockedpair")
