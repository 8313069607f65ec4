"""Understanding a text, matching a need, searching everything."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from collab.kernel.errors import Rejected
from collab.kernel.identity import VISITOR
from collab.kernel.permissions import Scope
from collab.needs import catalogue, service
from collab.search.query import SearchQuery
from collab.search.results import Hit
from collab.search.service import Found
from collab.web.api import filters, paging, wording
from collab.web.api import shapes_needs as forms
from collab.web.api.filters import MOST, Code, TermId, Words
from collab.web.api.needs import read_on_record
from collab.web.api.paging import Paged
from collab.web.api.serving import api
from collab.web.api.shapes import Label, Listing
from collab.web.session import current_actor, platform, reading, vocabulary

TAG = "answers"
DEEPEST_HIT = 10_000
Kind = Literal["capability", "organisation", "need", "run", "help"]
Sort = Literal["relevance", "fresh", "evidence", "distance"]


class CriterionJudged(BaseModel):
    """One criterion against one capability; `distance` (canonical unit) only for a miss."""

    model_config = ConfigDict(extra="allow")

    id: str
    asked: JsonValue
    offered: JsonValue
    verdict: Literal["meets", "unknown", "misses"]
    distance: float | None = None
    reason: Label


class CandidateOut(BaseModel):
    """One capability for one step with a reason for every criterion."""

    model_config = ConfigDict(extra="allow")

    capability: JsonValue
    organisation: JsonValue
    fit: Literal["meets", "unknown", "near"] = Field(alias="class")
    score: float
    criteria: list[CriterionJudged]
    questions: list[JsonValue]
    would_fit_if: JsonValue


class StepAnswer(BaseModel):
    """One step of the need; what does not fit stands under `near`, never among `candidates`."""

    model_config = ConfigDict(extra="allow")

    technique: str | None
    candidates: list[CandidateOut]
    near: list[CandidateOut] = []


class RouteOut(BaseModel):
    """A process route over organisations; weeks and kilometres are estimates where marked so."""

    model_config = ConfigDict(extra="allow")

    kind: str
    legs: list[JsonValue]
    handovers: int
    km: float | None
    open_questions: JsonValue


class OpeningOut(BaseModel):
    """Changes that together, and not one fewer, would open a whole route (`route`) or a candidate
    for every step (`match`)."""

    model_config = ConfigDict(extra="allow")

    opens: Literal["route", "match"]
    accept: list[JsonValue]
    zh: str
    en: str


class MatchAnswer(BaseModel):
    """Candidates for every step, routes over organisations, and what is missing; where no route
    holds, `openings` are the smallest sets of changes over all steps that would open one."""

    model_config = ConfigDict(extra="allow")

    need: JsonValue
    steps: list[StepAnswer]
    routes: list[RouteOut]
    gaps: list[JsonValue]
    openings: list[OpeningOut] = []


class AnswerQuery(BaseModel):
    """How many candidates a step."""

    model_config = ConfigDict(extra="forbid")

    top: int = Field(default=10, ge=1, le=50)


class SearchAsk(Paged):
    """Words in Chinese or English with synonyms, spellings and units; facets narrow the hits."""

    q: Words = ""
    kind: list[Kind] = Field(default_factory=list, max_length=MOST)
    category: list[TermId] = Field(default_factory=list, max_length=MOST)
    technique: list[TermId] = Field(default_factory=list, max_length=MOST)
    material: list[TermId] = Field(default_factory=list, max_length=MOST)
    region: Code = ""
    sort: Sort = "relevance"
    near: Annotated[Code, Field(description="Region that `sort=distance` counts from.")] = ""


class Piece(BaseModel):
    """Words of a snippet; `marked` where the query was found."""

    text: str
    marked: bool


class HitOut(BaseModel):
    """One thing found."""

    kind: Kind
    id: str
    title: Label
    organisation: str | None
    techniques: list[str]
    materials: list[str]
    score: float
    snippet: list[Piece]
    why: list[dict[str, str]]


class FacetOut(BaseModel):
    """How many hits one value of a facet has."""

    value: str
    count: int


class Hits(Listing[HitOut]):
    """What was found. `corrected` is the text really searched; `degraded`: without the index."""

    corrected: str | None
    did_you_mean: list[str]
    facets: dict[str, list[FacetOut]]
    degraded: bool


@api.post("/extractions", summary=("理解一段文字", "Understand a text"), tag=TAG,
          scope=Scope.READ, limit="answers", body=forms.TextIn,
          answer=forms.StructureOut)  # fmt: skip
def understand(body: forms.TextIn) -> forms.StructureOut:
    """Steps, materials, criteria, quantity, deadline and budget; nothing is saved."""
    found = service.understood(body.text, vocabulary(), body.posted)
    return forms.StructureOut.model_validate(found)


@api.post("/matches", summary=("为一段文字找答案", "Answer a text or a structure"), tag=TAG,
          scope=Scope.READ, limit="answers", body=forms.QuestionIn,
          answer=MatchAnswer)  # fmt: skip
def match_text(body: forms.QuestionIn) -> MatchAnswer:
    """Candidates, routes and gaps for a need that is not saved."""
    actor, matching = current_actor(), platform().matching
    if (body.text is None) == (body.structure is None):
        raise Rejected([wording.problem("text", "text_or_structure")])
    if body.text is not None:
        _, found = matching.answer_text(actor, body.text, body.posted, body.top)
    else:
        structure: dict[str, Any] = body.structure.model_dump(mode="json") if body.structure else {}
        found = matching.answer_structure(actor, structure, body.posted, body.top)
    return _answer(found, None)


@api.get("/needs/<key>/matches", summary=("一条需求的答案", "The answer to a need"), tag=TAG,
         public=True, limit="answers", query=AnswerQuery, answer=MatchAnswer)  # fmt: skip
def match_need(key: str, query: AnswerQuery) -> MatchAnswer:
    """Candidates, routes and gaps; opening an invited need this way goes on the record too."""
    read_on_record(key)
    matching = platform().matching
    with reading() as uow:
        view = catalogue.one(uow, current_actor(), key)
        if service.shows_owner(view.row, current_actor()):
            found = matching.answer_need(uow, view.row, query.top, current_actor())
            return _answer(found, key)
    # without the need's place: distances to known lines would give away where an owner sits
    found = matching.answer_structure(VISITOR, view.row.structure, view.row.posted_on, query.top)
    return _answer(found, key)


def _answer(found: dict[str, Any], key: str | None) -> MatchAnswer:
    """The answer under the need's public identifier; the database's own number stays inside."""
    return MatchAnswer.model_validate(found | {"need": found["need"] | {"id": key}})


@api.get("/search", summary=("检索", "Search"), tag=TAG, public=True, query=SearchAsk,
         answer=Hits)  # fmt: skip
def search(query: SearchAsk) -> Hits:
    """Capabilities, organisations, needs and runs that the asker may see."""
    offset = (paging.number_of(query) - 1) * query.limit
    with reading() as uow:
        filters.region_path(uow, query.region)
        asked = SearchQuery(
            text=query.q,
            kinds=tuple(query.kind),
            filters=_chosen(query),
            sort=query.sort,
            origin=filters.place(uow, query.near),
            offset=offset,
            limit=query.limit,
        )
        found = platform().search.search(uow, current_actor(), asked)
    return _hits(found, query, offset)


def _chosen(query: SearchAsk) -> dict[str, tuple[str, ...]]:
    chosen = {
        "category": tuple(query.category),
        "technique": tuple(query.technique),
        "material": tuple(query.material),
        "region": (query.region,) if query.region else (),
    }
    return {name: values for name, values in chosen.items() if values}


def _hits(found: Found, query: SearchAsk, offset: int) -> Hits:
    result = found.result
    following = offset + query.limit
    more = following < result.total and following < DEEPEST_HIT
    return Hits(
        items=[_hit(hit) for hit in found.hits],
        total=found.total,
        next=paging.next_address(following // query.limit + 1, query.limit) if more else None,
        corrected=result.corrected,
        did_you_mean=list(result.did_you_mean),
        facets={
            name: [FacetOut(value=str(v), count=n) for v, n in rows]
            for name, rows in result.facets.items()
        },
        degraded=found.degraded,
    )


def _hit(hit: Hit) -> HitOut:
    document = hit.document
    return HitOut.model_validate(
        {
            "kind": document.kind, "id": document.key,
            "title": Label(zh=document.title_zh, en=document.title_en),
            "organisation": document.organisation or None,
            "techniques": list(document.techniques), "materials": list(document.materials),
            "score": round(hit.score, 6),
            "snippet": [Piece(text=t, marked=m) for t, m in hit.highlight.snippet],
            "why": [{"kind": w.kind, "value": w.value} for w in hit.why],
        }
    )  # fmt: skip
