"""What was read from a text, before it takes the shape other programs see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Reading:
    """One criterion: parameter, operator and value in the canonical unit, and where it stands."""

    parameter: str
    op: str
    value: Any
    unit: str
    start: int
    end: int
    rule: str
    confidence: float
    hard: bool = True
    alternatives: tuple[str, ...] = ()
    numeric: bool = True


@dataclass(slots=True)
class Unread:
    """A piece that looks like a criterion but was not understood."""

    start: int
    end: int
    reason: str


@dataclass(slots=True)
class Taken:
    """Stretches of the text that are spoken for."""

    spans: list[tuple[int, int]] = field(default_factory=list)

    def add(self, start: int, end: int) -> None:
        """Mark a stretch as used."""
        self.spans.append((start, end))

    def overlaps(self, start: int, end: int) -> bool:
        """True when part of the stretch is used already."""
        return any(s < end and start < e for s, e in self.spans)
