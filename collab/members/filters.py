"""What a list of organisations is narrowed to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrganisationFilter:
    """What a list of organisations is narrowed to; empty means everything."""

    text: str = ""
    kinds: tuple[str, ...] = ()
    region_path: str = ""
    members_only: bool = False
