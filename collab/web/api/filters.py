"""What lists can be narrowed to, checked, as the filters of the slices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from collab.facilities.filters import CapabilityFilter
from collab.facilities.rules import Category, Evidence, Status
from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.members import catalogue as members
from collab.members.filters import OrganisationFilter
from collab.members.models import Region
from collab.members.rules import OrganisationKind
from collab.needs.filters import NeedFilter
from collab.needs.rules import SHOWN_STATES, NeedState
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Term
from collab.web.api import wording
from collab.web.api.paging import Paged
from collab.web.session import vocabulary

MOST = 30
Words = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
TermId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$")]
Code = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,119})?$")]
Diameter = Annotated[int, Field(ge=0, le=1000, description="Nominal wafer diameter in mm; 0: any.")]


class OrganisationQuery(Paged):
    """Narrow organisations by name, kind, region (with everything inside) and membership."""

    q: Words = ""
    kind: list[OrganisationKind] = Field(default_factory=list, max_length=MOST)
    region: Code = ""
    members_only: bool = False


class CapabilityQuery(Paged):
    """Narrow capabilities; a technique or material stands for everything narrower too."""

    q: Words = ""
    category: list[Category] = Field(default_factory=list, max_length=MOST)
    technique: list[TermId] = Field(default_factory=list, max_length=MOST)
    material: list[TermId] = Field(default_factory=list, max_length=MOST)
    region: Code = ""
    evidence: list[Evidence] = Field(default_factory=list, max_length=MOST)
    status: list[Status] = Field(default_factory=list, max_length=MOST)
    wafer: Diameter = 0
    organisation: Code = ""
    sort: Literal["name", "fresh", "organisation"] = "name"


class RunQuery(Paged):
    """Narrow runs by organiser, technique and material; `upcoming` leaves out past ones."""

    organisation: Code = ""
    technique: list[TermId] = Field(default_factory=list, max_length=MOST)
    material: list[TermId] = Field(default_factory=list, max_length=MOST)
    upcoming: bool = False


class NeedQuery(Paged):
    """Narrow needs; `mine` lists those of the asker's organisations, drafts included."""

    q: Words = ""
    state: list[NeedState] = Field(default_factory=list, max_length=MOST)
    technique: list[TermId] = Field(default_factory=list, max_length=MOST)
    chain: Code = ""
    mine: bool = False


class RegionQuery(Paged):
    """Narrow regions to those inside `within`, and to kinds."""

    within: Code = ""
    kind: list[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}$")]] = Field(
        default_factory=list, max_length=MOST
    )


class TermQuery(Paged):
    """Narrow terms by words in any spelling, and to everything below `within`."""

    q: Words = ""
    within: Code = ""


def expanded(field: str, ids: Iterable[str], known: Mapping[str, Term]) -> frozenset[str]:
    """The terms and everything narrower; Rejected names those the vocabulary lacks."""
    unknown = [Problem(field, "unknown_term", {"term": i}) for i in ids if i not in known]
    if unknown:
        raise Rejected(unknown)
    return frozenset(n for i in ids for n in vocabulary().descendants(i))


def region_path(uow: UnitOfWork, code: str, field: str = "region") -> str:
    """The path of a region; empty for no region, Rejected for an unknown one."""
    return _region(uow, code, field).path if code else ""


def place(uow: UnitOfWork, code: str) -> tuple[float, float] | None:
    """Where a region lies in degrees; None for no region or one without a place."""
    if not code:
        return None
    row = _region(uow, code, "near")
    return None if row.lat is None or row.lon is None else (row.lat, row.lon)


def _region(uow: UnitOfWork, code: str, field: str) -> Region:
    for row in members.regions(uow).values():
        if row.code == code:
            return row
    raise Rejected([wording.problem(field, "unknown_region")])


def organisations(uow: UnitOfWork, query: OrganisationQuery) -> OrganisationFilter:
    """The filter of the query."""
    return OrganisationFilter(
        text=query.q,
        kinds=tuple(query.kind),
        region_path=region_path(uow, query.region),
        members_only=query.members_only,
    )


def capabilities(
    uow: UnitOfWork, query: CapabilityQuery, organisation_id: int | None
) -> CapabilityFilter:
    """The filter of the query."""
    words = vocabulary()
    return CapabilityFilter(
        text=query.q,
        categories=tuple(query.category),
        techniques=expanded("technique", query.technique, words.techniques),
        materials=expanded("material", query.material, words.materials),
        region_path=region_path(uow, query.region),
        evidence=tuple(query.evidence),
        statuses=tuple(query.status),
        wafer=query.wafer or None,
        organisation_id=organisation_id,
        sort=query.sort,
    )


def needs(query: NeedQuery) -> NeedFilter:
    """The filter of the query; drafts and withdrawn needs are only among one's own."""
    hidden = [s for s in query.state if s not in SHOWN_STATES]
    if hidden and not query.mine:
        raise Rejected([wording.problem("state", "only_own")])
    return NeedFilter(
        text=query.q,
        states=tuple(query.state),
        techniques=expanded("technique", query.technique, vocabulary().techniques),
        chain=query.chain,
        mine=query.mine,
    )
