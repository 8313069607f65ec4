"""The public network of organisations: drawing, ties and figures of each organisation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from collab.facilities.rules import Evidence
from collab.members.rules import OrganisationKind, RelationKind
from collab.network.measured import NODE_METRICS
from collab.network.wanted import ORGANISATIONS
from collab.web import network as pages
from collab.web.api import filters
from collab.web.api.filters import MOST, Code, TermId
from collab.web.api.reading import Query
from collab.web.api.serving import api
from collab.web.session import language, platform, reading, vocabulary

Metric = StrEnum("Metric", {n: n for n in NODE_METRICS})  # type: ignore[misc]


def _iso(value: object) -> object:
    """Only a written day is one; a bare number would be read as seconds since 1970."""
    if isinstance(value, str) and len(value) == len("2026-11-24") and value[4] == "-":
        return value
    raise ValueError("not a day")


Day = Annotated[date, BeforeValidator(_iso)]


class NetworkQuery(Query):
    """Narrow to kinds of organisation and tie, a region with everything inside, techniques and
    materials offered (narrower ones included), evidence, and what stood on a day (`on`) or in a
    period. `size` and `colour` name the metrics in `rows`; `colour` is also each node's `value`."""

    kind: list[OrganisationKind] = Field(default_factory=list, max_length=MOST)
    relation: list[RelationKind] = Field(default_factory=list, max_length=MOST)
    region: Code = ""
    technique: list[TermId] = Field(default_factory=list, max_length=MOST)
    material: list[TermId] = Field(default_factory=list, max_length=MOST)
    evidence: list[Evidence] = Field(default_factory=list, max_length=MOST)
    on: Day | None = None
    since: Day | None = None
    until: Day | None = None
    size: Metric = Metric("degree")
    colour: Metric = Metric("betweenness")


class NodeOut(BaseModel):
    """An organisation in the drawing; `x` and `y` are the same at every visit."""

    model_config = ConfigDict(extra="ignore")

    key: str
    label: str
    kind: str
    region: str
    x: float
    y: float
    value: float | None


class LinkOut(BaseModel):
    """A tie between two organisations; `weight` counts how many ties they have."""

    model_config = ConfigDict(extra="ignore")

    source: str
    target: str
    kind: str
    weight: float


class RowOut(BaseModel):
    """The figures of one organisation: partners and each metric (null where not defined)."""

    model_config = ConfigDict(extra="allow")

    key: str


class Size(BaseModel):
    """How large the network is."""

    nodes: int
    links: int


class NetworkOut(BaseModel):
    """The network under the filter. `pending` names asked metrics of a large network that are still
    being worked out: ask again in a moment."""

    counts: Size
    pending: list[str]
    nodes: list[NodeOut]
    links: list[LinkOut]
    rows: list[RowOut]


@api.get("/network", summary=("协作网络", "The network"), tag="network", public=True,
         query=NetworkQuery, answer=NetworkOut)  # fmt: skip
def show_network(query: NetworkQuery) -> NetworkOut:
    """Public facts only: needs and agreements in the making are not part of it."""
    with reading() as uow:
        filters.region_path(uow, query.region)
        filters.expanded("technique", query.technique, vocabulary().techniques)
        filters.expanded("material", query.material, vocabulary().materials)
        asked = replace(pages.wanted(uow), view=ORGANISATIONS)
        view = platform().network.view(uow, asked, language())
    return NetworkOut.model_validate(view)
