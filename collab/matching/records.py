"""What matching and routing know of a capability and of a need: plain values, no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from collab.facilities.rules import Evidence, Status

__all__ = ["Criterion", "Evidence", "NeedProfile", "Offer", "Offered", "Place", "Status", "Step"]


@dataclass(frozen=True, slots=True)
class Offered:
    """What a capability states for one parameter, in the parameter's canonical unit.

    A quantity stands as the closed interval [low, high] (one end None = open, low == high = one
    figure) or, where several discrete figures are offered (wafer diameters), as `choices`; a
    category stands as `choices` of value ids.
    """

    low: float | None = None
    high: float | None = None
    choices: tuple[str | float, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: region code with everything above it, and coordinates in degrees."""

    region: str = ""
    above: tuple[str, ...] = ()
    country: str = ""
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One capability of one organisation, as matching and routing see it.

    `id` and `organisation_id` are database keys; `key` and `organisation` the public identifiers.
    `lead_weeks` is what the owner states ([min, max] calendar weeks), never a rule of thumb.
    `load` is the share of capacity taken, 0 to 1. `age_days` counts from the last confirmation or
    the source's date. `blocked` are organisations it does not work for (conflict of interest).
    """

    id: int
    key: str
    organisation_id: int
    organisation: str
    techniques: tuple[str, ...]
    category: str = ""
    materials: tuple[str, ...] = ()
    values: Mapping[str, Offered] = field(default_factory=dict)
    place: Place = field(default_factory=Place)
    evidence: Evidence = Evidence.DOCUMENTED
    status: Status = Status.OPERATING
    lead_weeks: tuple[float, float] | None = None
    price: tuple[float, str] | None = None
    load: float | None = None
    age_days: int | None = None
    blocked: frozenset[int] = frozenset()
    name_zh: str = ""
    name_en: str = ""
    organisation_zh: str = ""
    organisation_en: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing asked for: `op` and `value` as in the extraction result, unit canonical.

    `value` is a number, a text id, or a tuple (between: two ends; in, all_of: the members).
    """

    parameter: str
    op: str
    value: float | str | tuple[float | str, ...]
    unit: str = ""
    hard: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a need: any one of `techniques` will do; without any, the category is meant."""

    key: str
    techniques: tuple[str, ...]
    category: str = ""
    optional: bool = False
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class NeedProfile:
    """A need as matching sees it. Criteria of `criteria` hold for the whole need.

    `deadline_weeks` is calendar weeks from the posting date; `budget` is an amount and a currency.
    `region_*` are region codes of the dataset. `level` is the wish public, nda or restricted.
    """

    id: int = 0
    organisation_id: int | None = None
    steps: tuple[Step, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    materials: tuple[str, ...] = ()
    excluded_materials: tuple[str, ...] = ()
    excluded_techniques: tuple[str, ...] = ()
    chain: str | None = None
    quantity: tuple[float, str] | None = None
    deadline_weeks: float | None = None
    deadline_hard: bool = True
    budget: tuple[float, str] | None = None
    trl: tuple[str, float] | None = None
    place: Place = field(default_factory=Place)
    region_prefer: tuple[str, ...] = ()
    region_require: tuple[str, ...] = ()
    region_exclude: tuple[str, ...] = ()
    level: str | None = None
    posted: date | None = None
    blocked: frozenset[int] = frozenset()
