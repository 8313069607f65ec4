"""services connected by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b1d7c05e9a34"
down_revision = "9c4e1d7a20b3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version. Nobody knows of older connections who made them: not by hand."""
    with op.batch_alter_table("externalidentity", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    """Back to the version before."""
    with op.batch_alter_table("externalidentity", schema=None) as batch_op:
        batch_op.drop_column("by_hand")
