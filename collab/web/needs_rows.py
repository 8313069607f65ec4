"""What the confirm form shows: rows of what was understood, or of what was just typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from collab.vocabulary.catalog import Parameter, Vocabulary
from collab.web import present

SPARE = 2
MOST_ROWS = 60
Form = MultiDict[str, str]
Row = dict[str, Any]


def numbered(form: Form, prefix: str) -> Iterator[dict[str, str]]:
    """The rows of a form in order, as they were sent."""
    for place in range(MOST_ROWS):
        start = f"{prefix}.{place}."
        row = {k[len(start) :]: v for k, v in form.items() if k.startswith(start)}
        if row:
            yield row


def span_text(entry: Mapping[str, Any]) -> str:
    """The place of a finding as a form carries it."""
    span = entry.get("span")
    return f"{span[0]}-{span[1]}" if span else ""


def _row(entry: Mapping[str, Any], **more: Any) -> Row:
    return {
        "id": entry["id"], "was": entry["id"], "span": span_text(entry),
        "rule": entry.get("rule", ""), "confidence": entry.get("confidence", ""),
        "alternatives": [_id(a) for a in entry.get("alternatives") or ()], "removed": False, **more,
    }  # fmt: skip


def _id(alternative: Any) -> str:
    return str(alternative["id"] if isinstance(alternative, Mapping) else alternative)


def shown(value: Any, op: str = "") -> str:
    """A value as a person writes it."""
    if isinstance(value, list | tuple):
        parts = [shown(v) for v in value]
        return ("~" if op == "between" else " × " if op == "eq" else ", ").join(parts)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def technique_rows(structure: Mapping[str, Any]) -> list[Row]:
    """Every technique with how it is wanted."""
    rows = [_row(e, mode="required") for e in structure.get("techniques") or ()]
    rows += [_row(e, mode="optional") for e in structure.get("optional_techniques") or ()]
    for entry in structure.get("excluded_techniques") or ():
        rows.append(_row(entry, mode="own" if entry.get("reason") == "own" else "rejected"))
    return rows


def parameter_rows(structure: Mapping[str, Any], words: Vocabulary, language: str) -> list[Row]:
    """Every criterion as a row with the unit in force."""
    rows = []
    for entry in structure.get("parameters") or ():
        parameter = words.parameters.get(entry["id"])
        rows.append(
            _row(
                entry,
                op=entry.get("op", "eq"),
                value=shown(entry.get("value"), entry.get("op", "")),
                unit=_unit_shown(entry.get("unit") or "", parameter),
                hard=entry.get("hard", True),
                label=words.label(entry["id"], language),
                choices=_choices(parameter, language),
                typical=_typical(parameter, entry),
            )
        )
    return rows


def _unit_shown(unit: str, parameter: Parameter | None) -> str:
    if parameter is not None and unit in ("", parameter.unit):
        return present.unit_label(parameter)
    return unit


def _choices(parameter: Parameter | None, language: str) -> list[tuple[str, str]]:
    values = parameter.values if parameter else ()
    return [(c.id, c.en if language == "en" else c.zh) for c in values]


def _typical(parameter: Parameter | None, entry: Mapping[str, Any]) -> str:
    """A hint when a figure lies outside what is usual: perhaps a slip of the unit."""
    value = entry.get("value")
    usable = parameter is not None and parameter.typical and isinstance(value, int | float)
    if not usable or parameter is None or parameter.typical is None:
        return ""
    if (entry.get("unit") or "") != parameter.unit:
        return ""
    low, high = parameter.typical
    if low <= float(value or 0) <= high:
        return ""
    return f"{low:g}–{high:g} {present.unit_label(parameter)}"


def _amounts(structure: Mapping[str, Any]) -> dict[str, Row]:
    """Quantity, deadline, budget and readiness as the boxes of the form."""
    found: dict[str, Row] = {}
    for part in ("quantity", "deadline", "budget", "trl"):
        entry = structure.get(part) or {}
        op = entry.get("op") or ""
        found[part] = {**entry, "value": shown(entry.get("value"), op), "span": span_text(entry)}
    if found["deadline"].get("type") == "date":
        found["deadline"] |= {"date": found["deadline"]["value"], "value": ""}
    return found


def rows(structure: Mapping[str, Any], words: Vocabulary, language: str) -> dict[str, Any]:
    """Everything the confirm form shows of a structure."""
    materials = [_row(e, mode="wanted") for e in structure.get("materials") or ()]
    materials += [_row(e, mode="rejected") for e in structure.get("excluded_materials") or ()]
    return {
        "techniques": technique_rows(structure),
        "any_of": [
            {"id": "|".join(m["id"] for m in group), "span": span_text(group[0]),
             "labels": [words.label(m["id"], language) for m in group], "removed": False}
            for group in structure.get("techniques_any_of") or () if group
        ],
        "materials": materials,
        "parameters": parameter_rows(structure, words, language),
        **_amounts(structure),
        "region": structure.get("region") or {},
        "confidentiality": structure.get("confidentiality") or {},
        "chain": structure.get("chain") or "",
        "spare": range(SPARE),
    }  # fmt: skip


def echoed(form: Form, words: Vocabulary, language: str) -> dict[str, Any]:
    """The same of a form that was refused: every word stays as it was typed."""
    return {
        "techniques": [
            _typed(r, mode=r.get("mode", "required")) for r in _filled(form, "technique")
        ],
        "any_of": [
            {**_typed(r), "labels": [words.label(i, language) for i in r["id"].split("|")]}
            for r in _filled(form, "any")
        ],
        "materials": [_typed(r, mode=r.get("mode", "wanted")) for r in _filled(form, "material")],
        "parameters": [_typed_criterion(r, words, language) for r in _filled(form, "parameter")],
        "quantity": {k: form.get(f"quantity.{k}", "") for k in ("value", "unit", "span")},
        "deadline": {k: form.get(f"deadline.{k}", "")
                     for k in ("value", "unit", "date", "soft", "span")},
        "budget": {k: form.get(f"budget.{k}", "")
                   for k in ("op", "value", "currency", "negotiable", "span")},
        "trl": {"value": form.get("trl", ""), "op": form.get("trl.op", "")},
        "region": {wish: [v for v in form.getlist(f"region.{wish}") if v]
                   for wish in ("prefer", "require", "exclude")},
        "confidentiality": {"level": form.get("confidentiality"),
                            "anonymous": form.get("anonymous")},
        "chain": form.get("chain", ""),
        "spare": range(SPARE),
    }  # fmt: skip


def _filled(form: Form, prefix: str) -> list[dict[str, str]]:
    return [row for row in numbered(form, prefix) if row.get("id")]


def _typed(row: Mapping[str, str], **more: Any) -> Row:
    return {
        "id": row["id"][:400], "was": row.get("was", ""), "span": row.get("span", ""),
        "rule": row.get("rule", ""), "confidence": row.get("confidence", ""), "alternatives": [],
        "removed": bool(row.get("remove")), **more,
    }  # fmt: skip


def _typed_criterion(row: Mapping[str, str], words: Vocabulary, language: str) -> Row:
    parameter = words.parameters.get(row["id"])
    return _typed(
        row, op=row.get("op", "eq"), value=row.get("value", ""), unit=row.get("unit", ""),
        hard=row.get("hard", "1") != "0", label=words.label(row["id"], language),
        choices=_choices(parameter, language), typical="",
    )  # fmt: skip


# ---- what is still open: pieces not understood, steps that a chain usually has


def pieces(structure: Mapping[str, Any], words: Vocabulary) -> dict[str, list[Row]]:
    """Pieces not understood: steps to choose, criteria to name, and the rest."""
    found: dict[str, list[Row]] = {"steps": [], "criteria": [], "rest": []}
    for entry in structure.get("not_understood") or ():
        candidates = [c for c in entry.get("candidates") or () if words.term(c)]
        row = {
            "text": entry.get("text", ""), "span": span_text(entry), "candidates": candidates,
            "op": entry.get("op") or "eq", "unit": entry.get("unit") or "",
            "value": shown(entry.get("value"), entry.get("op") or ""),
        }  # fmt: skip
        found[_kind(entry, candidates, words)].append(row)
    return found


def _kind(entry: Mapping[str, Any], candidates: Sequence[str], words: Vocabulary) -> str:
    if entry.get("reason") == "ambiguous" and any(c in words.techniques for c in candidates):
        return "steps"
    return "rest" if entry.get("reason") == "too-long" else "criteria"


def offers(structure: Mapping[str, Any], words: Vocabulary, language: str) -> list[Row]:
    """Steps that the chain usually has and the text leaves unsaid, to be added by one tick."""
    found = []
    for question in structure.get("questions") or ():
        if not isinstance(question, Mapping) or question.get("code") != "chain-step":
            continue
        ways = [t for t in question.get("techniques") or () if t in words.techniques]
        others = [t for t in question.get("alternatives") or () if t in words.techniques]
        if ways:
            chain = words.chains.get(str(question.get("chain")))
            found.append({
                "ids": ways, "chain": chain.label(language) if chain else "",
                "labels": [words.label(t, language) for t in ways],
                "others": [words.label(t, language) for t in others[:3]],
            })  # fmt: skip
    return found


def told(structure: Mapping[str, Any]) -> list[Any]:
    """Questions that no row of the form answers by itself."""
    return [
        q for q in structure.get("questions") or ()
        if isinstance(q, Mapping) and q.get("code") in ("text-too-long", "unlikely-value")
    ]  # fmt: skip
