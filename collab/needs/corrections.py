"""What a person changed of a proposal, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LISTS = (
    "techniques", "optional_techniques", "excluded_techniques", "materials",
    "excluded_materials", "parameters",
)  # fmt: skip
SINGLE = ("quantity", "deadline", "budget", "trl", "chain")
Difference = tuple[str, str, dict[str, Any] | None, dict[str, Any] | None]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """Each (part, added|removed|changed, old, new), spans and confidences left aside."""
    for part in LISTS:
        yield from _in_list(part, before.get(part) or (), after.get(part) or ())
    for part in SINGLE:
        old, new = before.get(part), after.get(part)
        if _known(old) != _known(new):
            yield part, _verb(old, new), _boxed(old), _boxed(new)


def _in_list(part: str, before: Any, after: Any) -> Iterator[Difference]:
    old = {entry["id"]: entry for entry in before}
    new = {entry["id"]: entry for entry in after}
    for key in sorted(old.keys() | new.keys()):
        if _known(old.get(key)) != _known(new.get(key)):
            yield part, _verb(old.get(key), new.get(key)), old.get(key), new.get(key)


def _known(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    kept = ("id", "op", "value", "unit", "hard", "currency", "negotiable", "type")
    return {k: entry[k] for k in kept if entry.get(k) is not None}


def _verb(old: Any, new: Any) -> str:
    if old is None:
        return "added"
    return "removed" if new is None else "changed"


def _boxed(entry: Any) -> dict[str, Any] | None:
    return entry if entry is None or isinstance(entry, dict) else {"value": entry}
