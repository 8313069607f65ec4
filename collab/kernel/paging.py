"""A page of results and the limits a page may have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")

MAX_SIZE = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`items` of page `number` (from 1), `total` counted over all pages."""

    items: Sequence[T]
    total: int
    number: int = 1
    size: int = 24

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def offset(self) -> int:
        """How many items stand before this page."""
        return (self.number - 1) * self.size

    def map(self, make: Callable[[T], S]) -> Page[S]:
        """The same page with every item turned into something else."""
        return Page([make(item) for item in self.items], self.total, self.number, self.size)
