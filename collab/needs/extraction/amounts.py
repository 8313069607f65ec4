"""One amount read from a text: a quantity, a deadline or a budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Amount:
    """A business finding with its place and a confidence."""

    data: dict[str, Any]
    start: int
    end: int
    confidence: float
