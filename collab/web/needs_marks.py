"""The text of a need cut into plain and marked pieces, each mark saying what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collab.vocabulary.catalog import Vocabulary
from collab.web import labels

Mark = tuple[int, int, str, str, str]
Segment = tuple[str, str, str, str]
PARTS = (
    ("techniques", "technique"), ("optional_techniques", "technique"),
    ("excluded_techniques", "excluded"), ("materials", "material"),
    ("excluded_materials", "excluded"), ("parameters", "parameter"),
)  # fmt: skip
WISHES = (("trl", "other"), ("region", "region"), ("confidentiality", "other"))
SINGLE = (("quantity", "quantity"), ("deadline", "deadline"), ("budget", "budget"))


def _entries(structure: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every finding with the kind of its mark."""
    for part, kind in PARTS:
        yield from ((kind, entry) for entry in structure.get(part) or ())
    for group in structure.get("techniques_any_of") or ():
        yield from (("technique", entry) for entry in group)
    for part, kind in SINGLE:
        yield kind, structure.get(part) or {}
    for part, kind in WISHES:
        wish = structure.get(part) or {}
        yield from ((kind, {"span": span, "wish": part}) for span in wish.get("spans") or ())
    yield from (("unread", entry) for entry in structure.get("not_understood") or ())


def _marks(structure: Mapping[str, Any], vocabulary: Vocabulary, language: str) -> Iterator[Mark]:
    for kind, entry in _entries(structure):
        if entry.get("span"):
            if "wish" in entry:
                title = labels.label("wish", entry["wish"])
            elif "id" in entry:
                title = _title(entry, vocabulary, language)
            else:
                title = "?" if kind == "unread" else _amount(entry)
            start, end = entry["span"]
            yield (start, end, kind, title, entry.get("wish") or f"{start}-{end}")


def _title(entry: Mapping[str, Any], vocabulary: Vocabulary, language: str) -> str:
    name = vocabulary.label(entry["id"], language)
    if "op" not in entry:
        return name
    sign = labels.OPERATOR_SIGN.get(entry["op"], labels.label("operator", entry["op"]))
    value = entry.get("value")
    text = "~".join(str(v) for v in value) if isinstance(value, list | tuple) else str(value)
    return f"{name} {sign} {text} {entry.get('unit') or ''}".strip()


def _amount(entry: Mapping[str, Any]) -> str:
    unit = entry.get("unit") or entry.get("currency") or ""
    return f"{entry.get('value', '')} {unit}".strip()


def segments(
    text: str, structure: Mapping[str, Any], vocabulary: Vocabulary, language: str
) -> list[Segment]:
    """(text, kind, title, place) in order; where marks overlap the earlier and longer one wins."""
    found: list[Segment] = []
    at = 0
    marks = sorted(_marks(structure, vocabulary, language), key=lambda m: (m[0], -m[1]))
    for start, end, kind, title, place in marks:
        if start < at or not start < end <= len(text):
            continue
        if start > at:
            found.append((text[at:start], "", "", ""))
        found.append((text[start:end], kind, title, place))
        at = end
    if at < len(text):
        found.append((text[at:], "", "", ""))
    return found


def kinds(found: list[Segment]) -> list[str]:
    """The kinds of marks that occur, for the legend."""
    return list(dict.fromkeys(kind for _, kind, _, _ in found if kind))
