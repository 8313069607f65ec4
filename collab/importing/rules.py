"""What an import may hold, the states of one, and what a row changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MIB = 1024 * 1024
MAX_BYTES = 2 * MIB
MAX_UNPACKED = 40 * MIB
MAX_ROWS = 5000
MAX_COLUMNS = 80
MAX_PLACES = 2_500_000  # rows and cells looked at, empty ones included: a far cell fills in many
MAX_CELL = 20_000
RISKY = ("=", "+", "-", "@", "\t", "\r")


class BatchState(StrEnum):
    """Where an import stands."""

    CHECKED = "checked"
    APPLIED = "applied"
    UNDONE = "undone"


class Effect(StrEnum):
    """What a row does to the record it names."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CellProblem:
    """One thing wrong in a row: sheet line (1 is the first), column letter, header, code, facts."""

    line: int
    place: str
    header: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def effect(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Effect:
    """What happens when `after` is written over `before`.

    >>> effect(None, {"a": 1}), effect({"a": 1}, {"a": 1.0}), effect({"a": 1}, {"a": 2})
    (<Effect.NEW: 'new'>, <Effect.UNCHANGED: 'unchanged'>, <Effect.CHANGED: 'changed'>)
    """
    if before is None:
        return Effect.NEW
    return Effect.CHANGED if any(differences(before, after)) else Effect.UNCHANGED


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Field, old and new value of everything that differs; stated values one by one.

    >>> list(differences({"a": None, "values": {"x": 1}}, {"a": "", "values": {"x": 2}}))
    [('values.x', 1, 2)]
    """
    for name, new in after.items():
        old = before.get(name)
        if name == "values":
            for key in sorted({*(old or {}), *(new or {})}):
                was, now = (old or {}).get(key), (new or {}).get(key)
                if not _same(was, now):
                    yield f"values.{key}", was, now
        elif not _same(old, new):
            yield name, old, new


def _same(old: Any, new: Any) -> bool:
    if _empty(old) and _empty(new):
        return True
    if isinstance(old, dict) and isinstance(new, dict):
        return _figure(old) == _figure(new)
    if isinstance(old, float) and isinstance(new, int | float):
        return abs(old - new) <= 1e-9 * max(1.0, abs(old))
    return bool(old == new)


def _figure(value: Mapping[str, Any]) -> tuple[Any, ...]:
    """A stated value in one form: one figure and a choice of one figure say the same."""
    low, high, choices = value.get("low"), value.get("high"), list(value.get("choices") or ())
    if low is not None and low == high and not choices:
        choices, low, high = [low], None, None
    return low, high, tuple(choices)


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def neutral(text: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula.

    >>> neutral("=1+1"), neutral("-40~85"), neutral("硅光")
    ("'=1+1", "'-40~85", '硅光')
    """
    return "'" + text if text.startswith(RISKY) else text


def plain(text: str) -> str:
    """The cell as it was before `neutral`.

    >>> plain("'=1+1"), plain("'quoted'")
    ('=1+1', "'quoted'")
    """
    return text[1:] if text[:1] == "'" and text[1:].startswith(RISKY) else text
