"""How open needs stood when they were last evaluated, and when a coordinator last looked."""

from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import Field

from collab.storage.columns import json_column
from collab.storage.models import Row


class NeedStanding(Row, table=True):
    """One open need as the worker evaluated it: per step who fits, and whether a route holds.

    Worked out from the need and the public capabilities alone and, for an anonymous need, without
    its owner and place; who may read it is decided by the need's own rule at every reading. Rows
    are replaced, never changed, so that a higher id is always the newer one.
    """

    __tablename__ = "need_standing"
    __table_args__: ClassVar[dict[str, Any]] = {"sqlite_autoincrement": True}

    need_id: int = Field(foreign_key="need.id", unique=True, index=True, ondelete="CASCADE")
    need_version: int
    rule_version: str = Field(max_length=60)
    route: bool = False
    steps: list[Any] = Field(default_factory=list, sa_type=json_column())
    fits: bytes = b""


class DeskVisit(Row, table=True):
    """Since when a coordinator's desk counts changes: the visit before the present one."""

    __tablename__ = "desk_visit"

    person_id: int = Field(foreign_key="person.id", unique=True, index=True, ondelete="CASCADE")
    before: datetime | None = None
    seen_at: datetime
