"""What an engine is asked to do: groups of terms, phrases, filters and ranges, no query syntax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

WORDS = "words"
GRAMS = "grams"
TAG = "tag"
MENTION = "mention"


@dataclass(frozen=True, slots=True)
class Atom:
    """One indexed term. `flat` scores `weight` when present, otherwise BM25 times `weight`."""

    field: str
    term: str
    weight: float = 1.0
    flat: bool = False
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms of the gram field that must stand at these offsets; scores `weight` when found."""

    terms: tuple[tuple[int, str], ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Range:
    """Documents whose stated interval of a parameter meets [low, high], in canonical units.

    `also` are further parameters that the same words can mean; any one of them will do.
    """

    parameter: str
    low: float | None = None
    high: float | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Within:
    """A range as an alternative among others: scores `weight` where it is known to hold."""

    range: Range
    weight: float = 1.0


Part = Atom | Phrase | Within


@dataclass(frozen=True, slots=True)
class Group:
    """Alternatives for one thing asked; a document scores its best one, or their sum."""

    parts: tuple[Part, ...]
    best: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """One search. A document matches when every `must`, at least `minimum` of `some`, every
    filter and range hold and nothing of `exclude` occurs; `extra` only adds to the score.

    `filters` are values of a facet, any one of which will do.
    """

    must: tuple[Group, ...] = ()
    some: tuple[Group, ...] = ()
    minimum: int = 1
    extra: tuple[Group, ...] = ()
    exclude: tuple[Part, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Want:
    """Which part of the answer is wanted. `origin` is (latitude, longitude) in degrees.

    Equal scores stand in the order of a digest of their keys; `facets` are counted for every value.
    """

    offset: int = 0
    limit: int = 20
    sort: str = "relevance"
    origin: tuple[float, float] | None = None
    facets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawHit:
    """One document found: `stored` is the document as it was given."""

    key: str
    score: float
    stored: bytes


@dataclass(frozen=True, slots=True)
class Raw:
    """What an engine answers; `facets` counts only what the labels allow."""

    hits: tuple[RawHit, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
