"""standings of needs and visits to the desk; what is there already is to be evaluated."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy import Text

from collab.kernel import clock

revision = "6a1f0c93d7e2"
down_revision = "5b7e3bd95647"
branch_labels = None
depends_on = None

__all__ = ["Text", "downgrade", "sqlmodel", "upgrade"]


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "need_standing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("need_version", sa.Integer(), nullable=False),
        sa.Column("rule_version", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("route", sa.Boolean(), nullable=False),
        sa.Column("steps", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("fits", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["need_id"], ["need.id"], name=op.f("fk_need_standing_need_id_need"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_standing")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "desk_visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("before", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("seen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_desk_visit_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_visit")),
    )
    op.create_index(op.f("ix_need_standing_need_id"), "need_standing", ["need_id"], unique=True)
    op.create_index(op.f("ix_desk_visit_person_id"), "desk_visit", ["person_id"], unique=True)
    _ask_for_evaluation()


def _ask_for_evaluation() -> None:
    """Needs of a database that is older than this table are evaluated by the worker's next round."""
    bind = op.get_bind()
    if not bind.execute(sa.text("SELECT 1 FROM need LIMIT 1")).first():
        return
    event = sa.table(
        "outbox_event", sa.column("name"), sa.column("payload", sa.JSON()),
        sa.column("recorded_at", sqlmodel.sql.sqltypes.UTCDateTime()),
        sa.column("due_at", sqlmodel.sql.sqltypes.UTCDateTime()),
    )  # fmt: skip
    now = clock.now()
    bind.execute(
        sa.insert(event).values(name="StandingsDue", payload={}, recorded_at=now, due_at=now)
    )


def downgrade() -> None:
    """Back to the version before."""
    op.drop_table("desk_visit")
    op.drop_table("need_standing")
