"""Tables and events of the storage tests alone, kept out of the platform's own metadata."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from collab.kernel.events import Event
from collab.storage.columns import Money, enum_column, json_column
from collab.storage.database import Database
from collab.storage.models import Public, Row, Versioned

scratch = sa.MetaData(naming_convention=SQLModel.metadata.naming_convention)


class Colour(StrEnum):
    RED = "red"
    DEEP_BLUE = "deep-blue"


class Shelf(Row, table=True):
    metadata = scratch
    name: str = Field(unique=True)


class Thing(Row, Public, Versioned, table=True):
    metadata = scratch
    PREFIX: ClassVar[str] = "th-"
    __table_args__ = (sa.UniqueConstraint("shelf_id", "place"),)

    name: str = Field(default="", unique=True)
    shelf_id: int | None = Field(default=None, foreign_key="shelf.id", ondelete="CASCADE")
    place: int | None = None
    price: Decimal | None = Field(default=None, sa_type=Money)
    colour: Colour = Field(default=Colour.RED, sa_type=enum_column(Colour))
    seen_at: datetime | None = None
    extra: dict[str, Any] | None = Field(default=None, sa_type=json_column())


class Counter(Row, table=True):
    metadata = scratch
    value: int = 0


@dataclass(frozen=True)
class ThingMade(Event):
    """For tests."""

    thing_id: int
    note: str = ""


@dataclass(frozen=True)
class ThingColoured(ThingMade):
    """For tests of inheritance and of every kind of field."""

    colour: Colour = Colour.RED
    on: date | None = None
    at: datetime | None = None
    tags: tuple[str, ...] = ()
    ids: frozenset[int] = frozenset()


def create(database: Database) -> None:
    """Empty scratch tables in a database of a test."""
    scratch.drop_all(database.engine)
    scratch.create_all(database.engine)
