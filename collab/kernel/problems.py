"""What is wrong with an input: a field, a stable code and the facts a message needs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field; the words come from `kernel.messages` at the edge."""

    field: str
    code: str
    facts: dict[str, Any] = dataclasses.field(default_factory=dict, hash=False)
