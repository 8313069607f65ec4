"""What a person is told: a code and facts, worded when it is read."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from collab.storage.columns import enum_column, json_column
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
    mailed_at: datetime | None = None


class MailPace(StrEnum):
    """How notices come by e-mail."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    NEVER = "never"


class MailWish(Row, table=True):
    """What a person chose; whoever chose nothing has no row."""

    person_id: int = Field(foreign_key="person.id", unique=True, index=True, ondelete="CASCADE")
    deals: MailPace = Field(default=MailPace.AT_ONCE, sa_type=enum_column(MailPace))
    finds: MailPace = Field(default=MailPace.DAILY, sa_type=enum_column(MailPace))
