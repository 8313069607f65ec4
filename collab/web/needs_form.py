"""The confirm form of a need: what was understood as rows to correct, and back to a structure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.kernel.quantities import UnitError, converted
from collab.needs.forms import Structure
from collab.vocabulary.catalog import Parameter, Vocabulary
from collab.web import present
from collab.web.session import vocabulary as terms

MODES = ("required", "optional", "rejected", "own")
MOST_ROWS = 60
SPARE = 2
SPAN = re.compile(r"([0-9]{1,6})-([0-9]{1,6})")
WRITTEN = {
    "μm": "um", "µm": "um", "微米": "um", "纳米": "nm", "毫米": "mm", "%": "percent",
    "°C": "degC", "℃": "degC", "°": "degree", "cm⁻²": "1/cm**2", "cm⁻³": "1/cm**3",
    "V·cm": "V*cm", "周": "week", "weeks": "week",
}  # fmt: skip
Form = MultiDict[str, str]


def _span(text: str) -> list[int] | None:
    found = SPAN.fullmatch(text)
    return [int(found[1]), int(found[2])] if found else None


def _figure(text: str) -> float | str:
    cleaned = text.strip().replace(",", "").replace("，", "")
    try:
        return float(cleaned)
    except ValueError:
        return cleaned


def _value(text: str, op: str) -> Any:
    """One figure, two ends of a range ("5~8"), or a list ("100, 150")."""
    for mark in ("~", "～", "至", "–"):
        if mark in text:
            low, _, high = text.partition(mark)
            return [_figure(low), _figure(high)]
    if op in ("in", "all_of", "not_in", "between") or "×" in text:
        for mark in "、；;×/":
            text = text.replace(mark, ",")
        return [_figure(part) for part in text.split(",") if part.strip()]
    return _figure(text)


def _rows(form: Form, prefix: str) -> Iterator[dict[str, str]]:
    for place in range(MOST_ROWS):
        start = f"{prefix}.{place}."
        row = {k[len(start) :]: v for k, v in form.items() if k.startswith(start)}
        if row.get("id") and not row.get("remove"):
            yield row


def _found(row: Mapping[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = {"id": row["id"].strip(), "span": _span(row.get("span", ""))}
    if row.get("was") == row["id"] and row.get("rule"):
        kept["rule"] = row["rule"]
        kept["confidence"] = row.get("confidence") or 1
    return kept


def _techniques(form: Form, wanted: dict[str, Any]) -> None:
    for row in _rows(form, "technique"):
        mode = row.get("mode", "required")
        found = _found(row)
        if mode in ("rejected", "own"):
            reason = "own" if mode == "own" else "reject"
            wanted["excluded_techniques"].append({**found, "reason": reason})
        elif mode == "optional":
            wanted["optional_techniques"].append({**found, "hard": False})
        else:
            wanted["techniques"].append(found)
    for row in _rows(form, "any"):
        ids = [part.strip() for part in row["id"].split("|") if part.strip()]
        span = _span(row.get("span", ""))
        wanted["techniques_any_of"].append([{"id": i, "span": span} for i in ids])


def _canonical(parameter_id: str, value: Any, unit: str) -> tuple[Any, str]:
    """The value in the parameter's own unit; raises Rejected when the unit does not fit."""
    parameter = terms().parameters.get(parameter_id)
    written = WRITTEN.get(unit.strip(), unit.strip())
    if parameter is None or not written or written == parameter.unit or not parameter.unit:
        return value, parameter.unit if parameter else written
    try:
        return converted(value, written, parameter.unit), parameter.unit
    except UnitError:
        facts = {"unit": unit, "parameter": parameter.zh, "parameter_en": parameter.en.lower()}
        raise Rejected([Problem("", "unit_unfit", facts)]) from None


def _criteria(form: Form, wanted: dict[str, Any]) -> None:
    for row in _rows(form, "parameter"):
        op = row.get("op") or "eq"
        value, unit = _canonical(row["id"], _value(row.get("value", ""), op), row.get("unit", ""))
        wanted["parameters"].append(
            {
                **_found(row),
                "op": op,
                "value": value,
                "unit": unit,
                "hard": row.get("hard", "1") != "0",
            }
        )
    for row in _rows(form, "material"):
        part = "excluded_materials" if row.get("mode") == "rejected" else "materials"
        wanted[part].append(_found(row))


def _frame(form: Form, wanted: dict[str, Any]) -> None:
    if form.get("quantity.value", "").strip():
        unit = form.get("quantity.unit") or "wafer"
        wanted["quantity"] = {"value": _figure(form["quantity.value"]), "unit": unit}
    if form.get("deadline.date"):
        wanted["deadline"] = {"type": "date", "op": "le", "value": form["deadline.date"]}
    elif form.get("deadline.value", "").strip():
        wanted["deadline"] = {
            "type": "duration", "op": "le", "value": _figure(form["deadline.value"]),
            "unit": form.get("deadline.unit") or "week",
        }  # fmt: skip
    if wanted["deadline"] and form.get("deadline.soft"):
        wanted["deadline"]["soft"] = True
    if form.get("budget.value", "").strip() or form.get("budget.negotiable"):
        amount = form.get("budget.value", "").strip()
        wanted["budget"] = {
            "op": form.get("budget.op") or "le",
            "value": _figure(amount) if amount else None,
            "currency": form.get("budget.currency") or "CNY",
            "negotiable": bool(form.get("budget.negotiable")),
        }
    if form.get("trl", "").strip():
        wanted["trl"] = {"op": "ge", "value": _figure(form["trl"])}


def read(form: Form) -> Structure:
    """The confirmed structure; raises pydantic's ValidationError naming the part."""
    wanted: dict[str, Any] = {
        "techniques": [], "techniques_any_of": [], "optional_techniques": [],
        "excluded_techniques": [], "materials": [], "excluded_materials": [], "parameters": [],
        "quantity": None, "deadline": None, "budget": None, "trl": None,
    }  # fmt: skip
    _techniques(form, wanted)
    _criteria(form, wanted)
    _frame(form, wanted)
    wanted["region"] = {
        wish: form.getlist(f"region.{wish}") for wish in ("prefer", "require", "exclude")
    }
    wanted["confidentiality"] = {
        "level": form.get("confidentiality") or None,
        "anonymous": bool(form.get("anonymous")),
    }
    wanted["chain"] = form.get("chain") or None
    return Structure.model_validate(wanted)


def _row(entry: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    span = entry.get("span")
    return {
        "id": entry["id"], "was": entry["id"], "span": f"{span[0]}-{span[1]}" if span else "",
        "rule": entry.get("rule", ""), "confidence": entry.get("confidence", ""),
        "alternatives": entry.get("alternatives") or [], **more,
    }  # fmt: skip


def _shown(value: Any, op: str) -> str:
    if isinstance(value, list | tuple):
        parts = [_shown(v, "") for v in value]
        return ("~" if op == "between" else " × " if op == "eq" else ", ").join(parts)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def technique_rows(structure: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every technique with how it is wanted."""
    rows = [_row(e, mode="required") for e in structure.get("techniques") or ()]
    rows += [_row(e, mode="optional") for e in structure.get("optional_techniques") or ()]
    for entry in structure.get("excluded_techniques") or ():
        rows.append(_row(entry, mode="own" if entry.get("reason") == "own" else "rejected"))
    return rows


def parameter_rows(
    structure: Mapping[str, Any], vocabulary: Vocabulary, language: str
) -> list[dict[str, Any]]:
    """Every criterion as a row with the unit in force."""
    rows = []
    for entry in structure.get("parameters") or ():
        parameter = vocabulary.parameters.get(entry["id"])
        rows.append(
            _row(
                entry,
                op=entry.get("op", "eq"),
                value=_shown(entry.get("value"), entry.get("op", "")),
                unit=_unit_shown(entry.get("unit") or "", parameter),
                hard=entry.get("hard", True),
                label=vocabulary.label(entry["id"], language),
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


def rows(structure: Mapping[str, Any], vocabulary: Vocabulary, language: str) -> dict[str, Any]:
    """Everything the confirm form shows."""
    materials = [_row(e, mode="wanted") for e in structure.get("materials") or ()]
    materials += [_row(e, mode="rejected") for e in structure.get("excluded_materials") or ()]
    return {
        "techniques": technique_rows(structure),
        "any_of": [
            {"id": "|".join(m["id"] for m in group), "labels": [
                vocabulary.label(m["id"], language) for m in group],
             "span": _row(group[0])["span"]}
            for group in structure.get("techniques_any_of") or () if group
        ],
        "materials": materials,
        "parameters": parameter_rows(structure, vocabulary, language),
        "quantity": structure.get("quantity") or {},
        "deadline": structure.get("deadline") or {},
        "budget": structure.get("budget") or {},
        "trl": (structure.get("trl") or {}).get("value", ""),
        "region": structure.get("region") or {},
        "confidentiality": structure.get("confidentiality") or {},
        "chain": structure.get("chain") or "",
        "spare": range(SPARE),
    }  # fmt: skip
