"""What a list of needs is narrowed to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NeedFilter:
    """What a list of needs is narrowed to."""

    text: str = ""
    states: tuple[str, ...] = ()
    techniques: frozenset[str] = frozenset()
    chain: str = ""
    mine: bool = False
