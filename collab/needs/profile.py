"""From a confirmed structure to the steps of a need: plain values for matching and the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from collab.kernel import quantities
from collab.vocabulary.catalog import Vocabulary

MOST_WEEKS = 2600.0  # fifty years: what is further off is no deadline, and dates end somewhere


def wanted_techniques(structure: Mapping[str, Any]) -> list[tuple[tuple[str, ...], bool]]:
    """Each step's acceptable techniques and whether it is optional, in the order of the text."""
    found: list[tuple[int, tuple[str, ...], bool]] = []
    for place, entry in enumerate(structure.get("techniques") or ()):
        found.append((_start(entry, place), (entry["id"],), False))
    for place, group in enumerate(structure.get("techniques_any_of") or ()):
        if group:
            ids = tuple(member["id"] for member in group)
            found.append((_start(group[0], place), ids, False))
    for place, entry in enumerate(structure.get("optional_techniques") or ()):
        found.append((_start(entry, place), (entry["id"],), True))
    found.sort(key=lambda item: item[0])
    return [(ids, optional) for _, ids, optional in found]


def _start(entry: Mapping[str, Any], place: int) -> int:
    span = entry.get("span")
    return int(span[0]) if span else 10**6 + place


def all_techniques(structure: Mapping[str, Any]) -> list[str]:
    """Every technique asked for, optional ones included, once each."""
    return list(dict.fromkeys(t for ids, _ in wanted_techniques(structure) for t in ids))


def in_canonical_unit(vocabulary: Vocabulary, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The criterion with its value in the canonical unit; as it is when it cannot be."""
    parameter = vocabulary.parameters.get(entry["id"])
    unit = entry.get("unit") or ""
    if parameter is None or parameter.kind not in ("quantity", "dims2") or unit == parameter.unit:
        return entry
    try:
        value = quantities.converted(entry["value"], unit, parameter.unit)
    except quantities.UnitError:
        return entry
    return {**entry, "value": value, "unit": parameter.unit}


def criteria(vocabulary: Vocabulary, structure: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Known criteria in canonical units."""
    for entry in structure.get("parameters") or ():
        if entry.get("id") in vocabulary.parameters:
            yield in_canonical_unit(vocabulary, entry)


def deadline_weeks(structure: Mapping[str, Any], posted: date) -> float | None:
    """Calendar weeks from the posting date to the deadline, at most MOST_WEEKS; None when none is
    stated, or nothing that could be one."""
    deadline = structure.get("deadline")
    if not deadline:
        return None
    weeks: float | None = None
    if deadline.get("type") == "date":
        with suppress(ValueError):
            weeks = (date.fromisoformat(str(deadline["value"])) - posted).days / 7
    else:
        factor = quantities.WEEKS.get(str(deadline.get("unit")))
        value = deadline.get("value")
        if factor and isinstance(value, int | float) and value >= 0:
            weeks = float(value) * factor
    return None if weeks is None else min(max(0.0, weeks), MOST_WEEKS)
