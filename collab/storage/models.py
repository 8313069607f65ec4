"""Mixins of all tables, and the tables of the storage layer itself."""

import hashlib
import secrets
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from collab.kernel import clock
from collab.storage.columns import big_key, enum_column, json_column

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
PUBLIC_LENGTH = 10

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_public_id(prefix: str) -> str:
    """`prefix` and ten random characters (50 bits) that nobody can guess or misread."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(PUBLIC_LENGTH))


def derived_public_id(prefix: str, seed: str) -> str:
    """The public id that shipped data gets on every machine: the same for the same `seed`."""
    number = int.from_bytes(hashlib.sha256(f"{prefix}\0{seed}".encode()).digest()[:8], "big")
    return prefix + "".join(ALPHABET[number >> 5 * place & 31] for place in range(PUBLIC_LENGTH))


class Row(SQLModel):
    """What every table has: a number of its own and when it was made and changed (UTC)."""

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(default_factory=clock.now)
    updated_at: datetime = Field(
        default_factory=clock.now, sa_column_kwargs={"onupdate": clock.now}
    )


class Public(SQLModel):
    """A row with an identifier for the world; a table that sets PREFIX gets a random one."""

    PREFIX: ClassVar[str] = ""

    public_id: str = Field(default="", max_length=40, unique=True, index=True)

    if not TYPE_CHECKING:  # the checked constructor of each table stays the synthesised one

        def __init__(self, **values: Any) -> None:
            if self.PREFIX and not values.get("public_id"):
                values["public_id"] = new_public_id(self.PREFIX)
            super().__init__(**values)


class Versioned(SQLModel):
    """A row that people edit: a write based on an older version is refused as a conflict."""

    version: int = Field(default=1, nullable=False)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {"version_id_col": cls.version}


class DeliveryState(StrEnum):
    """Whether a delivery is still tried. Done ones are removed."""

    PENDING = "pending"
    DEAD = "dead"


class OutboxEvent(SQLModel, table=True):
    """An event, written in the transaction of the change that it reports."""

    __tablename__ = "outbox_event"
    __table_args__ = (
        sa.Index(
            "ix_outbox_event_waiting",
            "due_at",
            "id",
            sqlite_where=sa.text("fanned_at IS NULL"),
            postgresql_where=sa.text("fanned_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=big_key())
    name: str = Field(max_length=80)
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    recorded_at: datetime = Field(default_factory=clock.now)
    due_at: datetime = Field(default_factory=clock.now)
    fanned_at: datetime | None = None
    once: str | None = Field(default=None, max_length=200, unique=True)


class OutboxFloor(SQLModel, table=True):
    """Up to which number events were tidied away: who stands below it may have missed some."""

    __tablename__ = "outbox_floor"

    id: int | None = Field(default=None, primary_key=True)
    number: int = Field(default=0, sa_type=big_key())


class OutboxDelivery(SQLModel, table=True):
    """An event on its way to one listener; removed when the listener has taken it."""

    __tablename__ = "outbox_delivery"
    __table_args__ = (
        sa.UniqueConstraint("listener", "event_id"),
        sa.Index("ix_outbox_delivery_next", "listener", "state", "id"),
        sa.Index("ix_outbox_delivery_event", "event_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=big_key())
    event_id: int = Field(sa_type=big_key(), foreign_key="outbox_event.id", ondelete="CASCADE")
    listener: str = Field(max_length=80)
    state: DeliveryState = Field(default=DeliveryState.PENDING, sa_type=enum_column(DeliveryState))
    attempts: int = 0
    due_at: datetime = Field(default_factory=clock.now)
    error: str = Field(default="", max_length=2000)


class Lease(SQLModel, table=True):
    """The right to do something alone for a while: one holder for each name."""

    name: str = Field(primary_key=True, max_length=120)
    holder: str = Field(max_length=200)
    expires_at: datetime


class Activity(SQLModel, table=True):
    """Who did what when: append-only, every row sealed with the hash of the row before it."""

    id: int | None = Field(default=None, primary_key=True, sa_type=big_key())
    sequence: int = Field(sa_type=sa.BigInteger, unique=True)
    at: datetime = Field(default_factory=clock.now, index=True)
    person_id: int | None = Field(default=None, index=True)
    actor: str = Field(default="", max_length=200)
    action: str = Field(max_length=80)
    kind: str = Field(max_length=80)
    key: str = Field(default="", max_length=80)
    address: str = Field(default="", max_length=60)
    before: dict[str, Any] | None = Field(default=None, sa_type=json_column())
    after: dict[str, Any] | None = Field(default=None, sa_type=json_column())
    prev_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)

    __table_args__ = (sa.Index("ix_activity_thing", "kind", "key"), {"sqlite_autoincrement": True})


class ActivityHead(SQLModel, table=True):
    """The last link of the activity chain; locking it puts writers in a row."""

    __tablename__ = "activity_head"

    id: int | None = Field(default=None, primary_key=True)
    sequence: int = Field(default=0, sa_type=sa.BigInteger)
    hash: str = Field(default="", max_length=64)
