"""Capabilities with their techniques, materials and values; multi-project-wafer runs."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from collab.facilities.rules import Category, Evidence, Status
from collab.storage.columns import enum_column, json_column
from collab.storage.models import Public, Row, Versioned


class Capability(Row, Public, Versioned, table=True):
    """What an organisation offers. Lead time in calendar weeks, price in fen or cents."""

    PREFIX: ClassVar[str] = "cap-"
    __table_args__ = (  # the catalogue's counts are answered from this index alone
        Index(
            "ix_capability_catalogue", "retired_at", "held_at", "organisation_id", "category",
            "evidence", "status",
        ),
        Index("ix_capability_name", "name_zh", "id"),
    )  # fmt: skip

    slug: str | None = Field(default=None, unique=True, index=True, max_length=160)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    code: str | None = Field(default=None, max_length=60, index=True)
    category: Category = Field(sa_type=enum_column(Category), index=True)
    name_zh: str = Field(max_length=200)
    name_en: str = Field(default="", max_length=200)
    technique_text: str = Field(default="", max_length=300)
    description: str = ""
    access: str = Field(default="", max_length=40, index=True)
    access_mode: str = Field(default="", max_length=200)
    status: Status = Field(default=Status.OPERATING, sa_type=enum_column(Status), index=True)
    evidence: Evidence = Field(
        default=Evidence.DOCUMENTED, sa_type=enum_column(Evidence), index=True
    )
    lead_weeks_min: float | None = None
    lead_weeks_max: float | None = None
    price_minor: int | None = Field(default=None, sa_type=BigInteger)
    price_currency: str = Field(default="", max_length=3)
    price_note: str = Field(default="", max_length=300)
    rates: list[Any] = Field(default_factory=list, sa_type=json_column())
    load: float | None = None
    throughput: str = Field(default="", max_length=200)
    confirmed_at: datetime | None = None
    retired_at: datetime | None = Field(default=None, index=True)
    held_at: datetime | None = None  # taken out of the catalogue by a moderator
    source: str = ""
    source_type: str = Field(default="", max_length=60)
    confidence: str = Field(default="", max_length=20)
    other: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    demo: bool = Field(default=False, index=True)


class CapabilityTechnique(Row, table=True):
    """A technique that a capability carries."""

    __table_args__ = (
        UniqueConstraint("capability_id", "technique", name="uq_capability_technique"),
    )

    capability_id: int = Field(foreign_key="capability.id", index=True, ondelete="CASCADE")
    technique: str = Field(index=True, max_length=80)


class CapabilityMaterial(Row, table=True):
    """A material platform that a capability works in."""

    __table_args__ = (UniqueConstraint("capability_id", "material", name="uq_capability_material"),)

    capability_id: int = Field(foreign_key="capability.id", index=True, ondelete="CASCADE")
    material: str = Field(index=True, max_length=80)


class CapabilityValue(Row, table=True):
    """What a capability states for a parameter, in its canonical unit: an interval or choices."""

    __table_args__ = (UniqueConstraint("capability_id", "parameter", name="uq_capability_value"),)

    capability_id: int = Field(foreign_key="capability.id", index=True, ondelete="CASCADE")
    parameter: str = Field(index=True, max_length=80)
    low: float | None = None
    high: float | None = None
    choices: list[Any] = Field(default_factory=list, sa_type=json_column())


class CapabilityWafer(Row, table=True):
    """A nominal wafer diameter in mm that a capability takes, for filters; derived from values."""

    __table_args__ = (UniqueConstraint("capability_id", "diameter_mm", name="uq_capability_wafer"),)

    capability_id: int = Field(foreign_key="capability.id", index=True, ondelete="CASCADE")
    diameter_mm: int = Field(index=True)


class MpwRun(Row, Public, Versioned, table=True):
    """A multi-project-wafer run as published. `tape_in_text` is the source's wording."""

    PREFIX: ClassVar[str] = "run-"

    slug: str | None = Field(default=None, unique=True, index=True, max_length=120)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    technology: str = Field(max_length=300)
    techniques: list[str] = Field(default_factory=list, sa_type=json_column())
    materials: list[str] = Field(default_factory=list, sa_type=json_column())
    tape_in: date | None = Field(default=None, index=True)
    tape_in_text: str = Field(default="", max_length=300)
    turn_around: str = Field(default="", max_length=200)
    price: str = Field(default="", max_length=300)
    note: str = ""
    seats: int | None = None
    seats_taken: int = 0
    historical: bool = False
    source: str = ""
    source_type: str = Field(default="", max_length=60)
    confidence: str = Field(default="", max_length=20)
    demo: bool = Field(default=False, index=True)
