"""The confirm form of a need, back to a structure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.kernel.quantities import UnitError, converted
from collab.needs.forms import Structure
from collab.web.needs_rows import Form, numbered, span_text
from collab.web.session import vocabulary as terms

SPAN = re.compile(r"([0-9]{1,6})-([0-9]{1,6})")
WRITTEN = {
    "μm": "um", "µm": "um", "微米": "um", "纳米": "nm", "毫米": "mm", "%": "percent",
    "°C": "degC", "℃": "degC", "°": "degree", "cm⁻²": "1/cm**2", "cm⁻³": "1/cm**3",
    "V·cm": "V*cm", "周": "week", "weeks": "week",
}  # fmt: skip
PLACED = ("techniques", "optional_techniques", "excluded_techniques", "materials",
          "excluded_materials", "parameters")  # fmt: skip


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
    return (row for row in numbered(form, prefix) if row.get("id") and not row.get("remove"))


def _found(row: Mapping[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = {"id": row["id"].strip(), "span": _span(row.get("span", ""))}
    if row.get("was") == row["id"] and row.get("rule"):
        kept["rule"] = row["rule"]
        kept["confidence"] = row.get("confidence") or 1
    return kept


def _techniques(form: Form, wanted: dict[str, Any]) -> None:
    for row in (*_rows(form, "technique"), *_rows(form, "unclear")):
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
    said = _ids(wanted)
    for offered in form.getlist("offer"):
        if offered and offered not in said:
            wanted["techniques"].append({"id": offered, "span": None, "rule": "offered"})


def _ids(wanted: Mapping[str, Any]) -> set[str]:
    """Every technique that the form speaks of."""
    parts = ("techniques", "optional_techniques", "excluded_techniques")
    found = {entry["id"] for part in parts for entry in wanted[part]}
    return found | {entry["id"] for group in wanted["techniques_any_of"] for entry in group}


def canonical(parameter_id: str, value: Any, unit: str) -> tuple[Any, str]:
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
    for row in (*_rows(form, "parameter"), *_rows(form, "unread")):
        op = row.get("op") or "eq"
        value, unit = canonical(row["id"], _value(row.get("value", ""), op), row.get("unit", ""))
        if isinstance(value, list) and len(value) == 2 and op not in ("in", "all_of", "not_in"):
            op = _range_op(row["id"], op)
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


def _range_op(parameter_id: str, op: str) -> str:
    """Two figures of a plain quantity are the ends of a range, whatever the box says."""
    parameter = terms().parameters.get(parameter_id)
    return "between" if parameter is not None and parameter.kind == "quantity" else op


def _amount(form: Form, part: str) -> dict[str, Any]:
    """Figure or range of one of the boxes, with the place it was read from."""
    text = form.get(f"{part}.value", "").strip()
    value = _value(text, "") if text else None
    found: dict[str, Any] = {"value": value, "span": _span(form.get(f"{part}.span", ""))}
    if isinstance(value, list):
        found["op"] = "between"
    return found


def _frame(form: Form, wanted: dict[str, Any]) -> None:
    if form.get("quantity.value", "").strip():
        unit = form.get("quantity.unit") or "wafer"
        wanted["quantity"] = {**_amount(form, "quantity"), "unit": unit}
    if form.get("deadline.date"):
        wanted["deadline"] = {"type": "date", "op": "le", "value": form["deadline.date"],
                              "span": _span(form.get("deadline.span", ""))}  # fmt: skip
    elif form.get("deadline.value", "").strip():
        wanted["deadline"] = {
            "type": "duration", "op": "le", **_amount(form, "deadline"),
            "unit": form.get("deadline.unit") or "week",
        }  # fmt: skip
    if wanted["deadline"] and form.get("deadline.soft"):
        wanted["deadline"]["soft"] = True
    if form.get("budget.value", "").strip() or form.get("budget.negotiable"):
        wanted["budget"] = {
            "op": form.get("budget.op") or "le",
            **_amount(form, "budget"),
            "currency": form.get("budget.currency") or "CNY",
            "negotiable": bool(form.get("budget.negotiable")),
        }
    if form.get("trl", "").strip():
        value = _value(form["trl"], "")
        said = form.get("trl.op") or "ge"
        one = "ge" if said == "between" else said  # a range of which one end was deleted
        wanted["trl"] = {"op": "between" if isinstance(value, list) else one, "value": value}


def read(form: Form, before: Mapping[str, Any]) -> Structure:
    """The confirmed structure; raises pydantic's ValidationError naming the part.

    What `before` holds of pieces not understood and of offered steps stays open until a row of
    the form settles it.
    """
    wanted: dict[str, Any] = {
        "techniques": [], "techniques_any_of": [], "optional_techniques": [],
        "excluded_techniques": [], "materials": [], "excluded_materials": [], "parameters": [],
        "quantity": None, "deadline": None, "budget": None, "trl": None,
    }  # fmt: skip
    _techniques(form, wanted)
    _criteria(form, wanted)
    _frame(form, wanted)
    wanted["region"] = {
        wish: list(dict.fromkeys(v for v in form.getlist(f"region.{wish}") if v))
        for wish in ("prefer", "require", "exclude")
    }
    wanted["confidentiality"] = {
        "level": form.get("confidentiality") or None,
        "anonymous": bool(form.get("anonymous")),
    }
    wanted["chain"] = form.get("chain") or None
    _same_places(wanted, before)
    wanted["not_understood"] = list(_still_unread(form, wanted, before))
    wanted["questions"] = list(_still_asked(wanted, before))
    return Structure.model_validate(wanted)


def _same_places(wanted: dict[str, Any], before: Mapping[str, Any]) -> None:
    """What was not changed keeps the words it was read from."""
    for part in ("region", "confidentiality", "trl"):
        old, new = before.get(part) or {}, wanted[part]
        if new and all(old.get(k) == v for k, v in new.items()):
            new["spans"] = old.get("spans") or []


def _still_unread(
    form: Form, wanted: Mapping[str, Any], before: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    put_aside = {
        row.get("span", "")
        for prefix in ("unread", "unclear")
        for row in numbered(form, prefix)
        if row.get("remove")
    }
    settled = {span_text(entry) for part in PLACED for entry in wanted[part]} | put_aside
    for piece in before.get("not_understood") or ():
        if span_text(piece) not in settled:
            yield piece


def _still_asked(
    wanted: Mapping[str, Any], before: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Offered steps that were neither taken nor named otherwise."""
    said = _covering(_ids(wanted))
    for question in before.get("questions") or ():
        if not isinstance(question, Mapping) or question.get("code") != "chain-step":
            continue
        if question.get("chain") != wanted["chain"]:
            continue
        ways = {*(question.get("techniques") or ()), *(question.get("alternatives") or ())}
        if not ways & said:
            yield question


def _covering(ids: Collection[str]) -> set[str]:
    words = terms()
    return {up for i in ids for up in (i, *words.ancestors(i))}
