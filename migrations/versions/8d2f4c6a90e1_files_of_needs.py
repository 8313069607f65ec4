"""files beside needs, their contents by hash, and to whom they were released."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy import Text

revision = "8d2f4c6a90e1"
down_revision = "7c1a3e9b52d4"
branch_labels = None
depends_on = None

__all__ = ["Text", "downgrade", "sqlmodel", "upgrade"]


def _row() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    ]


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "storedfile",
        *_row(),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("unused_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storedfile")),
    )
    op.create_index(op.f("ix_storedfile_sha256"), "storedfile", ["sha256"], unique=True)
    op.create_table(
        "attachment",
        *_row(),
        sa.Column("public_id", sa.String(length=40), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("stored_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("scanned_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("finding", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["need_id"], ["need.id"], name=op.f("fk_attachment_need_id_need"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_attachment_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_attachment_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["stored_id"], ["storedfile.id"], name=op.f("fk_attachment_stored_id_storedfile")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_public_id"), "attachment", ["public_id"], unique=True)
    for name in ("need_id", "organisation_id", "stored_id", "state"):
        op.create_index(op.f(f"ix_attachment_{name}"), "attachment", [name])
    op.create_table(
        "filerelease",
        *_row(),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachment.id"],
            name=op.f("fk_filerelease_attachment_id_attachment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_filerelease_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filerelease")),
        sa.UniqueConstraint("attachment_id", "organisation_id", name="uq_file_release"),
    )
    for name in ("attachment_id", "organisation_id"):
        op.create_index(op.f(f"ix_filerelease_{name}"), "filerelease", [name])


def downgrade() -> None:
    """Back to the version before."""
    op.drop_table("filerelease")
    op.drop_table("attachment")
    op.drop_table("storedfile")
