"""An expression of interest of one organisation in the need of another."""

from typing import ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from collab.deals.rules import InterestState
from collab.storage.columns import enum_column
from collab.storage.models import Public, Row, Versioned


class Interest(Row, Public, Versioned, table=True):
    """Offered by `organisation_id`; the owner learns who it is, the other side after acceptance."""

    PREFIX: ClassVar[str] = "int-"
    __table_args__ = (UniqueConstraint("need_id", "organisation_id", name="uq_interest"),)

    need_id: int = Field(foreign_key="need.id", index=True, ondelete="CASCADE")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    capability_id: int | None = Field(default=None, foreign_key="capability.id")
    message: str = Field(default="", max_length=2000)
    reply: str = Field(default="", max_length=2000)
    state: InterestState = Field(
        default=InterestState.EXPRESSED, sa_type=enum_column(InterestState), index=True
    )
