"""notices by mail."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "d5b2e8a31f06"
down_revision = "c4a1f7e2d903"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version. What people were told before now is not sent after the event."""
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("mailed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True)
        )
    op.execute("UPDATE notice SET mailed_at = created_at")
    op.create_table(
        "mailwish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("deals", sa.String(length=40), nullable=False),
        sa.Column("finds", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_mailwish_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailwish")),
    )
    op.create_index(op.f("ix_mailwish_person_id"), "mailwish", ["person_id"], unique=True)


def downgrade() -> None:
    """Back to the version before."""
    op.drop_table("mailwish")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_column("mailed_at")
