"""parties to a need, for whom and how an invited need was read, where an act came from."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy import Text

revision = "7c1a3e9b52d4"
down_revision = "2f89304192c3"
branch_labels = None
depends_on = None

__all__ = ["Text", "downgrade", "sqlmodel", "upgrade"]


def upgrade() -> None:
    """To this version: whoever was accepted before is a party from now on."""
    op.create_table(
        "needparty",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["need_id"], ["need.id"], name=op.f("fk_needparty_need_id_need"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_needparty_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_needparty")),
        sa.UniqueConstraint("need_id", "organisation_id", name="uq_need_party"),
    )
    op.create_index(op.f("ix_needparty_need_id"), "needparty", ["need_id"])
    op.create_index(op.f("ix_needparty_organisation_id"), "needparty", ["organisation_id"])
    op.execute(
        "INSERT INTO needparty (created_at, updated_at, need_id, organisation_id)"
        " SELECT updated_at, updated_at, need_id, organisation_id FROM interest"
        " WHERE state = 'accepted'"
    )
    with op.batch_alter_table("needread", schema=None) as batch_op:
        batch_op.add_column(sa.Column("organisation_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("channel", sa.String(length=20), nullable=False, server_default="page")
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_needread_organisation_id_organisation"),
            "organisation",
            ["organisation_id"],
            ["id"],
        )
    # added in place: a rebuilt table would lose the triggers that keep it append-only
    op.add_column(
        "activity", sa.Column("address", sa.String(length=60), nullable=False, server_default="")
    )


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("activity", "address")
    with op.batch_alter_table("needread", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_needread_organisation_id_organisation"), type_="foreignkey"
        )
        batch_op.drop_column("channel")
        batch_op.drop_column("organisation_id")
    op.drop_table("needparty")
