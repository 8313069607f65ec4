"""What the API takes and answers about needs: summary, whole, structure, changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from pydantic_core import PydanticCustomError

from collab.members.models import Organisation, Person
from collab.needs.catalogue import NeedView
from collab.needs.forms import (
    AmountIn,
    BudgetIn,
    Confidentiality,
    DeadlineIn,
    DraftIn,
    PublicationIn,
    RegionWish,
    Structure,
    TrlIn,
)
from collab.needs.models import NeedRead
from collab.needs.rules import MAX_TEXT, Disclosure, NeedState
from collab.web.api.reading import MayBeAbsent
from collab.web.api.shapes import HELD, Listing, OrganisationRef, organisation_ref
from collab.web.api.shapes_holds import HoldOut

Version = Annotated[
    int | None,
    Field(ge=1, le=2**31 - 1, description="The version this change is based on, or use If-Match."),
]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$")]


def _worded(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("missing", "blank")
    return text


NeedText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_TEXT, pattern=r"^[^\x00]*$"),
    AfterValidator(_worded),
]
Place = Annotated[int, Field(ge=0, le=MAX_TEXT)]


class Passage(BaseModel):
    """Words of the text, as [start, end) of its characters."""

    model_config = ConfigDict(extra="ignore")

    span: Annotated[list[Place], Field(min_length=2, max_length=2)]
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT, pattern=r"^[^\x00]*$")] = ""


class StructureIn(Structure):
    """The structured need that a person or program confirmed; the shape of an extraction."""

    not_understood: list[Passage] = Field(  # type: ignore[assignment]
        default_factory=list, max_length=200
    )
    questions: list[dict[str, JsonValue]] = Field(default_factory=list, max_length=200)


class FoundOut(BaseModel):
    """One finding tied to the words it was read from; `hard` where the text insists.

    `alternatives` are the other terms of the vocabulary that the words may mean.
    """

    model_config = ConfigDict(extra="allow")

    id: str
    span: list[int] | None = None
    hard: bool = True
    confidence: float = 1.0
    rule: str = ""
    reason: str = ""
    alternatives: list[str] = []


class CriterionOut(FoundOut):
    """A criterion; `op` is lt, le, eq, ge, gt, between, approx, in or all_of."""

    op: str
    value: float | str | list[float | str]
    unit: str = ""


class UnreadOut(BaseModel):
    """Words that look like a criterion or a step and were not understood.

    `reason` is no-parameter, ambiguous or too-long; `candidates` are ids of what may be meant.
    """

    model_config = ConfigDict(extra="allow")

    span: list[int]
    text: str = ""
    reason: str = ""
    candidates: list[str] = []


class QuestionOut(BaseModel):
    """A question to the asker.

    `code` is chain-step, unlikely-value, ambiguous-term or text-too-long.
    """

    model_config = ConfigDict(extra="allow")

    code: str = ""
    zh: str = ""
    en: str = ""


class StructureOut(BaseModel):
    """The result of an extraction: absent things are null or empty, never missing."""

    model_config = ConfigDict(extra="allow")

    techniques: list[FoundOut] = []
    techniques_any_of: list[list[FoundOut]] = []
    optional_techniques: list[FoundOut] = []
    excluded_techniques: list[FoundOut] = []
    materials: list[FoundOut] = []
    excluded_materials: list[FoundOut] = []
    parameters: list[CriterionOut] = []
    quantity: AmountIn | None = None
    deadline: DeadlineIn | None = None
    budget: BudgetIn | None = None
    trl: TrlIn | None = None
    region: RegionWish = RegionWish()
    confidentiality: Confidentiality = Confidentiality()
    chain: str | None = None
    not_understood: list[UnreadOut] = []
    questions: list[QuestionOut] = []


class NeedOut(BaseModel):
    """A need in a list. `organisation` is null where it is hidden; `region` then is coarser."""

    id: str
    title: str
    organisation: OrganisationRef | None
    region: str | None
    techniques: list[str]
    chain: str | None
    state: NeedState
    disclosure: Disclosure
    posted_on: date
    published_at: datetime | None
    expires_on: date | None
    held_at: datetime | None = Field(description=HELD)
    own: bool
    demo: bool
    version: int


class Needs(Listing[NeedOut]):
    """Needs that the asker may read."""


class ReadOut(BaseModel):
    """That somebody from outside read an invited need."""

    name: str
    at: datetime
    organisation: OrganisationRef | None
    channel: Literal["page", "api", "export", "file"]


class NeedFull(NeedOut):
    """A need; `invited`, `reads` and `hold` are for its own people, null for everybody else."""

    text: str
    structure: StructureOut
    invited: list[OrganisationRef] | None
    reads: list[ReadOut] | None
    hold: HoldOut | None


class DraftNew(DraftIn):
    """A new need. Without `organisation` the asker's only one is taken."""

    text: NeedText
    organisation: Key | None = None


class DraftChange(BaseModel):
    """New words of a draft; what was understood is made anew."""

    model_config = ConfigDict(extra="forbid")

    text: NeedText
    title: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=120, pattern=r"^[^\x00-\x1f]*$")
    ] = ""
    version: Version = None


class StructureChange(BaseModel):
    """The structure as corrected."""

    model_config = ConfigDict(extra="forbid")

    structure: StructureIn
    title: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=120, pattern=r"^[^\x00-\x1f]*$")
    ] = ""
    version: Version = None


class PublicationChange(PublicationIn):
    """Who may read the need, and until when it stands."""

    invited: list[Key] = Field(default_factory=list, max_length=100)
    version: Version = None


class VersionOnly(MayBeAbsent):
    """Nothing but the version the step is based on."""

    model_config = ConfigDict(extra="forbid")

    version: Version = None


class TextIn(BaseModel):
    """A text to understand; `posted` anchors "within 8 weeks" and "by the end of the year"."""

    model_config = ConfigDict(extra="forbid")

    text: NeedText
    posted: date | None = None


class QuestionIn(BaseModel):
    """What to answer: the text of a need, or its structure."""

    model_config = ConfigDict(extra="forbid")

    text: NeedText | None = None
    structure: StructureIn | None = None
    posted: date | None = None
    top: Annotated[int, Field(ge=1, le=50, description="Candidates a step.")] = 10


def read_out(read: NeedRead, person: Person, house: Organisation | None) -> ReadOut:
    """One entry of the read log."""
    channel = cast(Literal["page", "api", "export", "file"], read.channel)
    return ReadOut(
        name=person.name, at=read.created_at, channel=channel,
        organisation=None if house is None else organisation_ref(house),
    )  # fmt: skip


def need(view: NeedView) -> NeedOut:
    """A need in a list: never its words, so that a list is not a read."""
    row = view.row
    return NeedOut(
        id=row.public_id, title=row.title,
        organisation=None if view.owner is None else organisation_ref(view.owner),
        region=None if view.region is None else view.region.code,
        techniques=list(view.techniques), chain=row.chain, state=row.state,
        disclosure=row.disclosure, posted_on=row.posted_on, published_at=row.published_at,
        expires_on=row.expires_on, held_at=row.held_at, own=view.own,
        demo=row.demo, version=row.version,
    )  # fmt: skip


def need_full(
    view: NeedView,
    invited: list[OrganisationRef] | None,
    reads: list[ReadOut] | None,
    hold: HoldOut | None,
) -> NeedFull:
    """A need on its own."""
    structure: dict[str, Any] = view.row.structure
    return NeedFull(
        **need(view).model_dump(), text=view.row.text,
        structure=StructureOut.model_validate(structure), invited=invited, reads=reads,
        hold=hold,
    )  # fmt: skip
