"""What a person changed of a proposal, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LISTS = (
    "techniques", "optional_techniques", "excluded_techniques", "materials",
    "excluded_materials", "parameters",
)  # fmt: skip
GROUPS = "techniques_any_of"
SINGLE = ("quantity", "deadline", "budget", "trl", "chain")
Difference = tuple[str, str, dict[str, Any] | None, dict[str, Any] | None]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """Each (part, added|removed|changed, old, new), spans and confidences left aside."""
    for part in LISTS:
        yield from _in_list(part, before.get(part) or (), after.get(part) or ())
    yield from _in_list(GROUPS, _groups(before), _groups(after))
    for wish in ("prefer", "require", "exclude"):
        yield from _in_list(f"region.{wish}", _regions(before, wish), _regions(after, wish))
    for part in SINGLE:
        old, new = before.get(part), after.get(part)
        if _known(old) != _known(new):
            yield part, _verb(old, new), _boxed(old), _boxed(new)


def _in_list(part: str, before: Any, after: Any) -> Iterator[Difference]:
    old, new = _counted(before), _counted(after)
    for key in sorted(old.keys() | new.keys()):
        if _known(old.get(key)) != _known(new.get(key)):
            yield part, _verb(old.get(key), new.get(key)), old.get(key), new.get(key)


def _counted(entries: Any) -> dict[tuple[str, int], dict[str, Any]]:
    """Entries by id and how often the id came before: one parameter may be bound twice."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for entry in entries:
        place = sum(1 for seen, _ in found if seen == entry["id"])
        found[entry["id"], place] = entry
    return found


def _groups(structure: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Alternatives as one entry each."""
    return [
        {"id": "|".join(sorted(m["id"] for m in group)), "span": group[0].get("span")}
        for group in structure.get(GROUPS) or () if group
    ]  # fmt: skip


def _regions(structure: Mapping[str, Any], wish: str) -> list[dict[str, Any]]:
    return [{"id": region} for region in (structure.get("region") or {}).get(wish) or ()]


def _known(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    kept = ("id", "op", "value", "unit", "hard", "currency", "negotiable", "type")
    said = {k: entry.get(k) for k in kept}
    return {k: v for k, v in said.items() if v is not None and v is not True}  # hard is the rule


def _verb(old: Any, new: Any) -> str:
    if old is None:
        return "added"
    return "removed" if new is None else "changed"


def _boxed(entry: Any) -> dict[str, Any] | None:
    return entry if entry is None or isinstance(entry, dict) else {"value": entry}
