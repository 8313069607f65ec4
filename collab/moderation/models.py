"""Holds of records and reports of members; each is about one need or one capability."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from collab.facilities.models import Capability
from collab.kernel.identity import Role
from collab.moderation.rules import HoldState, Kind, ReportReason, ReportState
from collab.needs.models import Need
from collab.storage.columns import enum_column
from collab.storage.models import Public, Row, Versioned

Record = Need | Capability
"""What can be held and reported."""


def kind_of(row: Record) -> Kind:
    """What a record is."""
    return Kind.NEED if isinstance(row, Need) else Kind.CAPABILITY


class Hold(Row, Public, Versioned, table=True):
    """Why a record is closed to others and what its owner is asked for; `live` until released.

    It names the role that decided, never the person: that stands on the record of acts.
    """

    PREFIX: ClassVar[str] = "hold-"
    __table_args__ = (
        UniqueConstraint("need_id", "live", name="uq_hold_need"),
        UniqueConstraint("capability_id", "live", name="uq_hold_capability"),
    )

    need_id: int | None = Field(default=None, foreign_key="need.id", index=True, ondelete="CASCADE")
    capability_id: int | None = Field(
        default=None, foreign_key="capability.id", index=True, ondelete="CASCADE"
    )
    live: bool | None = Field(default=True)
    state: HoldState = Field(default=HoldState.HELD, sa_type=enum_column(HoldState), index=True)
    role: Role = Field(sa_type=enum_column(Role))
    reason: str = Field(max_length=1000)
    wanted: str = Field(default="", max_length=1000)
    reply: str = Field(default="", max_length=1000)
    released_at: datetime | None = None


class Report(Row, Public, Versioned, table=True):
    """What a member reports of a record; one open report for each person and record."""

    PREFIX: ClassVar[str] = "rep-"
    __table_args__ = (
        UniqueConstraint("person_id", "need_id", "live", name="uq_report_need"),
        UniqueConstraint("person_id", "capability_id", "live", name="uq_report_capability"),
    )

    need_id: int | None = Field(default=None, foreign_key="need.id", index=True, ondelete="CASCADE")
    capability_id: int | None = Field(
        default=None, foreign_key="capability.id", index=True, ondelete="CASCADE"
    )
    person_id: int = Field(foreign_key="person.id", index=True)
    live: bool | None = Field(default=True)
    reason: ReportReason = Field(sa_type=enum_column(ReportReason))
    text: str = Field(default="", max_length=1000)
    state: ReportState = Field(
        default=ReportState.OPEN, sa_type=enum_column(ReportState), index=True
    )
    answer: str = Field(default="", max_length=1000)
    answered_at: datetime | None = None
