"""questions to providers."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy import Text

revision = "c4a1f7e2d903"
down_revision = "c3f8e21b7d06"
branch_labels = None
depends_on = None

__all__ = ["Text", "downgrade", "sqlmodel", "upgrade"]


def _row() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False),
    ]


def _to(table: str, column: str, target: str, *, owned: bool = False) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{target}.id"],
        name=op.f(f"fk_{table}_{column}_{target}"),
        ondelete="CASCADE" if owned else None,
    )


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "inquiry",
        *_row(),
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("capability_id", sa.Integer(), nullable=False),
        _to("inquiry", "need_id", "need", owned=True),
        _to("inquiry", "organisation_id", "organisation"),
        _to("inquiry", "capability_id", "capability", owned=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry")),
        sa.UniqueConstraint("need_id", "capability_id", name="uq_inquiry"),
    )
    for column in ("need_id", "organisation_id", "capability_id"):
        op.create_index(op.f(f"ix_inquiry_{column}"), "inquiry", [column], unique=False)
    op.create_index(op.f("ix_inquiry_public_id"), "inquiry", ["public_id"], unique=True)
    op.create_table(
        "question",
        *_row(),
        sa.Column("inquiry_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("criterion", sa.String(length=120), nullable=False),
        sa.Column("words_zh", sa.String(), nullable=False),
        sa.Column("words_en", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("stance", sa.String(length=40), nullable=True),
        sa.Column("value", sa.JSON(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("taken_over_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        _to("question", "inquiry_id", "inquiry", owned=True),
        _to("question", "asked_by", "person"),
        _to("question", "answered_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("inquiry_id", "topic", "live", name="uq_question_live"),
    )
    op.create_index(op.f("ix_question_inquiry_id"), "question", ["inquiry_id"], unique=False)
    op.create_index(op.f("ix_question_state"), "question", ["state"], unique=False)
    op.create_index(op.f("ix_question_public_id"), "question", ["public_id"], unique=True)


def downgrade() -> None:
    """Back to the version before."""
    op.drop_table("question")
    op.drop_table("inquiry")
