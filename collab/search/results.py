"""What a search answers: hits with reasons, honest counts, and ways on when there is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from collab.search.documents import Document
from collab.search.highlight import Highlight
from collab.search.query import Expansion, Parsed, SearchQuery

Way = Literal["asked", "mentioned", "fewer"]


@dataclass(frozen=True, slots=True)
class Why:
    """What made a document match: a technique or material it carries, a word, or a filter."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found. `key` is the document's, `why` the facts that made it match."""

    key: str
    score: float
    document: Document
    highlight: Highlight
    why: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A weaker query that finds something: what was left out, and how much there is."""

    left_out: str
    query: SearchQuery
    total: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One completion while typing; `count` is what the reader would find."""

    text: str
    kind: str
    id: str
    count: int


@dataclass(frozen=True, slots=True)
class Result:
    """One page of a search. Every count covers only what the reader may see.

    `facets` counts each facet under the choices made in the others. `corrected` is the text that
    was really searched when the typed one held an obvious error. `way` says whether the hits are
    as asked, only mention what was asked, or match fewer words; `mentioned` how many more there
    would be with those that only mention it. `there` counts the hits in each place of the query.
    """

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    query: SearchQuery
    parsed: Parsed
    did_you_mean: tuple[str, ...] = ()
    corrected: str | None = None
    way: Way = "asked"
    mentioned: int = 0
    relaxations: tuple[Relaxation, ...] = field(default=())
    there: tuple[int, ...] = ()

    @property
    def kinds(self) -> dict[str, int]:
        """How many hits of each kind."""
        return dict(self.facets.get("kind", ()))

    @property
    def expansions(self) -> tuple[Expansion, ...]:
        """What the vocabulary added to the query."""
        return self.parsed.expansions
