"""Searches that people keep, to be told of new hits."""

from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import Field, SQLModel

from collab.kernel import clock
from collab.storage.columns import big_key, json_column
from collab.storage.models import Public, Row


class SearchFollower(SQLModel, table=True):
    """How far the search index of one machine has come, as that machine last said."""

    __tablename__ = "search_follower"

    machine: str = Field(primary_key=True, max_length=120)
    engine: str = Field(max_length=20)
    state: str = Field(max_length=20)
    position: int = Field(default=0, sa_type=big_key())
    documents: int = 0
    mended: int = 0
    checked_at: datetime | None = None
    seen_at: datetime = Field(default_factory=clock.now)


class SavedSearch(Row, Public, table=True):
    """A person's query with its filters, and the hits already seen."""

    PREFIX: ClassVar[str] = "sea-"

    person_id: int = Field(foreign_key="person.id", index=True)
    title: str = Field(max_length=120)
    query: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    seen: list[str] = Field(default_factory=list, sa_type=json_column())
    checked_at: datetime | None = None
