"""Coverage of the process chains, gaps, and what-if: the coordinator's questions as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from collab.kernel.permissions import Scope
from collab.network import access, allotment, coordination
from collab.network.advice import Question
from collab.network.coordination import Desk
from collab.network.store import OpenNeed
from collab.routing.alliance import chain_coverage
from collab.storage.uow import UnitOfWork
from collab.web.api import filters
from collab.web.api.filters import Code, TermId
from collab.web.api.reading import Query
from collab.web.api.serving import api
from collab.web.session import current_actor, platform, reading, vocabulary

TAG = "network"
_NOTHING: Mapping[str, list[OpenNeed]] = {"gained": [], "lost": [], "touched": []}


class CoverageQuery(Query):
    """One chain, or all; `region` narrows the codes counted to it."""

    chain: Code = ""
    region: Code = ""


class StepCoverage(BaseModel):
    """Who does one step of a chain. `regions` counts organisations by region code; `single` says
    that one organisation alone does it; `maybe` counts capabilities that state it too broadly."""

    chain: str
    step: str
    level: str
    techniques: list[str]
    capabilities: int
    organisations: int
    single: bool
    maybe: int
    regions: dict[str, int]


class Coverage(BaseModel):
    """Steps of the process chains in order."""

    steps: list[StepCoverage]


class NeedRef(BaseModel):
    """An open need that the asker may read."""

    id: str
    title: str


class Gap(BaseModel):
    """A technique (or category) that nobody offers as these needs ask for it. `weight` adds up
    their priorities; `regions` counts them by region where that may be told."""

    technique: str
    needs: list[NeedRef]
    weight: int
    regions: dict[str, int]


class Gaps(BaseModel):
    """Gaps of the asker's regions and their neighbours, the most wanted first. `waiting` counts
    needs that are still to be evaluated; ask again for the rest. Everything that happened before
    `as_of` is in."""

    gaps: list[Gap]
    waiting: int
    as_of: datetime


class WhatIfIn(BaseModel):
    """A line to add, or with `change` a capability that learns the technique, takes the diameter
    and works the material too, and capabilities to take away; nothing is saved."""

    model_config = ConfigDict(extra="forbid")

    technique: TermId | None = None
    region: Code = ""
    wafer: float | None = Field(default=None, gt=0, le=1000, allow_inf_nan=False)
    material: TermId | None = None
    remove: list[Code] = Field(default_factory=list, max_length=50)
    change: Code = ""


class WhatIfOut(BaseModel):
    """Needs that gain or lose a route, and those whose candidates change without that."""

    gained: list[NeedRef]
    lost: list[NeedRef]
    touched: list[NeedRef]
    waiting: int


def _refs(needs: Iterable[OpenNeed]) -> list[NeedRef]:
    return [NeedRef(id=n.key, title=n.title) for n in needs]


@api.get("/alliance/coverage", summary=("工艺链覆盖", "Coverage of the process chains"), tag=TAG,
         public=True, query=CoverageQuery, answer=Coverage)  # fmt: skip
def show_coverage(query: CoverageQuery) -> Coverage:
    """Public capabilities only; planned and closed ones are no supply."""
    with reading() as uow:
        filters.region_path(uow, query.region)
        snapshot = platform().matching.snapshot(uow)
    rows = chain_coverage(vocabulary(), snapshot, [query.region] if query.region else ())
    wanted = [r for r in rows if not query.chain or r["chain"] == query.chain]
    return Coverage(steps=[StepCoverage.model_validate(r) for r in wanted])


def _desk(uow: UnitOfWork) -> Desk:
    """What the asker sees as a coordinator; the operation has asked before whether that is one."""
    snapshot = platform().matching.snapshot(uow)
    return coordination.evaluated(uow, current_actor(), platform().network, snapshot)


@api.get("/alliance/gaps", summary=("缺口", "Gaps"), tag=TAG, query=Query, answer=Gaps)
def show_gaps(query: Query) -> Gaps:
    """For coordinators and the secretariat; counts only needs that they may read."""
    del query
    access.must_coordinate(current_actor())
    with reading() as uow:
        found = _desk(uow).page
    return Gaps(
        gaps=[
            Gap(
                technique=g["technique"],
                needs=_refs(p.need for p in g["needs"]),
                weight=sum(p.need.priority for p in g["needs"]),
                regions=dict(Counter(p.region for p in g["needs"] if p.region)),
            )
            for g in found.gaps
        ],
        waiting=found.waiting,
        as_of=found.as_of,
    )


@api.post("/alliance/what-if", summary=("推演", "What if"), tag=TAG, scope=Scope.READ,
          limit="answers", body=WhatIfIn, answer=WhatIfOut)  # fmt: skip
def ask_what_if(body: WhatIfIn) -> WhatIfOut:
    """For coordinators and the secretariat: what adding or losing a capability would change."""
    network = platform().network
    access.must_coordinate(current_actor())
    words = vocabulary()
    filters.expanded("technique", filter(None, [body.technique]), words.techniques)
    filters.expanded("material", filter(None, [body.material]), words.materials)
    asked = Question(
        technique=body.technique or "",
        region=body.region,
        wafer=body.wafer,
        material=body.material or "",
        remove=tuple(body.remove),
        change=body.change,
    )
    with reading() as uow:
        filters.region_path(uow, body.region)
        desk = _desk(uow)
        outcome = coordination.what_if(uow, network, desk, asked) or _NOTHING
    return WhatIfOut(
        gained=_refs(outcome["gained"]),
        lost=_refs(outcome["lost"]),
        touched=_refs(outcome["touched"]),
        waiting=desk.seen.waiting,
    )


class SingleOut(BaseModel):
    """An organisation that alone does what these needs ask for."""

    technique: str
    organisation: str
    needs: list[NeedRef]


class Singles(BaseModel):
    """Steps of open needs that hang on one organisation, those with the most needs first."""

    singles: list[SingleOut]
    waiting: int


@api.get("/alliance/single-providers", summary=("单点依赖", "What hangs on one organisation"),
         tag=TAG, query=Query, answer=Singles)  # fmt: skip
def show_singles(query: Query) -> Singles:
    """For coordinators and the secretariat; counts only needs that they may read."""
    del query
    access.must_coordinate(current_actor())
    with reading() as uow:
        found = _desk(uow).page
    return Singles(
        singles=[
            SingleOut(
                technique=s["technique"],
                organisation=s["organisation"],
                needs=_refs(p.need for p in s["needs"]),
            )
            for s in found.singles
        ],
        waiting=found.waiting,
    )


class InvestmentOut(BaseModel):
    """A line to build and the needs that have no route without it."""

    technique: str
    region: str
    needs: list[NeedRef]


class Investments(BaseModel):
    """The lines that together give the most needs a route; `proven`: no other choice of as many
    does better."""

    lines: list[InvestmentOut]
    needs: list[NeedRef]
    proven: bool


@api.get("/alliance/investments", summary=("最值得补的能力", "Lines most worth building"), tag=TAG,
         limit="answers", query=Query, answer=Investments)  # fmt: skip
def show_investments(query: Query) -> Investments:
    """For coordinators and the secretariat: techniques in their regions and the neighbouring ones,
    over the needs that they may read."""
    del query
    network = platform().network
    access.must_coordinate(current_actor())
    with reading() as uow:
        desk = _desk(uow)
        found = coordination.investments(uow, network, desk)
    return Investments(
        lines=[
            InvestmentOut(technique=i["technique"], region=i["region"], needs=_refs(i["needs"]))
            for i in found["lines"]
        ],
        needs=_refs(found["needs"]),
        proven=found["proven"],
    )


class AssumedIn(BaseModel):
    """Capacity to assume: `free` needs fit at this capability in this month (YYYY-MM)."""

    model_config = ConfigDict(extra="forbid")

    capability: Code
    month: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    free: int = Field(ge=1, le=999)


class AllocationIn(BaseModel):
    """Capacity beside the announced runs; nothing is saved."""

    model_config = ConfigDict(extra="forbid")

    assume: list[AssumedIn] = Field(default_factory=list, max_length=200)


class SlotOut(BaseModel):
    """Room at a run or an assumed line (`at`) in a month."""

    at: str
    organisation: str
    month: str
    free: int
    taken: int
    assumed: bool


class AssignedOut(BaseModel):
    """A need and where it would go."""

    need: NeedRef
    at: str
    organisation: str
    month: str


class AllocationOut(BaseModel):
    """The assignment that serves the most priority (`optimal`: proven), with the load spread."""

    assigned: list[AssignedOut]
    waiting: list[NeedRef]
    slots: list[SlotOut]
    served: float
    optimal: bool


@api.post("/alliance/allocation", summary=("分配产能", "Allocate capacity"), tag=TAG,
          scope=Scope.READ, limit="answers", body=AllocationIn, answer=AllocationOut)  # fmt: skip
def allocate_capacity(body: AllocationIn) -> AllocationOut:
    """For coordinators and the secretariat: published needs that they may read, on the seats of
    upcoming runs and on capacity they assume."""
    network = platform().network
    access.must_coordinate(current_actor())
    wanted = [allotment.Assumed(a.capability, a.month, a.free) for a in body.assume]
    with reading() as uow:
        desk = _desk(uow)
        found = allotment.allot(uow, network, desk, wanted)
    return AllocationOut.model_validate(allotment.as_data(found))
