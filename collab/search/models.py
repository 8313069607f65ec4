"""Searches that people keep, to be told of new hits."""

from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import Field

from collab.storage.columns import json_column
from collab.storage.models import Public, Row


class SavedSearch(Row, Public, table=True):
    """A person's query with its filters, and the hits already seen."""

    PREFIX: ClassVar[str] = "sea-"

    person_id: int = Field(foreign_key="person.id", index=True)
    title: str = Field(max_length=120)
    query: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    seen: list[str] = Field(default_factory=list, sa_type=json_column())
    checked_at: datetime | None = None
