"""What was read from a text, before it takes the shape other programs see."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


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
    candidates: tuple[str, ...] = ()
    op: str = ""
    value: Any = None
    unit: str = ""


class Placed(Protocol):
    """Something that begins at a place of the text."""

    @property
    def start(self) -> int:
        """Where it begins."""


T = TypeVar("T", bound=Placed)


class ByPlace(Generic[T]):
    """Things in the order of the text, so that only those around a place are looked at."""

    def __init__(self, things: Iterable[T]) -> None:
        self._things = sorted(things, key=lambda t: t.start)
        self._starts = [t.start for t in self._things]

    def between(self, low: int, high: int) -> Sequence[T]:
        """Those that begin in [low, high)."""
        return self._things[bisect_left(self._starts, low) : bisect_left(self._starts, high)]


class Taken:
    """Stretches of a text that are spoken for."""

    def __init__(self, size: int) -> None:
        self._used = bytearray(size + 1)
        self._forms = bytearray(size + 1)

    def add(self, start: int, end: int, *, form: bool = False) -> None:
        """Mark a stretch as used; a form may stand between a cue and its number."""
        self._used[start:end] = b"\x01" * (end - start)
        if form:
            self._forms[start:end] = b"\x01" * (end - start)

    def in_form(self, at: int) -> bool:
        """True inside a form."""
        return bool(self._forms[at])

    def overlaps(self, start: int, end: int) -> bool:
        """True when part of the stretch is used already."""
        return any(self._used[start:end])

    def masked(self, text: str, start: int, end: int) -> str:
        """The stretch without the forms inside it."""
        piece = text[start:end]
        if not any(self._forms[start:end]):
            return piece
        return "".join(c for c, used in zip(piece, self._forms[start:end], strict=True) if not used)
