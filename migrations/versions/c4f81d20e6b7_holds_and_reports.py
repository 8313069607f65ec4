"""holds of records by moderators, reports of members."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "c4f81d20e6b7"
down_revision = "d5b2e8a31f06"
branch_labels = None
depends_on = None

CATALOGUE = "ix_capability_catalogue"
BEFORE = ["retired_at", "organisation_id", "category", "evidence", "status"]
AFTER = ["retired_at", "held_at", "organisation_id", "category", "evidence", "status"]


def _text(length: int) -> sqlmodel.sql.sqltypes.AutoString:
    return sqlmodel.sql.sqltypes.AutoString(length=length)


def _time() -> sqlmodel.sql.sqltypes.UTCDateTime:
    return sqlmodel.sql.sqltypes.UTCDateTime()


def _about(table: str) -> list[sa.Column | sa.ForeignKeyConstraint]:
    """What both tables begin with: keys, times, version, and the record they are about."""
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", _time(), nullable=False),
        sa.Column("updated_at", _time(), nullable=False),
        sa.Column("public_id", _text(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=True),
        sa.Column("capability_id", sa.Integer(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reason", _text(1000) if table == "hold" else sa.String(length=40),
                  nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f(f"fk_{table}_need_id_need"),
                                ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["capability_id"], ["capability.id"], ondelete="CASCADE",
                                name=op.f(f"fk_{table}_capability_id_capability")),
    ]  # fmt: skip


def _indices(table: str, *columns: str) -> None:
    for column in ("need_id", "capability_id", "state", *columns):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_index(op.f(f"ix_{table}_public_id"), table, ["public_id"], unique=True)


def upgrade() -> None:
    """To this version."""
    op.add_column("need", sa.Column("held_at", _time(), nullable=True))
    op.add_column("capability", sa.Column("held_at", _time(), nullable=True))
    op.drop_index(CATALOGUE, table_name="capability")
    op.create_index(CATALOGUE, "capability", AFTER)
    op.create_table(
        "hold",
        *_about("hold"),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("wanted", _text(1000), nullable=False),
        sa.Column("reply", _text(1000), nullable=False),
        sa.Column("released_at", _time(), nullable=True),
        sa.UniqueConstraint("need_id", "live", name="uq_hold_need"),
        sa.UniqueConstraint("capability_id", "live", name="uq_hold_capability"),
    )
    _indices("hold")
    op.create_table(
        "report",
        *_about("report"),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("text", _text(1000), nullable=False),
        sa.Column("answer", _text(1000), nullable=False),
        sa.Column("answered_at", _time(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_report_person_id_person")
        ),
        sa.UniqueConstraint("person_id", "need_id", "live", name="uq_report_need"),
        sa.UniqueConstraint("person_id", "capability_id", "live", name="uq_report_capability"),
    )
    _indices("report", "person_id")


def downgrade() -> None:
    """Back to the version before."""
    op.drop_table("report")
    op.drop_table("hold")
    op.drop_index(CATALOGUE, table_name="capability")
    op.create_index(CATALOGUE, "capability", BEFORE)
    for table in ("capability", "need"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("held_at")
