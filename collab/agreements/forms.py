"""Validated input about agreements."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collab.agreements.rules import MAX_MILESTONES, AgreementKind

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200,
                           pattern=r"^[^\x00-\x1f]*$")
]  # fmt: skip
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")
]
Amount = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2, allow_inf_nan=False)]


class MilestoneIn(BaseModel):
    """Something that is to be there by a day."""

    model_config = ConfigDict(extra="forbid")

    title: Line
    due_on: date


class AgreementIn(BaseModel):
    """What two parties are to sign; the amount stays between them."""

    model_config = ConfigDict(extra="forbid")

    title: Line
    kind: AgreementKind
    scope: Text = ""
    amount: Amount | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "CNY"
    starts_on: date
    ends_on: date
    milestones: Annotated[list[MilestoneIn], Field(max_length=MAX_MILESTONES)] = []

    @property
    def amount_minor(self) -> int | None:
        """The amount in hundredths of the currency."""
        return None if self.amount is None else int(self.amount * 100)
