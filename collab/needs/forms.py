"""Validated input about needs: the text, and the structure a person confirmed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collab.needs.rules import MAX_TEXT, MAX_TITLE, Disclosure

TermId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$")]
Op = Literal["lt", "le", "eq", "ge", "gt", "between", "approx", "in", "all_of", "ne", "not_in"]
Figure = Annotated[float, Field(allow_inf_nan=False, ge=-1e30, le=1e30)]
Word = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00]*$")]
Ends = Annotated[list[Figure], Field(min_length=2, max_length=2)]
Level = Annotated[float, Field(ge=1, le=9)]
Span = Annotated[list[int], Field(min_length=2, max_length=2)]


class Found(BaseModel):
    """One finding: an identifier, tied to the words it was read from when there are any."""

    model_config = ConfigDict(extra="ignore")

    id: TermId
    span: Span | None = None
    hard: bool = True
    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0
    rule: Word = "person"
    reason: Word = ""


class CriterionIn(Found):
    """A quantitative or categorical criterion in the parameter's canonical unit."""

    op: Op
    value: Figure | Word | Annotated[list[Figure | Word], Field(max_length=20)]
    unit: Word = ""


class AmountIn(BaseModel):
    """How many of what; two figures are the ends of a range."""

    model_config = ConfigDict(extra="ignore")

    op: Op | None = None
    value: Figure | Ends
    unit: Word
    span: Span | None = None


class DeadlineIn(BaseModel):
    """A duration from the posting date, or a date."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["duration", "date"] = "duration"
    op: Op = "le"
    value: Figure | Word
    unit: Word = ""
    soft: bool = False
    span: Span | None = None


class BudgetIn(BaseModel):
    """An amount in base units of a currency; without amount and operator it is negotiable."""

    model_config = ConfigDict(extra="ignore")

    op: Op | None = "le"
    value: Figure | Ends | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = "CNY"
    negotiable: bool = False
    span: Span | None = None


class TrlIn(BaseModel):
    """A technology readiness level, 1 to 9; two figures are the ends of a range."""

    model_config = ConfigDict(extra="ignore")

    op: Op = "ge"
    value: Level | Annotated[list[Level], Field(min_length=2, max_length=2)]
    spans: list[Span] = Field(default_factory=list, max_length=4)


class RegionWish(BaseModel):
    """Regions preferred, required and excluded, as ids of the vocabulary's region parameter."""

    model_config = ConfigDict(extra="ignore")

    prefer: list[Word] = Field(default_factory=list, max_length=30)
    require: list[Word] = Field(default_factory=list, max_length=30)
    exclude: list[Word] = Field(default_factory=list, max_length=30)
    spans: list[Span] = Field(default_factory=list, max_length=40)


class Confidentiality(BaseModel):
    """What the text says of confidentiality."""

    model_config = ConfigDict(extra="ignore")

    level: Literal["public", "nda", "restricted"] | None = None
    anonymous: bool = False
    spans: list[Span] = Field(default_factory=list, max_length=10)


class Structure(BaseModel):
    """The structured need: the shape of the extraction result, confirmed by a person."""

    model_config = ConfigDict(extra="ignore")

    techniques: list[Found] = Field(default_factory=list, max_length=40)
    techniques_any_of: list[Annotated[list[Found], Field(min_length=1, max_length=10)]] = Field(
        default_factory=list, max_length=20
    )
    optional_techniques: list[Found] = Field(default_factory=list, max_length=40)
    excluded_techniques: list[Found] = Field(default_factory=list, max_length=40)
    materials: list[Found] = Field(default_factory=list, max_length=20)
    excluded_materials: list[Found] = Field(default_factory=list, max_length=20)
    parameters: list[CriterionIn] = Field(default_factory=list, max_length=100)
    quantity: AmountIn | None = None
    deadline: DeadlineIn | None = None
    budget: BudgetIn | None = None
    trl: TrlIn | None = None
    region: RegionWish = Field(default_factory=RegionWish)
    confidentiality: Confidentiality = Field(default_factory=Confidentiality)
    chain: TermId | None = None
    not_understood: list[dict[str, Any]] = Field(default_factory=list, max_length=200)
    questions: list[Any] = Field(default_factory=list, max_length=200)


class DraftIn(BaseModel):
    """The text of a need and its title (made from the text when empty)."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(max_length=MAX_TEXT, pattern=r"^[^\x00]*$")]
    title: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=MAX_TITLE, pattern=r"^[^\x00-\x1f]*$"),
    ] = ""
    posted: date | None = None


class PublicationIn(BaseModel):
    """Who may read the need and until when it stands."""

    model_config = ConfigDict(extra="forbid")

    disclosure: Disclosure = Disclosure.MEMBERS
    invited: list[Annotated[str, StringConstraints(max_length=80)]] = Field(
        default_factory=list, max_length=100
    )
    expires_on: date | None = None
