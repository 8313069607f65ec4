"""Validated input about capabilities and runs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from collab.facilities.rules import Category, Status

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")
]
Figure = Annotated[float, Field(allow_inf_nan=False, ge=-1e30, le=1e30)]
Weeks = Annotated[float, Field(allow_inf_nan=False, ge=0, le=520)]
TermId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$")]


class ValueIn(BaseModel):
    """What is stated for a parameter in its canonical unit: an interval, or choices."""

    model_config = ConfigDict(extra="forbid")

    low: Figure | None = None
    high: Figure | None = None
    choices: list[Figure | Annotated[str, StringConstraints(max_length=80)]] = Field(
        default_factory=list, max_length=50
    )


class CapabilityIn(BaseModel):
    """A capability as its owner states it. Lead time in calendar weeks, price in minor units."""

    model_config = ConfigDict(extra="forbid")

    category: Category
    name_zh: Annotated[Line, Field(min_length=2)]
    name_en: Line = ""
    code: Annotated[Line, Field(max_length=60)] | None = None
    description: Text = ""
    techniques: list[TermId] = Field(min_length=1, max_length=30)
    materials: list[TermId] = Field(default_factory=list, max_length=30)
    values: dict[TermId, ValueIn] = Field(default_factory=dict, max_length=60)
    access_mode: Line = ""
    status: Status = Status.OPERATING
    lead_weeks_min: Weeks | None = None
    lead_weeks_max: Weeks | None = None
    price_minor: Annotated[int, Field(ge=0, le=10**14)] | None = None
    price_currency: Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")] = ""
    price_note: Line = ""
    load: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.lead_weeks_min, self.lead_weeks_max
        if low is not None and high is not None and low > high:
            raise ValueError("lead_weeks_min is above lead_weeks_max")
        return self


class RunIn(BaseModel):
    """A multi-project-wafer run as its organiser announces it."""

    model_config = ConfigDict(extra="forbid")

    technology: Annotated[Line, Field(min_length=2)]
    materials: list[TermId] = Field(default_factory=list, max_length=30)
    tape_in: date | None = None
    turn_around: Line = ""
    price: Line = ""
    note: Text = ""
    seats: Annotated[int, Field(ge=0, le=10000)] | None = None
