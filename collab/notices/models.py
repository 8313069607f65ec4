"""What a person is told: a code and facts, worded when it is read."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from collab.storage.columns import json_column
from collab.storage.models import Row


class Notice(Row, table=True):
    """One notice for one person; `once` keeps a repeated event from telling twice."""

    __table_args__ = (UniqueConstraint("person_id", "once", name="uq_notice_once"),)

    person_id: int = Field(foreign_key="person.id", index=True)
    code: str = Field(max_length=60)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    url: str = Field(default="", max_length=300)
    once: str = Field(max_length=120)
    read_at: datetime | None = None
