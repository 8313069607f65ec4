"""What a list of capabilities is narrowed to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CapabilityFilter:
    """What a list of capabilities is narrowed to; techniques and materials already expanded."""

    text: str = ""
    categories: tuple[str, ...] = ()
    techniques: frozenset[str] = frozenset()
    materials: frozenset[str] = frozenset()
    region_path: str = ""
    evidence: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    wafer: int | None = None
    organisation_id: int | None = None
    sort: str = "name"
