"""What the API answers about regions, organisations, capabilities, runs and the vocabulary."""

from __future__ import annotations

from datetime import date, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, Field, JsonValue

from collab.facilities.catalogue import CapabilityView, RunView
from collab.facilities.rules import Category, Evidence, Status
from collab.members.catalogue import OrganisationDetail, OrganisationView
from collab.members.models import Organisation, Region
from collab.members.rules import Membership, OrganisationKind, RelationKind
from collab.web.api.shapes_holds import HoldOut

T = TypeVar("T")
HELD = "Since when a moderator keeps it closed to others; null when it is not."


class Listing(BaseModel, Generic[T]):
    """One page of a list. `total` counts what the asker may read; `next` is null at the end."""

    items: list[T]
    total: int
    next: str | None = None


class Label(BaseModel):
    """A name in both languages."""

    zh: str
    en: str


class RegionOut(BaseModel):
    """A country, province, city, cluster or park; `above` are the codes around it, widest first."""

    code: str
    name: Label
    kind: str
    above: list[str]
    iso: str
    lat: float | None
    lon: float | None


class Regions(Listing[RegionOut]):
    """Regions."""


class OrganisationRef(BaseModel):
    """Which organisation."""

    id: str
    slug: str | None
    name: Label


class OrganisationOut(OrganisationRef):
    """An organisation in a list. `evidence` says how sure the record is."""

    kind: OrganisationKind
    region: str
    membership: Membership
    website: str
    founded: str
    description: Label
    evidence: str
    confirmed_at: datetime | None
    source: str
    source_type: str
    confidence: str
    demo: bool
    version: int


class Organisations(Listing[OrganisationOut]):
    """Organisations."""


class TieOut(BaseModel):
    """A tie to another organisation; `outward` when it points away from the one that was asked."""

    organisation: OrganisationRef
    kind: RelationKind
    outward: bool
    year: str
    source: str


class AgreementOut(BaseModel):
    """A co-build agreement."""

    title: str
    signed_on: date
    until: date | None


class OrganisationFull(OrganisationOut):
    """An organisation with its ties and agreements; `contact` is a stage of its own."""

    contact: str
    capabilities: int
    ties: list[TieOut]
    agreements: list[AgreementOut]
    may_edit: bool


class ValueOut(BaseModel):
    """What is stated for a parameter in its canonical unit: an interval, or choices."""

    low: float | None
    high: float | None
    choices: list[str | float]
    unit: str


class PriceOut(BaseModel):
    """A price in minor units (fen, cents) of a currency."""

    minor: int | None
    currency: str
    note: str


class CapabilityOut(BaseModel):
    """A capability. Lead time in calendar weeks; `load` is the share of capacity taken."""

    id: str
    slug: str | None
    organisation: OrganisationRef
    region: str
    category: Category
    name: Label
    techniques: list[str]
    materials: list[str]
    values: dict[str, ValueOut]
    technique_text: str
    description: str
    access: str
    access_mode: str
    status: Status
    evidence: Evidence
    lead_weeks: tuple[float | None, float | None]
    price: PriceOut
    rates: list[JsonValue]
    throughput: str
    load: float | None
    confirmed_at: datetime | None
    retired_at: datetime | None
    held_at: datetime | None = Field(description=HELD)
    source: str
    source_type: str
    confidence: str
    other: dict[str, JsonValue]
    demo: bool
    version: int


class CapabilityFull(CapabilityOut):
    """A capability on its own; the owner's register `code` is shown to those who may edit it."""

    code: str | None
    may_edit: bool
    hold: HoldOut | None = Field(description="For its own people; null for everybody else.")


class Capabilities(Listing[CapabilityOut]):
    """Capabilities."""


class RunOut(BaseModel):
    """A multi-project-wafer run as published; `tape_in_text` is the source's wording."""

    id: str
    slug: str | None
    organisation: OrganisationRef
    technology: str
    techniques: list[str]
    materials: list[str]
    tape_in: date | None
    tape_in_text: str
    turn_around: str
    price: str
    note: str
    seats: int | None
    seats_free: int | None
    historical: bool
    source: str
    demo: bool


class Runs(Listing[RunOut]):
    """Multi-project-wafer runs."""


class TermOut(BaseModel):
    """A term of the vocabulary; `broader` is its parent in the hierarchy."""

    id: str
    label: Label
    broader: str | None
    synonyms: list[str]
    deprecated: bool
    replaced_by: str | None


class TechniqueOut(TermOut):
    """Something done to a work piece, a design or data."""

    category: str
    params: list[str] = Field(description="Meaningful parameters, the ancestors' included.")
    narrower: list[str]


class MaterialOut(TermOut):
    """A material platform. Diameters in mm, wavelengths in nm."""

    kind: str
    family: str
    common_diameters: list[int]
    available_diameters: list[int]
    wavelengths: tuple[float, float] | None


class ChoiceOut(BaseModel):
    """One value of a category parameter."""

    id: str
    label: Label


class ParameterOut(TermOut):
    """A quantity or category that a need can ask for; `unit` is canonical (pint-compatible)."""

    group: str
    kind: str
    unit: str
    compare: str
    better: str
    typical: tuple[float, float] | None
    possible: tuple[float, float] | None
    choices: list[ChoiceOut]


class ChainStepOut(BaseModel):
    """A step of a process chain; `weeks` is a rule of thumb, never a promise."""

    key: str
    techniques: list[str]
    alternatives: list[str]
    level: str
    after: list[str]
    weeks: tuple[float, float]


class ChainOut(BaseModel):
    """A process-chain template of a device family."""

    id: str
    label: Label
    materials: list[str]
    total_weeks: tuple[float, float]
    steps: list[ChainStepOut]


class Techniques(Listing[TechniqueOut]):
    """Techniques."""


class Materials(Listing[MaterialOut]):
    """Materials."""


class Parameters(Listing[ParameterOut]):
    """Parameters."""


class Chains(Listing[ChainOut]):
    """Process chains."""


class CategoryOut(BaseModel):
    """A category of capabilities."""

    id: str
    label: Label


class VocabularyOut(BaseModel):
    """The vocabulary in force: its version, sizes and categories."""

    version: str
    techniques: int
    materials: int
    parameters: int
    chains: int
    categories: list[CategoryOut]


def region(row: Region) -> RegionOut:
    """A region for programs."""
    return RegionOut(
        code=row.code, name=Label(zh=row.zh, en=row.en), kind=row.kind,
        above=[c for c in row.path.split("/") if c][:-1], iso=row.iso, lat=row.lat, lon=row.lon,
    )  # fmt: skip


def organisation_ref(row: Organisation) -> OrganisationRef:
    """Which organisation, for programs."""
    return OrganisationRef(
        id=row.public_id, slug=row.slug, name=Label(zh=row.name_zh, en=row.name_en)
    )


def organisation(view: OrganisationView) -> OrganisationOut:
    """An organisation for programs."""
    row = view.row
    return OrganisationOut(
        **organisation_ref(row).model_dump(), kind=row.kind, region=view.region.code,
        membership=row.membership, website=row.website, founded=row.founded,
        description=Label(zh=row.description_zh, en=row.description_en), evidence=row.evidence,
        confirmed_at=row.confirmed_at, source=row.source, source_type=row.source_type,
        confidence=row.confidence, demo=row.demo, version=row.version,
    )  # fmt: skip


def organisation_full(
    detail: OrganisationDetail, capabilities: int, *, contact: bool, may_edit: bool
) -> OrganisationFull:
    """An organisation on its own for programs."""
    return OrganisationFull(
        **organisation(detail.view).model_dump(),
        contact=detail.view.row.contact if contact else "",
        capabilities=capabilities,
        ties=[
            TieOut(
                organisation=organisation_ref(t.other), kind=RelationKind(t.kind),
                outward=t.outward, year=t.year, source=t.source,
            )
            for t in detail.ties
        ],
        agreements=[
            AgreementOut(title=a.title, signed_on=a.signed_on, until=a.until)
            for a in detail.agreements
        ],
        may_edit=may_edit,
    )  # fmt: skip


def capability(view: CapabilityView, units: dict[str, str]) -> CapabilityOut:
    """A capability for programs; `units` are the canonical units by parameter."""
    row = view.row
    values = {
        p: ValueOut(low=v.low, high=v.high, choices=list(v.choices), unit=units.get(p, ""))
        for p, v in view.values.items()
    }
    return CapabilityOut(
        id=row.public_id, slug=row.slug, organisation=organisation_ref(view.owner.row),
        region=view.owner.region.code, category=row.category,
        name=Label(zh=row.name_zh, en=row.name_en), techniques=list(view.techniques),
        materials=list(view.materials), values=values, technique_text=row.technique_text,
        description=row.description, access=row.access, access_mode=row.access_mode,
        status=row.status, evidence=row.evidence,
        lead_weeks=(row.lead_weeks_min, row.lead_weeks_max),
        price=PriceOut(minor=row.price_minor, currency=row.price_currency, note=row.price_note),
        rates=row.rates, throughput=row.throughput, load=row.load, confirmed_at=row.confirmed_at,
        retired_at=row.retired_at, held_at=row.held_at,
        source=row.source, source_type=row.source_type,
        confidence=row.confidence, other=row.other, demo=row.demo, version=row.version,
    )  # fmt: skip


def run(view: RunView) -> RunOut:
    """A run for programs."""
    row = view.row
    return RunOut(
        id=row.public_id, slug=row.slug, organisation=organisation_ref(view.owner.row),
        technology=row.technology, techniques=row.techniques, materials=row.materials,
        tape_in=row.tape_in, tape_in_text=row.tape_in_text, turn_around=row.turn_around,
        price=row.price, note=row.note, seats=row.seats,
        seats_free=None if row.seats is None else max(0, row.seats - row.seats_taken),
        historical=row.historical, source=row.source, demo=row.demo,
    )  # fmt: skip
